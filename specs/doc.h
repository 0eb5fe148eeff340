/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents between parsing and resolving; private to specs/. */
#ifndef JA_DOC_H
#define JA_DOC_H

#include "settings.h"
#include "spec.h"

/* Errors that one file, and one jail while it is resolved, can have. */
#define DOC_ERRORS_MAX 1000
#define JAIL_ERRORS_MAX 50

enum assign_kind { ASSIGN_PARAM, ASSIGN_AGENT, ASSIGN_VAR };

/*
 * One `key: value` of a document under its full dotted name.  Values that
 * refer to nothing are checked and canonical.
 */
struct assign {
	const char *name;
	char *owned_name; /* what `name` points to, or NULL: in a table */
	enum assign_kind kind;
	const struct param_def *def;	 /* ASSIGN_PARAM */
	const struct setting *setting; /* ASSIGN_AGENT */
	bool append;			 /* key+ */
	bool expand;			 /* the value holds ${ */
	struct text_list value;
	struct spec_place place, value_place;
};

struct spec_doc {
	char *name;
	struct spec_place place; /* of the name */
	bool defaults;		 /* the name has a * component */
	bool bad;		 /* has errors: known by its name only */
	struct assign *assign;	 /* sorted by name */
	size_t count;
};

/* Frees one document; NULL is nothing. */
void spec_doc_free(struct spec_doc *doc);

/* Whether the name of a document with defaults covers that of a jail. */
bool doc_covers(const char *pattern, const char *name);

/* Whether several values may be assigned, and appended to. */
bool assign_is_list(const struct assign *a);

/*
 * Checks texts that hold no references as a value of the thing assigned, and
 * makes them canonical; comma-separated addresses become several texts.
 * *which is the index of the offending text, before that.
 */
int assign_check(const struct assign *a, struct text_list *texts,
    size_t *which, struct error *err);

#endif
