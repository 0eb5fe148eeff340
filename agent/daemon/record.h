/* SPDX-License-Identifier: BSD-2-Clause */
/* The reconciler's state as a snapshot (snapshot.h), read from the kernel. */
#ifndef JA_RECORD_H
#define JA_RECORD_H

#include "agent/reconcile/reconcile.h"
#include "agent/sign/snapshot.h"

/*
 * Fills in all but sequence, previous and taken, with the state of every jail
 * in the inventory.  The caller frees it with snapshot_free.
 */
int record_state(const struct reconciler *r, const char *revision,
    struct snapshot *s, struct error *err);

/* What a snapshot says, without when and after which other it was said. */
int record_content(const struct snapshot *s,
    unsigned char digest[DIGEST_SIZE], struct error *err);

/* Whether the newest good snapshot says the same, whatever its revision. */
bool record_is_newest(const struct paths *paths, const struct snapshot *s);

#endif
