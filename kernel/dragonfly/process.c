/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes of jails: kern.proc tells each one's jail. */
#include <sys/param.h>
#include <sys/kinfo.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "dragonfly.h"
#include "kernel/start.h"

#define KILL_ROUNDS 200 /* of 10 ms */

static int
read_one(pid_t pid, struct kinfo_proc *kp)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, pid };
	size_t len = sizeof *kp;

	if (pid <= 0 || sysctl(mib, nitems(mib), kp, &len, NULL, 0) != 0 ||
	    len != sizeof *kp || kp->kp_pid != pid) {
		errno = ESRCH;
		return -1;
	}
	return 0;
}

int
process_start(pid_t pid, uint64_t *start, bool *zombie)
{
	struct kinfo_proc kp;

	if (read_one(pid, &kp) != 0)
		return -1;
	*start = (uint64_t)kp.kp_start.tv_sec * 1000000 +
	    (uint64_t)kp.kp_start.tv_usec;
	*zombie = kp.kp_stat == SZOMB;
	return 0;
}

bool
process_holds(const struct dragonfly_jail *j)
{
	struct kinfo_proc kp;
	uint64_t start;
	bool zombie;

	return j->holder > 0 && read_one(j->holder, &kp) == 0 &&
	    kp.kp_jailid == j->jid &&
	    process_start(j->holder, &start, &zombie) == 0 && !zombie &&
	    start == j->holder_start;
}

int
process_signal(int jid, int sig)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_ALL };
	struct kinfo_proc *kp;
	size_t len = 0;
	int count = 0;

	if (sysctl(mib, nitems(mib), NULL, &len, NULL, 0) != 0)
		return -1;
	len += 64 * sizeof *kp;
	kp = malloc(len);
	if (kp == NULL)
		return -1;
	if (sysctl(mib, nitems(mib), kp, &len, NULL, 0) != 0) {
		free(kp);
		return -1;
	}
	for (size_t i = 0; i < len / sizeof *kp; i++)
		if (kp[i].kp_jailid == jid && kp[i].kp_stat != SZOMB &&
		    (sig == 0 || kill(kp[i].kp_pid, sig) == 0))
			count++;
	free(kp);
	return count;
}

/* The kernel has no call to remove a jail: it ends with its processes. */
int
process_kill_all(int jid)
{
	const struct timespec nap = { 0, 10 * 1000 * 1000 };

	for (int i = 0; i < KILL_ROUNDS; i++) {
		int count = process_signal(jid, SIGKILL);

		if (count <= 0)
			return count;
		(void)nanosleep(&nap, NULL);
	}
	errno = EBUSY;
	return -1;
}
