/* SPDX-License-Identifier: BSD-2-Clause */
/* What the inventory's files share: how it writes its journal. */
#ifndef JA_INVENTORY_JOURNAL_H
#define JA_INVENTORY_JOURNAL_H

#include "agent/reconcile/inventory.h"
#include "agent/reconcile/journal.h"

/* One that may run still. */
struct hook_mark {
	char *name;
	pid_t pid;
	char start[32];
};

/* Where the entry of that name is, or would be. */
size_t inventory_position(const struct inventory *inv, const char *name,
    bool *found);

/* The stage of the journal that is an entry's. */
enum journal_stage inventory_stage(enum entry_stage stage);
/* What the journal says of an entry at a stage; its texts are the entry's. */
struct journal_record inventory_record(const struct entry *e,
    enum journal_stage stage);
int inventory_append(struct inventory *inv, const struct journal_record *r,
    struct error *err);

#endif
