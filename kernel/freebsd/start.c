/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of a process, from sysctl kern.proc.pid: microseconds. */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>

#include "kernel/start.h"

int
process_start(pid_t pid, uint64_t *start, bool *zombie)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, pid };
	struct kinfo_proc kp;
	size_t len = sizeof kp;

	if (pid <= 0 || sysctl(mib, nitems(mib), &kp, &len, NULL, 0) != 0 ||
	    len != sizeof kp || kp.ki_structsize != (int)sizeof kp ||
	    kp.ki_pid != pid) {
		errno = ESRCH;
		return -1;
	}
	*start = (uint64_t)kp.ki_start.tv_sec * 1000000 +
	    (uint64_t)kp.ki_start.tv_usec;
	*zombie = kp.ki_stat == SZOMB;
	return 0;
}
