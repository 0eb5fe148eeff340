/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directories with specs: the watched one and, if that is asked for, those
 * below it.  Of each counts who may write it, on which device it is, and
 * whether it stays the same one while its files are read.
 */
#ifndef JA_PLACES_H
#define JA_PLACES_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "kernel/error.h"
#include "kernel/value.h"

struct reader;

/* What must be the same at the end for files to belong together. */
struct layout {
	dev_t dev;
	ino_t ino, data; /* of it, and of the link `..data` in it, or 0 */
	struct timespec born; /* all zeros where that is not known */
	struct timespec data_ctime;
};

/* A directory with specs. */
struct place {
	char *name;   /* below the watched one, which is "" */
	struct layout layout;
	/*
	 * The directory that its files are known from: this one, or the one
	 * before as long as this one is not taken for it.
	 */
	struct layout origin;
	/*
	 * How many mounts there are on the way to it: from the directory that
	 * holds it, so at most one; for the watched one from the root.
	 */
	unsigned mounted;
	bool recalled; /* by the last agent: `origin` without its device */
	bool own_tree; /* it may be in a work tree of git's of its own */
	/* Another directory took its place, and holds no spec file. */
	bool swapped;
	/*
	 * Since when it is not there, for a second (monotonic_ms; 0: it is):
	 * another directory may be about to take its place.
	 */
	long long gone_ms;
	char *problem; /* why its files cannot be known now; or NULL */
};

struct places {
	/*
	 * Where the watched directory was, without links, when it was taken for
	 * what it is; NULL: not known.
	 */
	char *real;
	struct place *place; /* sorted by name */
	size_t count;
};

/*
 * Finds directories and the names of files in them; among these
 * are those of directories with a problem, in the place of their files.
 * Returns 0, -1 when the watched directory cannot be taken at its word.
 */
int places_look(struct reader *r, int dirfd, struct places *next,
    struct text_list *names, struct error *err);
/* Whether it is one directory, whatever is in it. */
bool layout_is_of(const struct layout *a, const struct layout *b);
/* Whether the directories are those that were looked at. */
bool places_same(const struct reader *r, int dirfd, const struct places *p);
const struct place *places_find(const struct places *p, const char *name);
/* The directory with a problem in which a file is, NULL: none. */
const struct place *places_trouble(const struct places *p, const char *name);
/* The same for one that was swapped, or is not there since a moment ago. */
const struct place *places_swapped(const struct places *p, const char *name);
/* Whether a file of that name is in the directory, or below it. */
bool place_holds(const struct place *p, const char *name);
/* Whether links lead to another directory than to the one of `known`. */
bool places_led(const struct places *known, const struct places *next);
void places_finish(struct places *p);

/*
 * Directories as the last agent knew them (places_kept.c): one that was
 * unmounted while no agent ran must not be taken for one without files.
 */
struct buffer;
/* What is to be known of them later, as text. */
void places_write(const struct places *p, struct buffer *b);
/* Reads that; *p stays empty when it is none. */
void places_read(struct places *p, const char *text);
/* They are taken as they are, whatever was known. */
void places_forget(struct places *p);

#endif
