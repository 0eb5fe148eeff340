/* SPDX-License-Identifier: BSD-2-Clause */
/* Which boot of the host this is: jails do not outlive it. */
#include <sys/types.h>

#if defined(__FreeBSD__) || defined(__DragonFly__)
#include <sys/sysctl.h>
#include <sys/time.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

#if defined(__FreeBSD__) || defined(__DragonFly__)

/*
 * kern.boot_id is random (FreeBSD 13.1 and later).  The boot time of older
 * kernels moves when the clock is set, which then looks like another boot.
 */
int
kernel_boot_id(char *buf, size_t size, struct error *err)
{
	unsigned char id[16];
	struct timeval boot;
	size_t len = sizeof id, at = 0;

	if (sysctlbyname("kern.boot_id", id, &len, NULL, 0) == 0 &&
	    len == sizeof id && size > 2 * sizeof id) {
		for (size_t i = 0; i < sizeof id; i++)
			at += (size_t)snprintf(buf + at, size - at, "%02x",
			    id[i]);
		return 0;
	}
	len = sizeof boot;
	if (sysctlbyname("kern.boottime", &boot, &len, NULL, 0) != 0)
		return error_sys(err, errno, "sysctl kern.boottime");
	snprintf(buf, size, "%lld.%06ld", (long long)boot.tv_sec,
	    (long)boot.tv_usec);
	return 0;
}

#else

int
kernel_boot_id(char *buf, size_t size, struct error *err)
{
	ssize_t n;
	int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, errno, "%s", BOOT_ID_FILE);
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return error_sys(err, n < 0 ? errno : EIO, "%s", BOOT_ID_FILE);
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

#endif
