/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which revision the files are: the commit of HEAD when every spec file is
 * what git's index says and none is missing or more; "COMMIT+dirty" when not, or
 * when the index cannot be understood.  Outside of git the digest of the set.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/read/revision.h"
#include "specs/tree.h"

/* The files are walked along with the index: both are sorted by name. */
struct comparison {
	const struct files *files;
	bool below;
	size_t next;
	bool same;
};

static bool
same_as_index(void *arg, const struct git_entry *e)
{
	struct comparison *c = arg;
	const struct file *f;

	if (!tree_names_spec(e->name, c->below))
		return true;
	f = c->next < c->files->count ? &c->files->file[c->next++] : NULL;
	c->same = f != NULL && strcmp(f->name, e->name) == 0 && e->regular &&
	    f->id.link_ino == 0 && !f->unsettled && f->problem == NULL &&
	    f->now != NULL && memcmp(f->now->blob, e->blob, SHA1_SIZE) == 0;
	return c->same;
}

void
revision_begin(const struct reader *r, struct git *g)
{
	if (git_find(r->dir, g) != 0)
		g->head[0] = '\0';
}

void
revision_end(const struct reader *r, const struct git *before, char *buf,
    size_t size)
{
	struct comparison c = { .files = &r->files,
		.below = r->opt->below, .same = true };
	struct git_work work;
	struct git now;

	revision_begin(r, &now);
	if (now.head[0] == '\0') {
		sodium_bin2hex(buf, size, r->digest, sizeof r->digest);
		return;
	}
	snprintf(buf, size, "%s%s", now.head,
	    git_index(&now, same_as_index, &c) == 0 && c.same &&
	    c.next == c.files->count && strcmp(now.head, before->head) == 0 &&
	    !git_at_work(&now, &work) ? "" : "+dirty");
}
