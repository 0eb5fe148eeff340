/* SPDX-License-Identifier: BSD-2-Clause */
#include "haste.h"

#include <sys/resource.h>

#include "process.h"
#include "sys.h"

#define SHARED SCHED_RR
#define POLICY (SHARED | SCHED_RESET_ON_FORK)
#define PRIORITY 1

static bool
become(pid_t pid, int policy, int priority)
{
	const struct sched_param p = { .sched_priority = priority };

	return sched_setscheduler(pid, policy, &p) == 0;
}

bool
haste_wanted(void)
{
	int policy = sched_getscheduler(0);

	return (policy & ~SCHED_RESET_ON_FORK) == SCHED_OTHER &&
	    getpriority(PRIO_PROCESS, 0) == 0;
}

void
haste_begin(pid_t pid)
{
	(void)become(pid, POLICY, PRIORITY);
}

void
haste_end(pid_t pid)
{
	/* Only CAP_SYS_NICE takes the flag away; it does no harm. */
	if (!become(pid, SCHED_OTHER, 0))
		(void)become(pid, SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
}

void
haste_pass(pid_t pid)
{
	if (sched_getscheduler(0) == POLICY)
		haste_begin(pid);
}

bool
haste_share(void)
{
	if (sched_getscheduler(0) != POLICY)
		return false;
	return become(0, SHARED, PRIORITY);
}

void
haste_lend(pid_t pid, int pidfd)
{
	haste_begin(pid);
	/* If it has ended the pid may have passed to somebody else. */
	if (process_ended(pidfd))
		haste_end(pid);
}
