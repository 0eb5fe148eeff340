/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which jails an invalid file may be about: those whose names stand in its text
 * as words.  That holds for any text, also where nobody can tell what its
 * documents are.
 */
#ifndef JA_WORDS_H
#define JA_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX ((size_t)64 * 1024) /* bytes of a text that is looked at */

/*
 * The words of a text, with a blank around each; to be freed.  NULL: they
 * cannot be told, so it may be about any jail.
 */
char *words_of(const char *text, size_t len);

/* Whether a name may be among the words.  NULL has all. */
bool words_have(const char *words, const char *name);

#endif
