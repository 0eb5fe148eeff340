/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file in the form of git's index, read entry by entry.  A split index is
 * two of them: the one in `sharedindex.HEX`, and what changed since then, with
 * an extension that says how both belong together (git_split.c).
 */
#ifndef JA_GIT_INDEX_H
#define JA_GIT_INDEX_H

#include <stdint.h>

#include "agent/read/git.h"

struct index {
	unsigned char *data;
	size_t len, at;
	uint32_t version, entries; /* how many there are in all */
	char name[PATH_MAX]; /* of the entry, completed from the one before */
};

/* Returns 0, -1 when it is none; the caller closes it in both cases. */
int index_open(struct index *x, const char *path);
void index_close(struct index *x);

/* Before the first entry. */
void index_rewind(struct index *x);
/* The next entry, of which there must be one; -1 when it is damaged. */
int index_next(struct index *x, struct git_entry *e);

/*
 * Behind the last entry: 0, or -1 when some extension is not understood.
 * *link is the data of the one that a split index has, else NULL.
 */
int index_extensions(const struct index *x, const unsigned char **link,
    size_t *len);

/*
 * The entries of a split index, `x` rewound, as git_index has them; `link` is
 * its extension.
 */
int index_split(const struct git *g, struct index *x,
    const unsigned char *link, size_t len,
    bool (*each)(void *arg, const struct git_entry *e), void *arg);

/* Hands an entry on if it is below the prefix; *stopped once `each` said so. */
void index_tell(const struct git *g, const char *name, struct git_entry e,
    bool (*each)(void *arg, const struct git_entry *e), void *arg,
    bool *stopped);

#endif
