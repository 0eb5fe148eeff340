/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail_backend.spawn for systems on which a process enters a jail by itself:
 * all of it but the entering.
 */
#ifndef JA_SPAWN_H
#define JA_SPAWN_H

#include "account.h"
#include "jail.h"

/*
 * Moves the calling process, a child with no descriptors but 0 to 4, into the
 * jail, if there is one.  0, -1 with err.
 */
typedef int spawn_enter(void *arg, struct error *err);

/*
 * In the child, for a user or a login: does what the user's login class says,
 * and may put another environment in the place of *env.  Groups are set, and
 * the user's number is set after it.  0, -1 with err.
 */
typedef int spawn_class(void *arg, const struct account *a, const char ***env,
    struct error *err);

/*
 * As jail_backend.spawn; `enter` and `class` may be NULL.  The user of a jail is
 * looked up after `enter`, in the jail's own files.
 */
pid_t spawn_program(const struct jail_exec *x, spawn_enter *enter,
    spawn_class *class, void *arg, struct error *err);

/* What will run, for messages. */
const char *spawn_name(const struct jail_exec *x);

#endif
