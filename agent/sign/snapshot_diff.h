/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed between two snapshots. */
#ifndef JA_SNAPSHOT_DIFF_H
#define JA_SNAPSHOT_DIFF_H

#include "agent/sign/snapshot.h"

enum change_kind {
	CHANGE_FIELD,	/* of the snapshot, or of a jail in both */
	CHANGE_PARAM,	/* of a jail in both; its value is a list */
	CHANGE_ADDED,	/* a jail; no name, no values */
	CHANGE_REMOVED, /* a jail */
};

struct snapshot_change {
	enum change_kind kind;
	const char *jail; /* NULL: the snapshot itself */
	const char *name;
	/* One text for a field; NULL for a parameter that is not there. */
	const struct text_list *from, *to;
};

/*
 * Calls `each` for every difference: the snapshots' own fields, then jails by
 * name.  What differs in any case (sequence, previous, root, taken) does not
 * count.  Pointers are good during the call.
 */
void snapshot_diff(const struct snapshot *a, const struct snapshot *b,
    void (*each)(void *arg, const struct snapshot_change *c), void *arg);

#endif
