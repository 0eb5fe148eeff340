/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_REVISION_H
#define JA_REVISION_H

#include "agent/read/git.h"
#include "agent/read/scan.h"

/*
 * The revision that the files are: what git says before they are looked at, and
 * the verdict afterwards, which needs both to be the same.
 */
void revision_begin(const struct reader *r, struct git *g);
void revision_end(struct reader *r, const struct git *before, char *buf,
    size_t size);

#endif
