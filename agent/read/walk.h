/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going along a path component by component, symbolic links followed, so that
 * each directory on the way can be watched or its owner checked.
 *
 *	walk_begin(&w, "/", path);
 *	while ((more = walk_next(&w)) == 1) {
 *		... w.done is a directory, w.name the component in it ...
 *		if (walk_enter(&w, &st) != 0)
 *			... no such component ...
 *	}
 */
#ifndef JA_WALK_H
#define JA_WALK_H

#include <sys/stat.h>

#include <limits.h>

#define WALK_LINKS_MAX 40 /* symbolic links in a path, as kernels allow */

struct walk {
	char done[PATH_MAX];	  /* without links; "" is the root */
	char todo[PATH_MAX];
	char name[NAME_MAX + 1];
	int links;
};

/*
 * `base` is a path without links at which a relative `path` begins.
 * Returns 0, -1/ENAMETOOLONG.
 */
int walk_begin(struct walk *w, const char *base, const char *path);

/* Takes the next component.  Returns 1, 0 at the end, -1/errno. */
int walk_next(struct walk *w);

/*
 * Enters it: *st is what lstat(2) says of it; a link's target comes next.
 * Returns 0, -1/errno.
 */
int walk_enter(struct walk *w, struct stat *st);

#endif
