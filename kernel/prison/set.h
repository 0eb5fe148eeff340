/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail_set(2), in the order of jail-semantics 2.2: set_read (rows 1 to 36),
 * set_find (37 to 53), set_check (55 to 70), set_apply (from 71 on).
 */
#ifndef JA_PRISON_SET_H
#define JA_PRISON_SET_H

#include "addr.h"
#include "engine.h"
#include "options.h"

/* An int that may have been passed. */
struct maybe_int {
	bool given;
	int value;
};

struct set_call {
	struct op *op;
	struct options opts;
	int flags;
	int mode; /* the CREATE and UPDATE bits of flags */

	/* What was asked for. */
	int desc;
	uint32_t mentioned, on;	/* PR_* flags, and which of them are set */
	uint64_t allow_mentioned, allow_on;
	uint32_t extra_mentioned, extra_on;
	struct list extra_list; /* when EXTRA_LIST is mentioned */
	struct maybe_int securelevel, children_max, enforce_statfs,
	    devfs_ruleset, osreldate, sysv[SYSV_KINDS];
	int jid;
	bool have_hostid;
	uint64_t hostid;
	const char *name, *hostname, *domainname, *hostuuid, *osrelease;
	char path[PRISON_PATH_MAX]; /* "": none given */
	bool have_list[2];
	struct list list[2];

	/* What it is about. */
	struct record *my;     /* the caller's prison, or that of AT_DESC */
	struct record *parent; /* the working parent (jail-semantics 2.8) */
	struct record *target; /* NULL: to be created */
	struct record *corpse; /* a dying one that must leave its jid */
	const char *component; /* the last one of `name`, NULL without name */
	bool created, revived;
};

int set_read(struct set_call *s, const struct iovec *iov, unsigned niov);
int set_find(struct set_call *s);
int set_check(struct set_call *s);
/* Changes the record; set_keyvalues does meta and env. */
void set_apply(struct set_call *s);
int set_keyvalues(struct set_call *s);

/* Creation: the number and the record, before the last checks. */
int set_allocate(struct set_call *s);

#endif
