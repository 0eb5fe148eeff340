/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of a process, from sysctl kern.proc.pid: microseconds since the
 * boot, so that setting the clock changes nothing.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/user.h>

#include <errno.h>

#include "kernel/start.h"

/* What the kernel added to the time since the boot: it moves with the clock. */
static int
boot_time(struct timeval *boot)
{
	int mib[] = { CTL_KERN, KERN_BOOTTIME };
	size_t len = sizeof *boot;

	return sysctl(mib, nitems(mib), boot, &len, NULL, 0) == 0 &&
	    len == sizeof *boot ? 0 : -1;
}

static int
read_process(pid_t pid, struct kinfo_proc *kp)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, pid };
	size_t len = sizeof *kp;

	return pid > 0 && sysctl(mib, nitems(mib), kp, &len, NULL, 0) == 0 &&
	    len == sizeof *kp && kp->ki_structsize == (int)sizeof *kp &&
	    kp->ki_pid == pid ? 0 : -1;
}

int
process_start(pid_t pid, uint64_t *start, bool *zombie)
{
	struct timeval before, after, since;
	struct kinfo_proc kp;

	do {
		if (boot_time(&before) != 0 || read_process(pid, &kp) != 0 ||
		    boot_time(&after) != 0) {
			errno = ESRCH;
			return -1;
		}
	} while (timercmp(&before, &after, !=));
	timersub(&kp.ki_start, &before, &since);
	*start = (uint64_t)since.tv_sec * 1000000 + (uint64_t)since.tv_usec;
	*zombie = kp.ki_stat == SZOMB;
	return 0;
}
