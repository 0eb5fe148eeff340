/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets an address that several jails are to have, that nobody has yet or that
 * is being given up, and that they cannot share.  It is the first of those that
 * come: by name, but what a jail depends on, and what it is in, come before it.
 * One that is blocked for another reason is nobody's rival, and one that is blocked
 * by its rival is nobody's either.  Where that leads in a circle (who is first
 * could only come if he who is refused for his sake did), he gives way.
 */
#ifndef JA_RIVALS_H
#define JA_RIVALS_H

#include <stdbool.h>

struct reconciler;
struct managed;

/* Whether what both want is for `a`, if that one comes. */
bool rivals_before(struct reconciler *r, const struct managed *a,
    const struct managed *b);

/*
 * Decides for a single pass, before anything is done, as a plan does: `gets` of
 * each jail, when there are rivals.  Without memory it is decided bit by bit.
 */
void rivals_decide(struct reconciler *r);

/* When the jails are others than before: it is to be decided anew. */
void rivals_forget(struct reconciler *r);

#endif
