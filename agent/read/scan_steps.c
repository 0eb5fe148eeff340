/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/scan_steps.h"

#include <stdlib.h>
#include <string.h>

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

/*
 * Whether it came whole: an event told of its renaming, or the symbolic link, or
 * the directory that it leads to, is another one.  Who looks but once has no
 * events; there the times tell, which a change of mode sets, too.
 */
static bool
came_whole(const struct reader *r, const struct file *f,
    const struct timespec *born)
{
	const struct file_id *id = &f->id, *was = &f->taken.id;

	if (steps_taken(f, born))
		return false;
	if (r->watch != NULL ? watch_renamed(r->watch, f->name) :
	    id_renamed(id))
		return true;
	return f->now != NULL && id->link_ino != 0 &&
	    (id->link_ino != was->link_ino || id->link_dir != was->link_dir ||
	    id->link_ctime.tv_sec != was->link_ctime.tv_sec ||
	    id->link_ctime.tv_nsec != was->link_ctime.tv_nsec);
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

/* A jail's last good document in another file, or one that is gone. */
static const struct spec_doc *
elsewhere(const struct reader *r, const struct file *f, const char *name)
{
	const struct sent *s = r->sent_count == 0 ? NULL : bsearch(name,
	    r->sent, r->sent_count, sizeof *s, compare_sent);
	const struct file *from = s == NULL ? NULL : reader_file(r, s->file);

	if (from == NULL || from->good == NULL)
		return away_doc(r, name);
	for (size_t i = 0; strcmp(from->name, f->name) != 0 &&
	    i < from->good->docs.count; i++) {
		const struct spec_doc *doc = from->good->docs.doc[i];

		if (doc->name != NULL && strcmp(doc->name, name) == 0)
			return doc;
	}
	return NULL;
}

/* Whether the last line has no end: its value may go on. */
static bool
ends_within(const struct content *c)
{
	return c->text != NULL && c->text_len > 0 &&
	    c->text[c->text_len - 1] != '\n';
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
	content_unref(before);
	for (size_t i = 0; !is && i < c->docs.count; i++) {
		const struct spec_doc *doc = c->docs.doc[i], *other =
		    doc->name == NULL ? NULL : elsewhere(r, f, doc->name);

		is = other != NULL && (ends_within(c) ||
		    spec_doc_lacks(doc, other));
	}
	return is;
}
