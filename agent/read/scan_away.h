/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are not there any more. */
#ifndef JA_SCAN_AWAY_H
#define JA_SCAN_AWAY_H

#include "agent/read/scan.h"

/*
 * A file that is no longer there.  Its own jails are the agent's to
 * judge, but defaults that are gone change the jails of other files: they count
 * until the agent has judged them, too (promise absence-needs-proof).  Adds what
 * counts still to `next`; -1 when memory is out.
 */
int away_carry(const struct reader *r, const struct places *places,
    const struct file *old, struct files *next);
/* Drops those whose content another file has now: they were renamed. */
int away_renamed(struct files *files);
/*
 * Editors rename a file and write it anew.  One that comes back within a second
 * still has its last good documents; later they are only what it is compared with
 * (scan_steps.h).
 */
void away_remember(struct reader *r, const struct files *next);
void away_return(const struct reader *r, struct file *f);
/* A jail's last good document in a file that is away, NULL: none. */
const struct spec_doc *away_doc(const struct reader *r, const char *name);

#endif
