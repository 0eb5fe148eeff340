/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What FILE.minisig says of a spec file, or of a MANIFEST.  The trusted comment
 * tells which file it is and the number by which an older one is known:
 *
 *   file:NAME   has to be the file's own name
 *   seq:N       the number; without it the N of timestamp:N
 *
 * in any order, separated by tabs, or by blanks when there is no tab.  What
 * minisign writes without -t is such a comment.
 */
#ifndef JA_SIGNATURE_H
#define JA_SIGNATURE_H

#include <stdint.h>

#include "agent/sign/minisign.h"

/* The text is genuine when one of the keys has signed it under this name. */
int signature_check(const struct minisign_public *key, size_t keys,
    const char *name, const char *text, size_t len, const char *sig,
    size_t sig_len, uint64_t *number, struct error *err);

/* The file and number of a trusted comment alone. */
int signature_comment(const char *comment, const char *name, uint64_t *number,
    struct error *err);

#endif
