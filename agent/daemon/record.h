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

#endif
