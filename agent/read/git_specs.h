/* SPDX-License-Identifier: BSD-2-Clause */
/* The spec files that a commit has: what the revision is compared with. */
#ifndef JA_GIT_SPECS_H
#define JA_GIT_SPECS_H

#include "agent/read/git.h"

struct git_spec {
	char *name; /* below the directory */
	unsigned char blob[SHA1_SIZE];
	bool regular; /* a file */
};

/* Begins as all zeros. */
struct git_specs {
	char head[GIT_HEX_SIZE], common[PATH_MAX], prefix[PATH_MAX];
	struct git_spec *spec; /* sorted by name */
	size_t count, room;
};

/*
 * Those of g->head in the directory, and with `below` of those below it; nothing
 * is read when *s is of that commit already.  Returns 0, -1 when the commit's
 * objects cannot be read.
 */
int git_specs_read(const struct git *g, bool below, struct git_specs *s);
void git_specs_free(struct git_specs *s);

#endif
