/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which revision the files are: the commit of HEAD when every spec file is
 * what that commit has, and none is missing or more; "COMMIT+dirty" when not, or
 * when the commit cannot be read.  Outside of git the digest of the set, or "" before
 * any spec could count.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/read/git_history.h"
#include "agent/read/revision.h"

/* Both are sorted by name. */
static bool
is_commit(const struct files *files, const struct git_specs *s)
{
	if (files->count != s->count)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		const struct file *f = &files->file[i];

		if (strcmp(f->name, s->spec[i].name) != 0 ||
		    !s->spec[i].regular || f->id.link_ino != 0 ||
		    f->unsettled || f->problem != NULL || f->now == NULL ||
		    memcmp(f->now->blob, s->spec[i].blob, SHA1_SIZE) != 0)
			return false;
	}
	return true;
}

void
revision_begin(const struct reader *r, struct git *g)
{
	if (git_find(r->dir, g) != 0)
		g->head[0] = '\0';
}

/* Which of the commits that somebody waits for came before this one. */
static void
find_passed(struct reader *r, const struct git *g)
{
	if (strcmp(r->passed.head, g->head) == 0 &&
	    text_list_equal(&r->passed.of, &r->awaited))
		return;
	text_list_free(&r->passed.of);
	text_list_free(&r->passed.before);
	memcpy(r->passed.head, g->head, sizeof r->passed.head);
	/* Without memory nothing is known of them, as before. */
	if (git_passed(g, &r->awaited, &r->passed.before) != 0 ||
	    text_list_copy(&r->passed.of, &r->awaited) != 0)
		r->passed.head[0] = '\0';
}

void
revision_end(struct reader *r, const struct git *before, char *buf,
    size_t size)
{
	struct git_work work;
	struct git now;

	revision_begin(r, &now);
	r->no_commit = now.unknown;
	find_passed(r, &now);
	if (now.head[0] == '\0') {
		/* That of nothing would look like one. */
		*buf = '\0';
		if (!sodium_is_zero(r->digest, sizeof r->digest))
			sodium_bin2hex(buf, size, r->digest, sizeof r->digest);
		return;
	}
	snprintf(buf, size, "%s%s", now.head,
	    git_specs_read(&now, r->opt->below, &r->commit) == 0 &&
	    is_commit(&r->files, &r->commit) &&
	    strcmp(now.head, before->head) == 0 &&
	    !git_at_work(&now, &work) ? "" : "+dirty");
}
