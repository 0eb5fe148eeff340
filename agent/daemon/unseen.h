/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the watched directory can be seen, as snapshots tell it.  That it cannot
 * is told at once.  That it can again is told at once the first time; where it goes
 * again and again, as a mount that flaps does, only when it has stayed for a while,
 * the longer the more often it went: else that alone would push all other states
 * out of those that are kept.  Pure: the caller brings the clock.
 */
#ifndef JA_UNSEEN_H
#define JA_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

/* Begins as all zeros. */
struct unseen {
	bool told;	   /* that it cannot be seen */
	int64_t back_at;   /* ms; when that it can will be told, 0: it cannot */
	int64_t told_back; /* ms; when that was told last */
	unsigned returns;  /* since it was well */
};

/*
 * What a scan found at `now` (ms, monotonic).  Returns whether something else is
 * told from now on.
 */
bool unseen_scanned(struct unseen *u, bool missing, int64_t now);

/* From `now` to the scan by which it can be told as back, in ms; 0: none has to be. */
int64_t unseen_due(const struct unseen *u, int64_t now);

#endif
