/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a jail as data: what is done, in which order, and what undoes it.
 * jail(8)'s orders (jail-semantics 5.2, 5.3), except that a failed creation
 * also runs the hooks that undo what its hooks did.
 */
#ifndef JA_STEPS_H
#define JA_STEPS_H

#include <stddef.h>

#include "agent/reconcile/things.h"

enum step_kind {
	STEP_BEGIN,	/* the journal knows of the start from now on */
	STEP_LOOKUP,	/* the addresses of ip_hostname */
	STEP_HOST_HOOK, /* commands of a parameter, on the host */
	STEP_JAIL_HOOK, /* the same in the jail */
	STEP_MAKE,	/* things of one kind, on the host; undone: unmakes them */
	STEP_UNMAKE,
	STEP_CREATE,	/* jail_set(2) */
	STEP_LIMIT,	/* what the jail may use at most */
	STEP_UNLIMIT,	/* what limited a jail that has ended goes */
	STEP_EACH,	/* a program for each value of a parameter */
	STEP_SETTLE,	/* the start is complete: persist as the spec says */
	STEP_HALT,	/* for the journal the jail is not up any more */
	STEP_TERM,	/* SIGTERM, and up to stop.timeout */
	STEP_REMOVE,	/* jail_remove(2) */
	STEP_GONE,	/* the last process has gone; bounded */
	STEP_KINDS
};

#define STEP_WORDS 6

struct step {
	enum step_kind kind;
	const char *param; /* of a hook, or STEP_EACH */
	const char *undo;  /* parameter whose commands undo this one */
	enum thing thing;  /* of STEP_MAKE and STEP_UNMAKE */
	/* Of STEP_EACH: %j is the jid, %v the value; NULL at the end. */
	const char *words[STEP_WORDS];
};

/* From nothing to a started jail. */
extern const struct step start_steps[];
extern const size_t start_count;

/* From a running jail to nothing. */
extern const struct step stop_steps[];
extern const size_t stop_count;

/* What fails before this one leaves the jail up, as in jail(8). */
extern const size_t stop_begun;
/* The part of stop_steps that is due when the jail is gone already. */
extern const size_t stop_after_removal;
/* The part that kills without asking: from SIGKILL on. */
extern const size_t stop_by_force;

#endif
