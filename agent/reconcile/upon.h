/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a running jail depends on: what the spec says with which it runs, and not
 * the one that it is to get.  Where the two together lead in a circle, what is to
 * be counts alone, so that there is always one that waits for nobody.  Such a circle
 * is one of those that ran so when the specs came, whoever was changed since.
 */
#ifndef JA_UPON_H
#define JA_UPON_H

#include "agent/reconcile/reconcile.h"

/* The spec that `d` runs with, as far as is known; NULL: none. */
const struct spec *upon_spec(const struct reconciler *r,
    const struct managed *d);

/* To be called when `m` is to get another spec: 0, -1 when memory is out. */
int upon_remember(const struct reconciler *r, struct managed *m);

/* Whether `d`, as it runs, depends on another jail, or is in it. */
bool upon(struct reconciler *r, const struct managed *d,
    const struct managed *on);

#endif
