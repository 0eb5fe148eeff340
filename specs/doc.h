/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Documents between parsing and resolving; for specs/, and for who compares what
 * files say without resolving it.  All of a
 * document is in the memory of the struct spec_docs that it was parsed into.
 */
#ifndef JA_DOC_H
#define JA_DOC_H

#include "arena.h"
#include "settings.h"
#include "spec.h"

/*
 * Errors that one file, and one jail while it is resolved, can have; in a set
 * that has so many already a jail can have one, and there are no warnings.
 */
#define DOC_ERRORS_MAX 1000
#define JAIL_ERRORS_MAX 50
#define SET_ERRORS_MAX 10000

enum assign_kind { ASSIGN_PARAM, ASSIGN_AGENT, ASSIGN_VAR };

/*
 * One `key: value` of a document under its full dotted name.  Values that
 * refer to nothing are checked and canonical.
 */
struct assign {
	const char *name; /* a table's, or in the document's arena */
	enum assign_kind kind;
	unsigned index; /* in its table (param_index), 0 for variables */
	union {
		const struct param_def *def;   /* ASSIGN_PARAM */
		const struct setting *setting; /* ASSIGN_AGENT */
	};
	struct text_list value;
	struct spec_place place; /* of the key */
	unsigned value_line, value_column;
	bool append; /* key+ */
	bool expand; /* the value holds ${ */
	bool secret; /* the value is the name of the file that holds it */
	unsigned next; /* while assignments are sorted */
};

struct spec_place assign_value_place(const struct assign *a);

/*
 * The order of assignments: by kind, then by name, for which the places in the
 * sorted tables stand.
 */
int assign_compare(const struct assign *a, const struct assign *b);

/*
 * Most documents are the whole of a jail: they refer to nothing, and nothing is
 * wrong with them.  `spec` is what such a one makes where no defaults cover
 * it; the assignments of its parameters are made of that again when they are
 * wanted after all (doc_assigns).
 */
struct spec_doc {
	char *name;
	struct spec_place place; /* of the name */
	bool defaults;		 /* the name has a * component */
	bool bad;		 /* has errors: known by its name only */
	struct assign *assign;	 /* sorted by assign_compare */
	size_t count;
	struct spec *spec;	 /* or NULL */
	struct spec_place jid, depend; /* of parameters of `spec` */
	struct value_place {
		unsigned line, column;
	} *value_place;		 /* of each parameter of `spec` */
};

/*
 * All assignments of a document, sorted; *count tells how many.  Those that
 * are made anew are in the arena.  NULL: no memory.
 */
const struct assign *doc_assigns(const struct spec_doc *doc,
    struct arena *arena, size_t *count);

/* Whether a key that `before` has is left out. */
bool spec_doc_lacks(const struct spec_doc *doc, const struct spec_doc *before);
/* Whether something that `before` says is left out: a document, or a key. */
bool spec_docs_lack(const struct spec_docs *docs,
    const struct spec_docs *before);

/* Whether the name of a document with defaults covers that of a jail. */
bool doc_covers(const char *pattern, const char *name);

/* Whether the value may come from a file: env.K, meta.K, environment. */
bool assign_may_be_secret(const struct assign *a);

/* Whether several values may be assigned, and appended to. */
bool assign_is_list(const struct assign *a);

/*
 * Checks texts that hold no references as a value of the thing assigned, and
 * makes them canonical; addresses, interfaces and datasets with commas between
 * them become several texts.  The list and what is new in it are in the arena;
 * texts may be changed in place.
 * *which is the index of the offending text, before that.
 */
int assign_check(const struct assign *a, struct arena *arena,
    struct text_list *texts, size_t *which, struct error *err);

#endif
