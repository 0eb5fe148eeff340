/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network stacks of jails of their own (vnet): interfaces that go in and come
 * back.  The spawner's part.
 */
#ifndef JA_LINUX_STACK_H
#define JA_LINUX_STACK_H

#include "kernel/error.h"

struct stack {
	int proc; /* a directory of the host's procfs, the owner's */
	int host; /* the host's network namespace */
};

/* Returns 0, -1 with err. */
int stack_open(struct stack *s, int proc, struct error *err);

/*
 * Moves an interface of the host into the jail with that init (a pidfd), where
 * it is up.  Returns 0, -1 with err.
 */
int stack_take(const struct stack *s, int init, const char *name,
    struct error *err);

/*
 * Brings all interfaces of the jail back.  What cannot be moved, because its
 * name is taken or it belongs to each namespace, stays and ends with the jail.
 */
int stack_return(const struct stack *s, int init, struct error *err);

#endif
