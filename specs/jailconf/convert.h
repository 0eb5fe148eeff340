/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conversion in two forms.  `want` spells out the effective parameters of
 * each jail (effective.c); it defines the meaning.  `doc` keeps the blocks,
 * their defaults and variables (keep.c).  A parameter for which that gives
 * another meaning is spelled out there in the jail's own document; if that does
 * not help either, since defaults come behind it, in all (convert.c).
 * Private to specs/jailconf/.
 */
#ifndef JA_CONF_CONVERT_H
#define JA_CONF_CONVERT_H

#include "document.h"
#include "translate.h"

struct imported {
	const struct conf_jail *jail;
	const char *name;    /* of the spec */
	bool dropped;	     /* the same jail a second time */
	bool *spelled;	     /* by param_index; as flat, here alone */
	struct document want;
};

struct converter {
	const struct conf *conf;
	struct spec_errors *errors;
	struct arena arena;
	struct imported *jail; /* in the order of the blocks */
	struct imported **sorted; /* by name */
	size_t jails;
	const char **number; /* sorted: names of jails that are their jids */
	size_t numbers;
	bool unnamed; /* a jail has an empty name */
	struct text_list renamed; /* variables with another name in specs */
	bool *flat; /* by param_index */
	bool all_flat;
	bool marked; /* something became flat */
	struct document *doc; /* at most one for each block */
	size_t docs;
	size_t faults, warnings; /* that were found, reported or not */
	bool failed; /* memory is out */
	char nothing[1]; /* stands for texts then */
};

/* Whether a document leaves a parameter to what is spelled out at its end;
   `j` is NULL for defaults. */
static inline bool
is_flat(const struct converter *c, const struct imported *j,
    const struct param_def *def)
{
	unsigned i = param_index(def);

	return c->all_flat || c->flat[i] || (j != NULL && j->spelled[i]);
}

/* Errors are many because of one mistake; warnings must leave them room. */
#define WARNINGS_MAX 200

/* Adds an error about a jail. */
void convert_fault(struct converter *c, const struct imported *j,
    struct spec_place place, const char *message);
/* Moves a text to the arena; "" when memory is out. */
char *convert_take(struct converter *c, struct textbuf *b);
/* A text in the arena in which ${ is $${. */
char *convert_literal(struct converter *c, const char *text);
/* What a jail of this name is called in the specs. */
const char *convert_name(struct converter *c, const char *name);

/* Names the specs, and writes the documents `want`. */
void effective_documents(struct converter *c);
/* Adds what the jail has for parameters that are flat. */
void effective_flat(struct converter *c, const struct imported *j,
    struct document *d);
/* Adds literal values as an entry; renames jails in `depend`. */
void effective_entry(struct converter *c, struct document *d,
    const struct conf_key *key, const struct conf_said *said, bool append,
    const struct text_list *comments, struct spec_place place);

/* Writes the documents `doc` as far as parameters are not flat. */
void keep_documents(struct converter *c);

#endif
