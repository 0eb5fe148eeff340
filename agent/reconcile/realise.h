/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specs and changes as kernel calls: the only place where the agent makes,
 * changes or removes a jail.
 */
#ifndef JA_REALISE_H
#define JA_REALISE_H

#include "agent/plan/plan.h"
#include "agent/reconcile/inventory.h"

/*
 * Creates the jail, marked with `token`, persistent until realise_settle;
 * `mounts` is what mounts_read told.
 * Returns 0 with its jid, -1; nothing is left on failure.
 */
int realise_create(const struct observer *o, const struct spec *s,
    const struct text_list *mounts, const char *token, int *jid, struct error *err);

/*
 * The start of the jail with that jid, which is the entry's, is complete: what
 * the spec says of persist counts now.
 */
int realise_settle(const struct observer *o, const struct spec *s, int jid,
    const struct entry *e, struct error *err);

/*
 * Sends the changes of parameters that are HOW_LIVE, in one call; values of secrets are taken
 * from `s`, which has them (vault_reveal).  A new text of meta or env
 * takes the keys of `s` and the mark of the entry (may be NULL) with it.  With an
 * entry it has to be the jail of a->jid still.
 */
int realise_modify(const struct observer *o, const struct action *a,
    const struct spec *s, const struct entry *e, struct error *err);

/*
 * Limits what the jail may use to what the spec says; jid 0: removes what
 * limited a jail that has ended.
 */
int realise_limit(const struct observer *o, const struct spec *s, int jid,
    struct error *err);

/*
 * Marks a living jail with `token`, where the kernel has room for marks.
 * Returns -1 when it is not the jail of that jid any more, or on error.
 */
int realise_mark(const struct observer *o, const char *name, int jid,
    const char *token, struct error *err);

/*
 * Removes the jail of that jid if it still is the entry's.  Returns 0 also when it
 * is gone already.
 */
int realise_remove(const struct observer *o, int jid, const struct entry *e,
    struct error *err);

/*
 * Keeps the path of the living jail in its entry where the kernel has no room
 * for marks.  Returns -1 when it is not the jail of that jid any more, or on
 * error.
 */
int realise_path(const struct observer *o, int jid, struct entry *e,
    struct error *err);

/* 1: the jail is there, alive or dying; 0: gone; -1. */
int realise_present(const struct observer *o, int jid);
/* The same, where a dying jail is gone. */
int realise_alive(const struct observer *o, int jid);

#endif
