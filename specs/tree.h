/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spec files of a directory and, if that is asked for, of those below it.
 *
 * Directories that are hidden are left out, as hidden files are; symbolic links
 * to directories are followed.  What cannot be entered (a link that leads back
 * to a directory above it, too deep, not allowed) is a directory with a
 * problem, so that nobody takes its files for gone.
 */
#ifndef JA_TREE_H
#define JA_TREE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

#define TREE_DEPTH_MAX 16  /* directories in one another, without the top */
#define TREE_DIRS_MAX 4096 /* in all */

struct tree_dir {
	char *name; /* below the top, "a/b"; the top itself is "" */
	struct stat st;
	char *problem; /* why it was not read, or not to its end; or NULL */
};

struct tree_file {
	char *name; /* below the top, "a/b.yaml" */
	uint64_t prefix; /* of the name (text_prefix) */
	bool regular; /* known to be a regular file, without a look at it */
};

struct tree {
	struct tree_file *file; /* sorted by name */
	size_t files;
	struct tree_dir *dir;  /* sorted by name: the top is the first */
	size_t count;
};

/*
 * Asked of each directory before its files count: 0, or -1 with the reason why
 * they do not.  `link`: the name is a symbolic link's.
 */
typedef int tree_judge_fn(void *arg, const char *name, const struct stat *st,
    bool link, struct error *err);

/*
 * Reads the directory `top` is open at; with `below` also those below it.
 * `judge` may be NULL.  Returns 0, -1 with the reason when the top cannot be
 * read or is refused.  The caller frees *t in both cases.
 */
int tree_read(int top, bool below, tree_judge_fn *judge, void *arg,
    struct tree *t, struct error *err);
void tree_free(struct tree *t);

/* Whether a name below the top would be that of a spec file. */
bool tree_names_spec(const char *name, bool below);

/* Why messages, status and snapshots cannot name such a file; NULL: they can. */
const char *tree_bad_name(const char *name);

#endif
