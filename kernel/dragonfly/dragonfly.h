/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend "dragonfly": jail(2) version 1, jail_attach(2), jail.list and
 * jail.JID.*.  What DragonFly lacks is kept by a holder process in each jail
 * and a table of names in the run directory.
 */
#ifndef JA_DRAGONFLY_H
#define JA_DRAGONFLY_H

#include "pure/jail.h"

struct dragonfly_kernel {
	char dir[256];	/* with the table */
	bool read_only;
	int queue;	/* kqueue with the holders; -1: none */
};

/* Jails in a growing array; the caller frees `jail`. */
struct dragonfly_jails {
	struct dragonfly_jail *jail;
	size_t count, room;
};

/* Appends a copy.  Returns it, NULL/ENOMEM. */
struct dragonfly_jail *jails_add(struct dragonfly_jails *all,
    const struct dragonfly_jail *one);

/* store.c: the table of this boot; one process writes at a time */
int store_lock(const struct dragonfly_kernel *dk);
int store_read(const struct dragonfly_kernel *dk, struct dragonfly_jails *all);
int store_write(const struct dragonfly_kernel *dk,
    const struct dragonfly_jails *all);

/* state.c: what jail.list, table and holders say together */
int state_read(const struct dragonfly_kernel *dk, struct dragonfly_jails *all);
int state_capabilities(struct dragonfly_jail *j);
int state_set_capabilities(int jid, unsigned which, unsigned on);
bool state_has_node(const char *node);

/* process.c */
bool process_holds(const struct dragonfly_jail *j); /* its holder lives in it */
int process_signal(int jid, int sig);
int process_kill_all(int jid);

/*
 * create.c: a new jail that waits (fills in jid and holder), or a holder for a
 * living one (j->jid is not 0).  *release lets it go on; closing it ends it.
 */
int create_holder(struct dragonfly_jail *j, int *release, struct error *err);

/* change.c: jail_backend.set, remove */
int dragonfly_set(struct jail_kernel *k, struct iovec *iov, unsigned niov,
    int flags);
int dragonfly_remove(struct jail_kernel *k, int jid);

#endif
