/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets in what programs print, which is shown, logged and signed. */
#ifndef JA_MASK_H
#define JA_MASK_H

#include "agent/read/vault.h"

#define MASK_LEAST 4 /* bytes; what is shorter is in any text */

/*
 * A copy of a text with SECRET_SHOWN in the place of the secrets of two specs
 * (NULL: none): their present values and those before, each whole and line by
 * line.  Control characters may be blanks in the text, and its beginning may be
 * the rest of a value that was cut.  Allocated; NULL: no memory, nothing may be
 * shown.
 */
char *mask_secrets(const struct vault *v, const struct spec *a,
    const struct spec *b, const char *text);

#endif
