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

#define ABSENCE_MS 1000		     /* between the two scans */
#define ABSENCE_USUAL 20		     /* percent of the managed jails */
#define REMOVAL_WINDOW_MS (600 * 1000) /* of --max-remove */

struct absence {
	struct limit limit; /* --max-remove */
	int64_t *removed_at;	    /* ms, of the removals in the window */
	size_t removed;
	bool pending; /* some absence is not proven yet: scan again */
	char *hold;   /* why removals are held, NULL: they are not */
	size_t held;  /* how many jails that concerns */
};

/* Takes over what a scan found; s->changed are moved out of it. */
int absence_apply(struct absence *a, struct reconciler *r, struct scan *s,
    int64_t now);
void absence_free(struct absence *a);

#endif
