/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standing orders: what a user said of a jail that outlives the agent (design:
 * promise pause-shows).  A paused jail is left as it is, a stopped one is kept
 * down, until the order is taken back.  Beside them stands what only a user's
 * order ends: that a wave of restarts failed (waves.h).
 *
 * STATEDIR/orders.json holds all of them, when there are any, and is written anew
 * with each change; the command that gave the order has it forced to the disk.
 * Its stamp (stamp.h) is one of the members.
 */
#ifndef JA_STANDING_H
#define JA_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/read/stamp.h"
#include "kernel/value.h"

enum standing_kind { STANDING_PAUSE, STANDING_STOP };

struct standing_order {
	char *name; /* of the jail */
	enum standing_kind kind;
	char *reason;  /* the user's; may be "" */
	int64_t until; /* seconds since the epoch; 0: until it is taken back */
	bool no_hooks; /* of a stop: kill at once */
};

struct standing {
	const char *path;
	const struct vault *vault;
	struct standing_order *order; /* sorted by name */
	size_t count;
	struct text_list wave; /* jails of the present wave, not ready yet */
	char *failed; /* the jail whose restart holds the rest; NULL: none */
};

/*
 * Reads the orders that there are.  A file that cannot be read or understood, or
 * that somebody else wrote, is an error: without it jails would be touched that
 * are not to be.
 */
int standing_open(struct standing *s, const struct paths *paths,
    const struct vault *vault, struct error *err);
void standing_close(struct standing *s);

/* The order about a jail at that time, NULL: none. */
const struct standing_order *standing_find(const struct standing *s, const char *name,
    int64_t now);

/* Whether it says to stop the jail without hooks; NULL does not. */
bool standing_forces(const struct standing_order *o);

/* Gives an order in the place of the one that is there; on disk first. */
int standing_give(struct standing *s, const struct standing_order *o,
    struct error *err);
/* Takes back the order about a jail, if there is one. */
int standing_take_back(struct standing *s, const char *name,
    struct error *err);

/*
 * Forgets orders that are over, so that they do not pile up.  Returns 0, -1
 * when that cannot be written; they count no more in either case.
 */
int standing_tidy(struct standing *s, int64_t now, struct error *err);
/* What is to be known of the present wave; on disk first. */
int standing_waves(struct standing *s, const struct text_list *wave,
    const char *failed, struct error *err);

/* Writes what there is anew, with a stamp. */
int standing_stamp(const struct standing *s, struct error *err);

/* When the next order ends; 0: none does. */
int64_t standing_next_end(const struct standing *s, int64_t now);

/* "paused by hand: REASON (until 2026-11-22T10:00:00Z)"; returns buf. */
const char *standing_text(const struct standing_order *o, char *buf, size_t size);

#endif
