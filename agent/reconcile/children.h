/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes: one SIGCHLD handler reaps all of them (hooks, and the inits
 * of jails that were made by this process) and tells who waits.
 */
#ifndef JA_CHILDREN_H
#define JA_CHILDREN_H

#include <sys/types.h>

struct event_base;
struct children;

typedef void child_exit_fn(void *arg, pid_t pid, int status);

struct children *children_new(struct event_base *base);
void children_free(struct children *c);

/* Calls `on_exit` once, with wait(2)'s status, when the process has ended. */
int children_add(struct children *c, pid_t pid, child_exit_fn *on_exit,
    void *arg);
/* Nobody waits any more; the process is reaped all the same. */
void children_forget(struct children *c, pid_t pid);

#endif
