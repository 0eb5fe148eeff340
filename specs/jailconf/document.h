/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * YAML documents that are written line by line, each of which knows what in
 * jail.conf(5) it comes from.  In all texts ${x} is a reference, and a literal
 * ${ is $${.  Private to specs/jailconf/.
 */
#ifndef JA_CONF_DOCUMENT_H
#define JA_CONF_DOCUMENT_H

#include "jailconf.h"
#include "specs/text.h"

struct document_line {
	struct spec_place place;
	const struct param_def *def; /* NULL: no parameter */
};

struct document {
	const struct conf_jail *jail; /* NULL: defaults */
	size_t number; /* of the jail or the block */
	char file[32]; /* by which the parser knows it: what, and the number */
	struct textbuf text;
	struct document_line *line;
	size_t lines, room;
	size_t keys; /* but for the name */
};

/* One `key: value`. */
struct entry {
	const char *key;
	const struct param_def *def; /* NULL: the name, or a variable */
	bool list, append;
	unsigned indent;
	const struct conf_value *value; /* one, unless it is a list */
	size_t count;
	const struct text_list *comments; /* behind it; NULL: none */
	struct spec_place place;
};

/* Names an empty document. */
void document_start(struct document *d, const struct conf_jail *jail,
    const char *what, size_t number);
/* The number in the name of a file. */
size_t document_number(const char *file);
/* `key: value`, or `key:` and lines of `- value`. */
void document_entry(struct document *d, const struct entry *e);
/* Lines of comments. */
void document_comments(struct document *d, unsigned indent,
    const struct text_list *comments);
/* Ends a line whose text was added to d->text. */
void document_line(struct document *d, struct spec_place place,
    const struct param_def *def);

void document_free(struct document *d);

#endif
