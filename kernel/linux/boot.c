/* SPDX-License-Identifier: BSD-2-Clause */
/* Which boot this is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/jail.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

int
kernel_boot_id(char *buf, size_t size, struct error *err)
{
	FILE *f = fopen(BOOT_ID, "re");
	int rc = -1;

	if (f == NULL)
		return error_sys(err, errno, "%s", BOOT_ID);
	if (fgets(buf, (int)size, f) == NULL || buf[0] == '\n')
		error_set(err, EIO, "%s is empty", BOOT_ID);
	else
		rc = 0;
	fclose(f);
	if (rc == 0)
		buf[strcspn(buf, "\n")] = '\0';
	return rc;
}
