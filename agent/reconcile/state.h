/* SPDX-License-Identifier: BSD-2-Clause */
/* What the state directory says: the inventory, and users' orders. */
#ifndef JA_STATE_H
#define JA_STATE_H

#include "agent/reconcile/inventory.h"
#include "agent/reconcile/standing.h"

/*
 * Reads both, with the vault's key.  `writable` needs the lock of the state
 * directory; what has no stamps from then on is not believed (stamp.h).
 */
int state_open(struct inventory *inv, struct standing *standing,
    struct vault *vault, const struct paths *paths, const char *boot,
    bool writable, struct error *err);

#endif
