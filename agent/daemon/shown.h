/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What users are told about a jail, beyond the state that its machine is in:
 * one decision for status, wait and snapshots.
 */
#ifndef JA_SHOWN_H
#define JA_SHOWN_H

#include "agent/read/reader.h"
#include "agent/reconcile/reconcile.h"

/*
 * A jail whose removal is held, whose file has an error, or that is as it
 * should be and would not be kept so (paused, or nobody can see whether it should
 * be), is told as that.  Returns
 * `state` otherwise, and leaves `why` as it is.  `s` may be NULL.
 */
enum jail_state shown_state(const struct reconciler *r, const struct scan *s,
    const struct managed *m, enum jail_state state, char *why, size_t size);

/*
 * The same where the directory alone is to be told as one that cannot be seen: what
 * would not be kept as it is, is held.
 */
enum jail_state shown_unseen(const struct managed *m, enum jail_state state);

/*
 * Has the jails recorded anew whose file has an error now and had none in the scan
 * before (NULL: there was none), or the other way round.
 */
void shown_scanned(struct reconciler *r, const struct scan *before,
    const struct scan *s);

#endif
