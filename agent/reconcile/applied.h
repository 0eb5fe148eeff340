/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applied specs: RUNDIR/applied/NAME.yaml, canonical, one a jail, with the
 * seals of its secrets (vault.h) and the addresses that ip_hostname found
 * (hostname.h) as comments at the end, and a stamp (stamp.h), by whose key they
 * are known to be the agent's own; `v` has it.
 *
 * They are written before what they say is done, by rename(2), where that is not
 * a disk: one that is forcing snapshots to itself would keep the loop waiting.
 * Each has a copy in the state directory (copies.h).
 */
#ifndef JA_APPLIED_H
#define JA_APPLIED_H

#include "agent/read/stamp.h"

/*
 * Returns 0 with *s, the seals of its secrets and what was found, 1 when there
 * is none or, with err, when it is damaged or somebody else's, -1 on error.
 */
int applied_read(const char *dir, const struct vault *v, const char *name,
    struct spec **s, struct text_list *seals, struct text_list *found,
    struct error *err);
int applied_write(const char *dir, const struct vault *v, const struct spec *s,
    const struct text_list *seals, const struct text_list *found,
    struct error *err);

/*
 * Makes *applied (NULL: unknown) and the seals those of a spec with its secrets
 * as they are now, on disk first; the same ones are not written again.  What
 * was found is written with them.
 */
int applied_keep(const char *dir, const struct vault *v, const struct spec *s,
    struct spec **applied, struct text_list *seals,
    const struct text_list *found, struct error *err);

/*
 * What may be in force while a change is under way: `was` with the parameters
 * and limits that are new, or become secrets, in `now`.  NULL: memory is out.
 * applied_add writes `now` behind what the file says, under a name of its own:
 * together they need not be valid; applied_read merges them.
 */
struct spec *applied_merge(const struct spec *was, const struct spec *now);
int applied_add(const char *dir, const struct vault *v, const char *name,
    const struct spec *now, struct error *err);
/* Of limits alone; returns whether some are new. */
bool applied_limits(struct spec_limits *was, const struct spec_limits *now);
void applied_remove(const char *dir, const char *name);

#endif
