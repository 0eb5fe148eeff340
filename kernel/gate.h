/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new process waits at until its parent has noted that it is there:
 * jail_exec.started.  The two ends are a SOCK_STREAM pair; the parent's one is
 * in no other process, so it closes when the parent dies.
 */
#ifndef JA_GATE_H
#define JA_GATE_H

#include "jail.h"

/* In the child: tells its pid, and waits.  0, -1 with err: it must not run. */
int gate_pass(int fd, pid_t self, struct error *err);

/*
 * In the parent: waits for the child, tells x->started, and lets it go on when
 * that was successful; closes fd in any case.  A child that ended before it
 * came here is no error: it reports itself.
 */
int gate_open(int fd, const struct jail_exec *x, struct error *err);

#endif
