/* SPDX-License-Identifier: BSD-2-Clause */
/* A loop without end fails, and a machine that is busy lets nothing fail. */
#ifndef TEST_CPU_LIMIT_H
#define TEST_CPU_LIMIT_H

#include <sys/time.h>

/*
 * From now on the process may use 100 s of a processor, then it is killed; whoever
 * only waits is ended by tests/run.sh.  A child has to be told for itself.
 */
static inline void
cpu_limit(void)
{
	const struct itimerval most = { .it_value.tv_sec = 100 };

	setitimer(ITIMER_PROF, &most, NULL);
}

#endif
