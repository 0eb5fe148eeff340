/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The removals of the last ten minutes (--max-remove).  They count on when the
 * agent is started again: RUNDIR/removals holds them, with the boot that its
 * monotonic times are of.
 */
#ifndef JA_WINDOW_H
#define JA_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/plan/observe.h"
#include "kernel/error.h"

#define REMOVAL_WINDOW_MS (600 * 1000)

struct window {
	struct removal {
		int64_t at;	/* ms */
		size_t managed; /* jails that there were then, it among them */
		char token[TOKEN_SIZE]; /* of the jail */
	} *removal;		/* oldest first */
	size_t count;
	/*
	 * The most removals that were held at once, and when that was: as files
	 * come back, those that are not there yet are not to be taken for few.
	 */
	size_t peak;
	int64_t peak_at;
	bool changed; /* since it was loaded or saved */
};

/* Drops what is out of the window; returns how many removals are left. */
size_t window_recent(struct window *w, int64_t now);
/*
 * A removal is about to begin.  An agent that ended before it was done counted
 * it already: then nothing changes.  "" is no jail's token.
 */
void window_add(struct window *w, const char *token, size_t managed,
    int64_t now);
bool window_has(const struct window *w, const char *token);

/* Reads what another agent of this boot left, if it did. */
void window_load(struct window *w, const char *file, const char *boot,
    int64_t now);
/* Writes it, when that is due; by rename(2), without waiting for the disk. */
int window_save(struct window *w, const char *file, const char *boot,
    struct error *err);
void window_free(struct window *w);

#endif
