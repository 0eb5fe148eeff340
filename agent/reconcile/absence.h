/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Absence needs proof (design: promises invalid-never-deletes and
 * absence-needs-proof): what a scan says becomes what is wanted, but a jail
 * whose spec is missing is given up only after two scans, while nothing casts
 * doubt on the directory, and not many at once.
 */
#ifndef JA_ABSENCE_H
#define JA_ABSENCE_H

#include "agent/read/reader.h"
#include "agent/reconcile/limit.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/window.h"

#define ABSENCE_MS 1000		     /* between the two scans */
#define ABSENCE_USUAL 20		     /* percent of the managed jails */

struct absence {
	struct limit limit; /* --max-remove */
	struct window window; /* of what was removed */
	int64_t returns_at; /* since when files come back; 0: they do not */
	int64_t return_at;  /* the newest of them */
	bool pending; /* some absence is not proven yet: scan again */
	/*
	 * More are missing than may go, but of few that is proven.  A deletion
	 * that takes its time must not have its first ones removed before it
	 * shows how many they are: these wait until the others are back or
	 * proven to be missing, too.
	 */
	bool waits;
	char *hold;   /* why removals are held, NULL: they are not */
	bool many;    /* for nothing but how many they are */
	size_t held;  /* how many jails that concerns */
	char *held_file; /* one with defaults that it concerns, or NULL */
	bool seen;    /* there was a spec file in this directory */
	bool acked;   /* the removal of all defaults was approved */
	bool drop;    /* defaults that are gone are to be given up */
	struct text_list invalid; /* files of the last scan that was there */
};

/*
 * Takes over what a scan found; s->changed are moved out of it.  Since whoever
 * answers may be slow, and so may we, what it saw was so at `known` (scan_known),
 * not `now`.
 */
int absence_apply(struct absence *a, struct reconciler *r, struct scan *s,
    int64_t known, int64_t now);
/*
 * Since when, at least, each file's content was known to a scan that was asked for
 * then; 0: never.
 */
int64_t scan_known(const struct scan *s, int64_t asked);
/*
 * Whether it is known soon if the jail's spec is gone for good: until then it is not
 * started.  Where nothing can prove that, or it is held, it runs as it did.
 */
bool absence_undecided(const struct managed *m);
void absence_free(struct absence *a);

#endif
