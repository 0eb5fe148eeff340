/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of git's files to say which commit a directory is: HEAD and refs
 * (gitrepository-layout(5)); what the commit has is git_specs.h's.  git itself is
 * not run.  Repositories with SHA-256 names or reftables are not understood, which
 * is said.
 */
#ifndef JA_GIT_H
#define JA_GIT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/read/sha1.h"
#include "kernel/error.h"

#define GIT_HEX_SIZE (2 * SHA1_SIZE + 1)

/* The work tree that a directory is in. */
struct git {
	char dir[PATH_MAX];    /* HEAD, index */
	char common[PATH_MAX]; /* refs */
	char prefix[PATH_MAX]; /* the directory in the work tree: "" or "a/b/" */
	char ref[PATH_MAX];    /* file of the branch, "" when detached */
	char head[GIT_HEX_SIZE];
	const char *unknown; /* why HEAD cannot be read here; or NULL */
};

/*
 * Finds the work tree and reads HEAD.  Returns 0, -1 when there is no work tree
 * (g->dir is "" then) or no commit, or it cannot be read (g->unknown).
 */
int git_find(const char *dir, struct git *g);

/* What is there as long as git changes a work tree. */
struct git_work {
	char path[PATH_MAX];
	const char *end; /* what to do when git does not end it */
	long long age_ms; /* since it was last written, by its own time */
};

/* The names of such things in g->dir; NULL behind the last one. */
const char *git_work_name(size_t i);

/* Whether git is at work in it; *w is the sign of it then. */
bool git_at_work(const struct git *g, struct git_work *w);

/*
 * The same for whatever work tree a path is in, as an error.  Returns 0, -1
 * with the reason when git is at work.
 */
int git_calm(const char *path, struct error *err);

/* The name of a file's content as a blob. */
void git_blob(const void *text, size_t len, unsigned char blob[SHA1_SIZE]);

#endif
