/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file on its way from nodes to documents: parse.c walks through the keys,
 * assign.c takes their values, keep.c makes documents of them.  Private to
 * specs/.
 */
#ifndef JA_PARSER_H
#define JA_PARSER_H

#include "draft.h"
#include "yaml.h"

/* The longest dotted name that is looked at. */
#define KEY_MAX 512

/* One file being parsed. */
struct parser {
	const char *file;
	struct spec_errors *errors;
	struct spec_docs *docs;
	struct arena arena;	      /* until the end of the document */
	struct arena kept;	      /* of all documents */
	struct shelf *shelf;	      /* of their specs */
	struct drafter drafter;
	struct spec_doc *doc;	      /* the present one; in `kept` */
	struct assign *assign;	      /* its assignments, as the text has them */
	const struct assign **sorted; /* room for pointers to all of them */
	size_t count, room;
	size_t errors_start; /* of the file */
	size_t first;	     /* of docs: the file's first one */
	size_t faults;	     /* of the document */
	bool wrong;	     /* there was one in the file, told or not */
	bool added;	     /* it has parameters that the table lacks */
};

static inline struct spec_place
parser_place(const struct parser *p, const struct node *n)
{
	return (struct spec_place){ p->file, n->line, n->column };
}

/* Whether the file has as many errors as are reported. */
static inline bool
parser_is_full(const struct parser *p)
{
	return p->errors->count - p->errors_start >= DOC_ERRORS_MAX;
}

/* Reports what is wrong at a node, up to the limit of a file. */
void parser_fault(struct parser *p, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes the document of its assignments, and reports those given twice. */
int parser_keep(struct parser *p);

/*
 * Add `name: value` to the document, or report what is wrong with it.  `name`
 * is the full one, the value no mapping, and its texts may become canonical in
 * place; `def` and `s` are what the tables say about it, or NULL.
 */
void parser_add_param(struct parser *p, const char *name,
    const struct param_def *def, bool append, const struct node *key,
    struct node *value);
void parser_add_setting(struct parser *p, const char *name,
    const struct setting *s, bool append, const struct node *key,
    struct node *value);
void parser_add_var(struct parser *p, const char *name, bool append,
    const struct node *key, struct node *value);

#endif
