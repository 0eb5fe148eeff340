/* SPDX-License-Identifier: BSD-2-Clause */
#include "haste.h"

#include <sys/resource.h>

#include "process.h"
#include "sys.h"

#define SHARED SCHED_RR
#define POLICY (SHARED | SCHED_RESET_ON_FORK)
#define PRIORITY 1

static void
become(pid_t pid, int policy, int priority)
{
	const struct sched_param p = { .sched_priority = priority };

	(void)sched_setscheduler(pid, policy, &p);
}

bool
haste_wanted(void)
{
	return sched_getscheduler(0) == SCHED_OTHER &&
	    getpriority(PRIO_PROCESS, 0) == 0;
}

void
haste_begin(pid_t pid)
{
	become(pid, POLICY, PRIORITY);
}

void
haste_end(pid_t pid)
{
	become(pid, SCHED_OTHER, 0);
}

bool
haste_share(void)
{
	if (sched_getscheduler(0) != POLICY)
		return false;
	become(0, SHARED, PRIORITY);
	return true;
}

void
haste_lend(pid_t pid, int pidfd)
{
	haste_begin(pid);
	/* If it has ended the pid may have passed to somebody else. */
	if (process_ended(pidfd))
		haste_end(pid);
}
