/* SPDX-License-Identifier: BSD-2-Clause */
/* Dependencies that lead back to where they began. */
#ifndef JA_LOOP_H
#define JA_LOOP_H

#include "agent/reconcile/reconcile.h"

/* A walk along dependencies, breadth first; it meets each jail once. */
struct walk {
	struct reconciler *r;
	struct managed *goal, *last; /* last: the end of the queue */
};

/* Whether a wanted jail waits for itself; writes the chain into buf then. */
bool loop_find(struct reconciler *r, struct managed *m, char *buf,
    size_t size);

#endif
