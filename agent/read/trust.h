/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may have written a spec (promise trusted-input): only root and the
 * agent's user.  Every directory on the way to it must belong to one of them
 * and be writable by nobody else; a sticky directory passes when the next
 * component belongs to one of them.
 */
#ifndef JA_TRUST_H
#define JA_TRUST_H

#include <sys/stat.h>

#include <stdbool.h>

#include "kernel/error.h"

/*
 * Goes from `base` (a directory without links in its path, already checked)
 * along `path`.  `real` (PATH_MAX bytes, may be NULL) receives the path
 * without links.  With `trust` false only the way is looked up.  The message
 * names the component, its mode and what to do.
 */
int trust_path(const char *base, const char *path, bool trust,
    char *real, struct error *err);

/* Checks a file or directory itself. */
int trust_owner(const char *path, const struct stat *st, struct error *err);

#endif
