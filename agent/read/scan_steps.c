/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/scan_steps.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"
#include "agent/base/paths.h"
#include "agent/read/scan_away.h"
#include "agent/sign/kept.h"
#include "specs/doc.h"

bool
steps_taken(const struct file *f, const struct timespec *born)
{
	return f->now != NULL && f->taken.id.ino == f->id.ino &&
	    f->taken.id.dev == f->id.dev &&
	    f->taken.born.tv_sec == born->tv_sec &&
	    f->taken.born.tv_nsec == born->tv_nsec;
}

static bool
time_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec :
	    a->tv_nsec < b->tv_nsec;
}

/* Whether what a symbolic link leads to was written before the link was there. */
static bool
link_came_last(const struct file_id *id)
{
	return time_before(&id->mtime, &id->link_ctime);
}

/*
 * Whether it was renamed, and not written since; where no event tells of writes
 * the times have to agree, as for a link, of whose target no event tells.
 */
static bool
renamed(const struct reader *r, const struct file *f)
{
	if (r->watch == NULL)
		return id_renamed(&f->id);
	if (!watch_renamed(r->watch, f->name))
		return false;
	return f->id.link_ino != 0 ? link_came_last(&f->id) :
	    watch_sees_writes() || id_renamed(&f->id);
}

/* Whether a symbolic link, or the directory that it leads to, is another one. */
static bool
relinked(const struct file_id *id, const struct file_id *was)
{
	if (id->link_ino == 0)
		return false;
	if (id->link_ino != was->link_ino ||
	    id->link_ctime.tv_sec != was->link_ctime.tv_sec ||
	    id->link_ctime.tv_nsec != was->link_ctime.tv_nsec)
		return link_came_last(id);
	return id->link_dir != was->link_dir;
}

/*
 * Whether it came whole: an event told of its renaming, or the symbolic link, or
 * the directory that it leads to, is another one.  Who looks but once has no
 * events; there the times tell, which a change of mode sets, too.
 */
static bool
came_whole(const struct reader *r, const struct file *f,
    const struct timespec *born)
{
	return !steps_taken(f, born) && (renamed(r, f) || (f->now != NULL &&
	    relinked(&f->id, &f->taken.id)));
}

bool
steps_go_on(const struct reader *r, const struct file *f,
    const struct timespec *born, const char *text, size_t len)
{
	if (steps_taken(f, born))
		return f->in_steps ||
		    quiet_in_steps(f->now, f->taken.ms, text, len);
	return f->in_steps && !came_whole(r, f, born);
}

/*
 * What the file last held without an error, perhaps before we looked, or before
 * it was gone; NULL: nothing that is known.  To be given back.
 */
static struct content *
last_good(const struct reader *r, const struct file *f)
{
	struct content *c;
	struct error err;
	size_t len;
	char *text;

	if (f->good != NULL || f->before != NULL)
		return content_ref(f->good != NULL ? f->good : f->before);
	if (r->opt->good == NULL || kept_read(r->opt->good, NULL, f->path,
	    &text, &len, &err) != 0)
		return NULL;
	c = content_of(f->path, text, len);
	free(text);
	return c;
}

static int
compare_sent(const void *name, const void *sent)
{
	return strcmp(name, ((const struct sent *)sent)->name);
}

static const struct spec_doc *
doc_named(const struct content *c, const char *name)
{
	for (size_t i = 0; c != NULL && i < c->docs.count; i++) {
		const struct spec_doc *doc = c->docs.doc[i];

		if (doc->name != NULL && strcmp(doc->name, name) == 0)
			return doc;
	}
	return NULL;
}

/* Defaults for the same jails, which another file has or had just now. */
static const struct spec_doc *
defaults_elsewhere(const struct reader *r, const struct file *f,
    const char *name)
{
	const struct spec_doc *doc = NULL;

	for (size_t i = 0; doc == NULL && i < r->files.count; i++) {
		const struct file *from = &r->files.file[i];

		if (from->good != NULL && from->good->docs.defaults &&
		    strcmp(from->name, f->name) != 0)
			doc = doc_named(from->good, name);
	}
	return doc;
}

/* The last good document of that name in another file, or one that is gone. */
static const struct spec_doc *
elsewhere(const struct reader *r, const struct file *f,
    const struct spec_doc *as)
{
	const struct sent *s = r->sent_count == 0 || as->defaults ? NULL :
	    bsearch(as->name, r->sent, r->sent_count, sizeof *s, compare_sent);
	const struct file *from = s == NULL ? NULL : reader_file(r, s->file);
	const struct spec_doc *doc = NULL;

	if (from != NULL && from->good != NULL)
		return strcmp(from->name, f->name) == 0 ? NULL :
		    doc_named(from->good, as->name);
	if (as->defaults)
		doc = defaults_elsewhere(r, f, as->name);
	return doc != NULL ? doc : away_doc(r, as->name);
}

/*
 * What the agent has applied: all that is known of a jail that it holds without a
 * spec, when it was started since.  It has what defaults say, too, so a text that
 * lacks nothing may wait for its second here.
 */
static struct content *
applied(const struct reader *r, const char *name)
{
	char path[PATHS_MAX + 300], *text;
	struct content *c;
	size_t len;

	if (r->opt->applied == NULL)
		return NULL;
	paths_of_jail(path, sizeof path, r->opt->applied, name, ".yaml");
	if (file_read(AT_FDCWD, path, SPEC_FILE_MAX, &text, &len, NULL) != 0)
		return NULL;
	c = content_of(path, text, len);
	free(text);
	return c;
}

/* Whether the last line has no end: its value may go on. */
static bool
ends_within(const struct content *c)
{
	return c->text != NULL && c->text_len > 0 &&
	    c->text[c->text_len - 1] != '\n';
}

/* Whether a document falls short of what was last good elsewhere, or applied. */
static bool
doc_short(const struct reader *r, const struct file *f,
    const struct content *c, const struct spec_doc *doc)
{
	const struct spec_doc *other = elsewhere(r, f, doc);
	struct content *a = other != NULL || doc->defaults ? NULL :
	    applied(r, doc->name);
	bool is;

	if (a != NULL)
		other = doc_named(a, doc->name);
	is = other != NULL && (ends_within(c) || spec_doc_lacks(doc, other));
	content_unref(a);
	return is;
}

bool
steps_short(const struct reader *r, const struct file *f,
    const struct timespec *born, const struct content *c)
{
	struct content *before;
	bool is;

	/* A text with an error does nothing to a jail. */
	if (!c->valid || came_whole(r, f, born))
		return false;
	before = last_good(r, f);
	is = before != NULL && before->valid && (c->len < before->len ||
	    ends_within(c) || spec_docs_lack(&c->docs, &before->docs));
	for (size_t i = 0; !is && i < c->docs.count; i++) {
		const struct spec_doc *doc = c->docs.doc[i];

		is = doc->name != NULL &&
		    doc_named(before, doc->name) == NULL &&
		    doc_short(r, f, c, doc);
	}
	content_unref(before);
	return is;
}
