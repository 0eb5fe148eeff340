/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The jails of which a snapshot may have to say something else than the one
 * before: each is recorded anew once, however often it changed.
 */
#ifndef JA_UNRECORDED_H
#define JA_UNRECORDED_H

#include "agent/reconcile/reconcile.h"

void unrecorded_begin(struct reconciler *r);
void unrecorded_end(struct reconciler *r);

/* To be called whenever it may be so. */
void unrecorded(struct reconciler *r, struct managed *m);
/* The jail is forgotten; takes `m` over, of which the name is left. */
void unrecorded_drop(struct reconciler *r, struct managed *m);
/* A jail without a machine; -1 when memory is out. */
int unrecorded_other(struct reconciler *r, const char *name);
/*
 * All there are, for who was told of none: with a machine or without.  -1 when
 * memory is out.
 */
int unrecorded_all(struct reconciler *r);

/* The next one's name, NULL: there is none.  It is next until it is taken. */
const char *unrecorded_first(const struct reconciler *r);
void unrecorded_take(struct reconciler *r);

#endif
