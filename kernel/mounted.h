/* SPDX-License-Identifier: BSD-2-Clause */
/* What is mounted on the host. */
#ifndef JA_MOUNTED_H
#define JA_MOUNTED_H

#include "error.h"

/*
 * Whether a file system of that type is the topmost one at the canonical path
 * `target`: 1, 0; -1 with err.
 */
int mounted_at(const char *target, const char *type, struct error *err);

#endif
