/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes by identity, as prison_proc_id tells it: a pid may be given to
 * another process; `id`, the inode number of the pidfd where the kernel never
 * repeats those (Linux 6.9), else the start time, tells them apart.
 */
#ifndef JA_LINUX_PROCESS_H
#define JA_LINUX_PROCESS_H

#include <stdbool.h>

#include "kernel/prison/prison.h"

/* A pidfd of that very process.  -1/errno (ESRCH: it is gone). */
int process_open(const struct prison_proc *p);

/* Whether it has ended and waits to be reaped, if not reaped already. */
bool process_ended(int pidfd);

/* Waits at most `ms` milliseconds for its end; whether it has ended. */
bool process_wait_end(int pidfd, int ms);

/*
 * Whether a process that has not ended has begun to.  The init of a PID
 * namespace goes on ending until the last process in it was reaped, which
 * somebody outside may never do.  False when that cannot be told.
 */
bool process_leaving(pid_t pid);

/* Reaps it if it is a child of the caller that has ended. */
bool process_reap(int pidfd);

#endif
