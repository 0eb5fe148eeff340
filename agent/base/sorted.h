/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking a name up in a sorted table, or a text among many. */
#ifndef JA_SORTED_H
#define JA_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The name of the i-th thing of a table, whose names ascend. */
typedef const char *sorted_name_fn(const void *table, size_t i);

/*
 * Where `name` stands among `count` things, or, with *found false, where it
 * would have to be put.
 */
size_t sorted_position(const void *table, size_t count,
    sorted_name_fn *name_of, const char *name, bool *found);

/* A number that is likely to tell texts apart: FNV-1a. */
uint32_t text_hash(const char *text);

#endif
