/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defaults in a text that is no YAML: jails must not be made without them only
 * because nobody can tell any more what they say.
 */
#ifndef JA_LOST_H
#define JA_LOST_H

#include <stddef.h>

/*
 * Calls `found' for each place that looks like the name of a document with
 * defaults: `name:' with a `*' behind it on the same line.  What is no proper
 * name, the quote that is missing included, counts as "*".
 */
void lost_defaults(const char *text, size_t len,
    void (*found)(void *arg, const char *name, unsigned line,
    unsigned column), void *arg);

#endif
