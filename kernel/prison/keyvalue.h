/* SPDX-License-Identifier: BSD-2-Clause */
/* meta and env: texts of K=V lines (jail-semantics 2.12). */
#ifndef JA_PRISON_KEYVALUE_H
#define JA_PRISON_KEYVALUE_H

#include "arena.h"
#include "options.h"

#define KEYVALUE_MAX 4096 /* bytes of a text, NUL included */

/*
 * Applies an option (meta, env or one key of them) to a text.  *text is
 * replaced.  0, EFBIG, EINVAL (no NUL, empty key).
 */
int keyvalue_set(struct arena *a, const struct option *o, const char **text);

/* The value of a key and its length; NULL when there is no such line. */
const char *keyvalue_get(const char *text, const char *key, size_t *len);

/* "K" of "meta.K"; NULL for "meta" itself. */
const char *keyvalue_key(const struct option *o);

#endif
