/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hints that a directory, or the way to it, changed.
 *
 * A hint means "scan soon", never more: events can be lost, and a system may
 * have none.  Every component of the path is watched, too, so that a swapped
 * symbolic link, a directory renamed away and back, or one that is made later
 * are noticed.  What was lost (queue overflow, unmount, deletion) is set up
 * again by watch_drain.
 */
#ifndef JA_WATCH_H
#define JA_WATCH_H

#include <stdbool.h>

#include "agent/read/places.h"

struct watch;

/* Returns NULL only when memory is out. */
struct watch *watch_new(const char *dir);
void watch_free(struct watch *w);

/*
 * A descriptor that polls readable when there is a hint; it stays the same
 * until watch_refresh says otherwise.  -1: there are no events.
 */
int watch_fd(const struct watch *w);

/* Why there are no events, or not from everywhere; "" when there are. */
const char *watch_why(const struct watch *w);

/* Takes all hints.  Returns whether one of them asks for a scan. */
bool watch_drain(struct watch *w);

/*
 * Whether a spec file (its name below the directory) was renamed to that, as the
 * last that is known of it up to now, since watch_begin; false says nothing.  Takes
 * hints for that.
 */
bool watch_renamed(struct watch *w, const char *name);
/* Whether a file that was written after that would not count as renamed. */
bool watch_sees_writes(void);
/*
 * After a scan; `looked`: what was renamed before was taken.  Returns whether
 * watch_renamed took hints that ask for another one.
 */
bool watch_begin(struct watch *w, bool looked);

/*
 * The directories with specs, of which the first is the watched one.  Returns
 * whether something is watched that was not before: what happened there until
 * now was not seen.
 */
bool watch_follow(struct watch *w, const struct places *p);

/*
 * Sets everything up again; before each rescan, since a mount over the
 * directory gives no hint, and a limit may no longer be reached.  Returns
 * whether the descriptor is another one now.
 */
bool watch_refresh(struct watch *w);

#endif
