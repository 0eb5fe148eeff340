/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reconciler's state for the signer (signer_state.h), read from the kernel
 * jail by jail: only those that may have changed (unrecorded.h).
 */
#ifndef JA_RECORD_H
#define JA_RECORD_H

#include "agent/base/bytes.h"
#include "agent/read/reader.h"
#include "agent/reconcile/reconcile.h"

/*
 * The next one's SIGNER_JAIL, in the place of what is in `b`: 1, 0 when there is
 * none, -1 with the reason: it is the next one still.  A jail that cannot be
 * read has failed, for that reason, in the state.  `s` is what is known of the
 * files, or NULL; `unseen`: the directory is told as one that cannot be seen
 * (unseen.h).
 */
int record_next(struct reconciler *r, const struct scan *s, bool unseen,
    struct bytes_out *b, struct error *err);

/* The SIGNER_WRITE that asks for a snapshot of all that was recorded. */
int record_heading(const struct reconciler *r, const char *revision,
    struct bytes_out *b, struct error *err);

#endif
