/* SPDX-License-Identifier: BSD-2-Clause */
/* What to say about names that are not in the table.  Private to specs/. */
#ifndef JA_NAMES_H
#define JA_NAMES_H

#include "spec.h"

/*
 * The error for an unknown parameter: the negative form of a boolean, or the
 * nearest name.  `value` is its text, or NULL.  Always returns -1.
 */
int names_unknown(const char *name, const char *value, struct error *err);

#endif
