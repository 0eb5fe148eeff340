/* SPDX-License-Identifier: BSD-2-Clause */
/* Which commits came before the one that is checked out. */
#ifndef JA_GIT_HISTORY_H
#define JA_GIT_HISTORY_H

#include "agent/read/git.h"
#include "kernel/value.h"

/*
 * Adds to *passed those of `awaited` (hex) that are ancestors of g->head; of a
 * long history the newest commits are looked at.  Returns 0, -1 without memory.
 */
int git_passed(const struct git *g, const struct text_list *awaited,
    struct text_list *passed);

#endif
