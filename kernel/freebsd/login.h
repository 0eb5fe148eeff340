/* SPDX-License-Identifier: BSD-2-Clause */
/* What the login class of a user says (login.conf(5)). */
#ifndef JA_FREEBSD_LOGIN_H
#define JA_FREEBSD_LOGIN_H

#include "kernel/account.h"
#include "kernel/jail.h"

struct login_cap;
struct passwd;

struct class_library {
	void *library;
	struct login_cap *(*of_user)(const struct passwd *pw);
	int (*apply)(struct login_cap *c, const struct passwd *pw, uid_t uid,
	    unsigned flags);
	void (*free)(struct login_cap *c);
};

/* 0, -1 with err; class_close after either. */
int class_open(struct class_library *l, struct error *err);
void class_close(struct class_library *l);

/*
 * For a user that x names all that the class says, limits, priority, umask and
 * variables, and the user's number; else its variables.  *env, of which it
 * becomes another one, is the calling process's from then on.  0, -1 with err.
 */
int class_apply(const struct class_library *l, const struct jail_exec *x,
    const struct account *a, const char ***env, struct error *err);

#endif
