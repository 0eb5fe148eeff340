/* SPDX-License-Identifier: BSD-2-Clause */
/* Columns of text for people: aligned by what a terminal shows. */
#ifndef JA_TABLE_H
#define JA_TABLE_H

#include <stddef.h>

#include "agent/base/buffer.h"

#define TABLE_COLUMNS_MAX 16

/* Begins as all zeros but for `columns`. */
struct table {
	size_t columns; /* at most TABLE_COLUMNS_MAX */
	struct buffer text; /* cells, a NUL behind each */
	size_t cells;
	size_t width[TABLE_COLUMNS_MAX]; /* characters of the widest cell */
};

/* The next cell, row by row; made printable.  NULL and "" show as "-". */
void table_add(struct table *t, const char *cell);
/* A whole row; the texts end with NULL, as many as there are columns. */
void table_row(struct table *t, ...) __attribute__((sentinel));
/* To standard output, and frees.  Returns -1 when memory was out. */
int table_print(struct table *t);

#endif
