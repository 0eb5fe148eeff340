/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing jails as jls(8) does: one function a form (list_print.c). */
#ifndef JA_LIST_H
#define JA_LIST_H

#include <stdio.h>

#include "kernel/call.h"
#include "kernel/value.h"

/* A parameter to be shown. */
struct list_column {
	const char *name;
	const struct jail_param_info *info; /* NULL: a key of meta or env */
	size_t at; /* index of such a key's value in the row */
	bool negated; /* asked for as nopersist and the like */
};

struct list_options {
	bool dying, header, names, name_value, quoted, settable, verbose, json;
	struct list_column *column; /* NULL: the fixed columns */
	size_t count;
};

void list_header(FILE *f, const struct list_options *o);
/* Returns 0, -1 when memory is out or a value makes no sense. */
int list_row(FILE *f, const struct list_options *o,
    const struct jail_row *row, struct error *err);

struct json_t;
struct json_t *list_json(const struct list_options *o,
    const struct jail_row *row, struct error *err);

/* As jls -q, with escapes: in quotes where a reader needs them. */
void list_quoted(FILE *f, const char *text);

#endif
