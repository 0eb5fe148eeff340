/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the fate of a jail hangs on one that was not looked at yet.  What stuck.h
 * and claims.h say goes by what others have come to: by those that a jail depends
 * on, those that have or may get what it claims, and those that go down with it.
 */
#ifndef JA_UNKNOWN_H
#define JA_UNKNOWN_H

#include <stdbool.h>

struct reconciler;
struct managed;

/*
 * Whether it is not known yet if `m`, which is to restart, and those that go down
 * with it would come up again; or if `claimant`, for which it does (itself: for
 * none), gets all that it claims.
 */
bool unknown_yet(struct reconciler *r, struct managed *m,
    const struct managed *claimant);

#endif
