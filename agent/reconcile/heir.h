/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has an address of the host besides the jail that gives it up: what the
 * kernel's list of jails says, whoever made them.
 */
#ifndef JA_HEIR_H
#define JA_HEIR_H

#include "agent/reconcile/operation.h"
#include "agent/reconcile/things.h"

/*
 * Looks for a living jail, other than that of `e`, which is restricted to the
 * address of an alias, but to no alias of that address on another interface
 * alone, nor in a jail of ours that is, and not in the jail of `e` itself.  *heir is
 * its entry when it is one of the agent's own, else NULL.  Returns 1: there is one;
 * 0; -1 with err.
 */
int heir_find(const struct workshop *w, const struct entry *e, enum thing kind,
    const char *text, struct entry **heir, struct error *err);

#endif
