/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desired state: YAML documents become specs.
 *
 *   read     file -> documents (parse.c: libyaml events, all errors at once)
 *   resolve  documents of all files -> specs (resolve.c: defaults, variables)
 *   digest   what a spec means, in 32 bytes (digest.c)
 *   print    a spec as canonical YAML (print.c): parse(print(x)) == x
 *   encode   a spec as bytes for another process (encode.c)
 *
 * Nothing here asks a kernel or the clock; only spec_load reads files.
 */
#ifndef JA_SPEC_H
#define JA_SPEC_H

#include "kernel/error.h"
#include "kernel/params.h"
#include "kernel/value.h"
#include "spec_agent.h"

#define SPEC_DIGEST_SIZE 32
#define SPEC_FILE_MAX (1024 * 1024) /* bytes of one file */
#define SPEC_DOCUMENTS_MAX 10000    /* documents of one file */
#define SPEC_DEPTH_MAX 16
#define SPEC_SCALAR_MAX 65536
#define SPEC_SET_MAX (256 * 1024 * 1024) /* bytes of all specs together */

/*
 * Where something was said; line 0: unknown.  In a spec `file` belongs to the
 * spec, in an error to whoever named the file.
 */
struct spec_place {
	const char *file;
	unsigned line, column;
};

/* Something wrong with a file.  `warning`: it is used all the same. */
struct spec_error {
	struct spec_place place;
	bool warning;
	char *message; /* complete, without the place */
};

struct spec_errors {
	struct spec_error *error;
	size_t count;
};

/*
 * Appends; the message is formatted, control characters and what is not UTF-8
 * become '?'.  Always returns -1.
 */
int spec_error_add(struct spec_errors *errors, struct spec_place place,
    bool warning, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void spec_errors_free(struct spec_errors *errors);
/* Sorts by file, line and column. */
void spec_errors_sort(struct spec_errors *errors);
/* "FILE:LINE:COLUMN: message", allocated; without the place that is unknown. */
char *spec_error_text(const struct spec_error *e);

/* One parameter, in canonical form. */
struct spec_param {
	char *name;
	const struct param_def *def;
	struct text_list value;
	struct spec_place place;
	bool secret; /* the value is the name of the file that holds it */
};

/*
 * One jail as it should be.  Parameters are sorted by name.  A spec is one
 * block of memory that refers to nothing outside (but the parameter table) and
 * does not change once it is made.
 */
struct spec {
	char *name;
	struct spec_place place;
	struct spec_param *param;
	size_t count;
	struct text_list depend;
	struct spec_agent agent;
	struct {
		bool made;
		unsigned char bytes[SPEC_DIGEST_SIZE];
	} digest; /* spec_digest tells it */
};

/* The specs of a directory, sorted by name, and what was wrong. */
struct spec_set {
	struct spec **spec;
	size_t count;
	struct spec_errors errors;
	/*
	 * Names that documents declare, but that are not among the specs: they
	 * or their defaults are wrong, or two have the name or the jid.  Sorted.
	 * For each there is an error in its document's own file.
	 */
	struct text_list invalid;
	struct spec_file {
		char *path;
		unsigned char digest[SPEC_DIGEST_SIZE]; /* of its text */
	} *file; /* those that were read, sorted by path */
	size_t file_count;
};

/* A file's documents before defaults and variables are applied. */
struct spec_doc;
struct spec_docs {
	struct spec_doc **doc;
	size_t count;
	bool defaults; /* one of them is defaults, which other files' jails get */
	void *memory; /* of the documents; zero-initialise, then leave it */
	struct parser *parser; /* likewise; until spec_docs_settle */
};

/*
 * Parses one file's text.  `file` must stay valid as long as the documents.
 * Errors are appended, and so are the documents; those with errors are marked:
 * spec_resolve makes no spec of them, nor of jails whose defaults they are.
 * Returns 0, -1 if there was an error.  A file without any document is one:
 * it is more likely a file that is not written yet than a wish.
 */
int spec_parse(const char *file, const char *text, size_t len,
    struct spec_docs *docs, struct spec_errors *errors);
/* Gives back what only parsing more files needs. */
void spec_docs_settle(struct spec_docs *docs);
void spec_docs_free(struct spec_docs *docs);

/* Defaults with something wrong; in what is no YAML, as far as they are known. */
bool spec_doc_lost(const struct spec_doc *doc);

/*
 * Makes specs of documents: defaults ("*", "web.*") in the order given, `key+`
 * appended, ${variables} replaced, values checked, names and jids unique.
 * A name in two documents is an error that names both; neither becomes a
 * spec.  set->file is not touched.
 */
void spec_resolve(const struct spec_docs *docs, struct spec_set *set);

/*
 * Reads, parses and resolves the files and directories named.  In a directory
 * the names that spec_file_name accepts count, sorted; with `below` also in
 * those below it.  Returns 0 when all is valid, else -1: see set->errors.
 */
int spec_load(const char *const *path, size_t count, struct spec_set *set);
int spec_load_below(const char *const *path, size_t count, bool below, struct spec_set *set);
/* Adds one that somebody else has read; `digest` NULL: zeros.  0, -1: no memory. */
int spec_set_add_file(struct spec_set *set, const char *path,
    const unsigned char digest[SPEC_DIGEST_SIZE]);
void spec_set_free(struct spec_set *set);

/* Ends in .yaml or .yml, not hidden, not an editor's temporary. */
bool spec_file_name(const char *name);

/* Adds an error for each loop of dependencies; returns how many. */
size_t spec_set_loops(struct spec_set *set);

const struct spec *spec_find(const struct spec_set *set, const char *name);
const struct spec_param *spec_param_find(const struct spec *s,
    const char *name);
/* First text of a parameter; its default, or NULL, when it is not set. */
const char *spec_text(const struct spec *s, const char *name);
bool spec_bool(const struct spec *s, const char *name);
long spec_int(const struct spec *s, const char *name);
const struct text_list *spec_list(const struct spec *s, const char *name);

/* The secrets of a spec by name, agent.environment's last.  *at begins as 0. */
struct spec_secret {
	const char *prefix, *key; /* its name is both together */
	int key_len;
	const char *file;
	const struct spec_param *param; /* NULL: of agent.environment */
};
bool spec_secret_next(const struct spec *s, size_t *at,
    struct spec_secret *secret);

/*
 * What the spec means (BLAKE2b-256); places and spelling do not count.  It is
 * made when it is first asked for, and is in the spec.
 */
const unsigned char *spec_digest(const struct spec *s);
bool spec_same(const struct spec *a, const struct spec *b);
/* That of all specs of a set. */
void spec_set_digest(const struct spec_set *set,
    unsigned char digest[SPEC_DIGEST_SIZE]);

/* Canonical YAML; the text is allocated and ends in a newline. */
char *spec_print(const struct spec *s);

/* Bytes for another process; decode refuses anything that is not exact. */
int spec_encode(const struct spec *s, unsigned char **data, size_t *len);
struct spec *spec_decode(const unsigned char *data, size_t len,
    struct error *err);
struct spec *spec_copy(const struct spec *s);
void spec_free(struct spec *s);
/* The same for one that nobody shares: its memory is overwritten first. */
void spec_wipe(struct spec *s);

#endif
