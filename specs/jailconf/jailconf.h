/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5), read as jail(8) of FreeBSD reads it, and as specs:
 *
 *   parse    files -> blocks of assignments, with places (lexer.c, parse.c)
 *   resolve  blocks -> the effective parameters of each jail (resolve.c,
 *            substitute.c): order, wildcards, variables
 *   convert  both -> YAML that means the same (translate.c, emit.c,
 *            convert.c)
 *
 * Only what a struct conf_reader does touches the outside; files.c has the one
 * that reads files.
 */
#ifndef JA_JAILCONF_H
#define JA_JAILCONF_H

#include "specs/arena.h"
#include "specs/spec.h"

/* Limits against hostile input. */
#define CONF_FILES_MAX 1000		     /* read in all, includes counted */
#define CONF_BYTES_MAX (16 * 1024 * 1024)    /* of all files */
#define CONF_INCLUDE_MAX 32		     /* depth; that of jail(8) */
#define CONF_DEPTH_MAX 64		     /* of blocks in blocks */
#define CONF_NAME_MAX 1024		     /* bytes of a block's full name */
#define CONF_ERRORS_MAX 1000

/* What was read; all of it is allocated. */
struct conf_text {
	char *path, *bytes;
	size_t len;
};

struct conf_texts {
	struct conf_text *text;
	size_t count;
};

/*
 * Reads one file, or with `pattern` the files that a glob(3) pattern names, in
 * its order; a pattern may name none, anything else must exist.  On failure
 * *found is left empty.
 */
struct conf_reader {
	int (*read)(void *arg, const char *path, bool pattern,
	    struct conf_texts *found, struct error *err);
	void *arg;
};

/* Appends to what was found; takes `bytes`, also on failure. */
int conf_texts_add(struct conf_texts *found, const char *path, char *bytes,
    size_t len);
void conf_texts_free(struct conf_texts *found);

/* Reads files of at most SPEC_FILE_MAX bytes; "-" is standard input. */
extern const struct conf_reader conf_files;

/* A piece of a text: itself, or the name of what it refers to. */
struct conf_piece {
	char *text;
	bool reference;
	struct conf_piece *next;
};

struct conf_string {
	struct conf_piece *piece; /* at least one */
	struct spec_place place;
	struct conf_string *next;
};

struct conf_assign {
	char *name;
	bool variable;
	bool append;		   /* += */
	struct conf_string *value; /* NULL: a name alone */
	struct spec_place place;
	struct text_list before; /* comments on lines of their own */
	struct text_list after;	 /* those behind it */
	struct conf_assign *next;
};

/*
 * NAME { ... }.  A block in a block is one of its own that comes after it in
 * the list.  All parameters outside of blocks are in one block called "*".
 */
struct conf_block {
	char *name;   /* in full: "foo.bar" */
	bool pattern; /* has a * component: gives defaults */
	size_t order; /* in the list */
	struct spec_place place;
	struct text_list before, after, end; /* comments */
	struct conf_assign *assign, *last;
	struct conf_block *next;
};

struct conf {
	struct conf_block *block, *last;
	size_t blocks;
	struct text_list end; /* comments at the end */
	struct arena arena;   /* of everything */
};

/*
 * Reads and parses a file and what it includes.  Errors are appended, as
 * places they have names of files that live as long as *conf, which the caller
 * frees in any case.  Returns 0, -1 if there was an error: then nothing of
 * *conf counts.
 */
int conf_parse(struct conf *conf, const char *path,
    const struct conf_reader *reader, struct spec_errors *errors);
void conf_free(struct conf *conf);

/* A value of a parameter. */
struct conf_value {
	char *text;
	struct spec_place place;
};

enum conf_state { CONF_NEW, CONF_BUSY, CONF_DONE };

/* A parameter or a variable of one jail, as jail(8) sees it in the end. */
struct conf_param {
	const char *name; /* as it was written last: persist or nopersist */
	bool variable;
	bool fixed; /* cannot be given again: jid, name */
	struct spec_place place;
	const struct conf_string **string; /* before references are replaced */
	size_t strings, strings_room;
	struct conf_value *value; /* afterwards */
	size_t values, values_room;
	enum conf_state state;
	unsigned chain;
};

struct conf_jail {
	const struct conf_block *block;
	const char *name; /* value of its parameter "name" */
	struct conf_param *param; /* in the order of jail(8) */
	size_t count, room;
	bool failed;
};

struct conf_jails {
	struct conf_jail *jail; /* in the order of the file */
	size_t count;
	struct arena arena;
};

/*
 * Works out the effective parameters of all jails.  What is wrong with a jail
 * marks it as failed and is appended to the errors; it has the parameters that
 * could be worked out then.  Returns 0, -1 if there was an error.
 */
int conf_resolve(const struct conf *conf, struct conf_jails *jails,
    struct spec_errors *errors);
void conf_jails_free(struct conf_jails *jails);

/* The parameter of a jail, or NULL. */
const struct conf_param *conf_param(const struct conf_jail *jail,
    const char *name);

/*
 * The YAML documents that mean what `jails`, resolved from `conf`, mean; they
 * keep comments, defaults and variables as far as they can; no document if there
 * is no jail.  NULL if something cannot be said, or is wrong on any kernel; the
 * errors tell what and where.  Warnings are added for what is said otherwise.
 */
char *conf_convert(const struct conf *conf, const struct conf_jails *jails,
    struct spec_errors *errors);

#endif
