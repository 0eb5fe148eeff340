/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a call that changes living prisons has begun outside the table.  Such a
 * change is made before its commit, so a call that is killed in between leaves
 * prisons that are not as their records say.  A file beside the table therefore
 * has, before each change, the prison as it is to become and the number of the
 * transaction.  The next writer's has the same number only when there was no
 * commit: it then makes each of those as its record says.  What cannot be undone
 * is tried again by each writer, and until then nobody changes that prison so.
 *
 * A helper may still be at what a caller has asked for that was killed.  The
 * caller locks the file anew for each call, and its helpers have the descriptor
 * of the lock as well, so that the next writer waits for all of them.
 */
#ifndef JA_PRISON_BEGUN_H
#define JA_PRISON_BEGUN_H

#include "engine.h"

#define BEGUN_FILE "begun"

/* Opens (creates) the file of a table.  Returns a descriptor, -1 with errno. */
int begun_open(int dir_fd);

/*
 * Notes that `r` is about to become so outside, and what the effects told of it
 * before.  Returns an errno value; EAGAIN: one of before is not undone yet.
 */
int begun_note(struct op *op, const struct record *r, const char *told);

/* The call ends: gives the lock back. */
void begun_end(struct op *op);

/* All that this call has noted is undone. */
void begun_clear(struct op *op);

/*
 * At the begin of each call: undoes what one that was killed has begun.  A
 * call that only reads sets op->stale, also while another one is at it.
 * Returns an errno value.
 */
int begun_recover(struct op *op);

#endif
