/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Last good texts beyond the life of the agent.  The signer writes them, since
 * it has the key and time to wait for disks; the reader reads one when a file
 * never was good in its own life.
 */
#include "agent/read/scan_kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/base/sorted.h"
#include "agent/sign/accepted.h"
#include "agent/sign/kept.h"

/* Of what was kept only a text that was accepted with its signature counts. */
static bool
was_signed(const struct reader *r, const char *path,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	const struct accepted_entry *e = r->signs == NULL ? NULL :
	    accepted_find(&r->signs->accepted, path);

	return r->signs == NULL || (e != NULL &&
	    memcmp(e->digest, digest, sizeof e->digest) == 0);
}

static const char *
marked_at(const void *table, size_t i)
{
	return ((const struct text_list *)table)->text[i];
}

/* What is marked is about to be removed, or should have been. */
static bool
is_marked(const struct reader *r, const char *path)
{
	char name[KEPT_NAME_SIZE];
	bool found;

	(void)sorted_position(&r->outdated, r->outdated.count, marked_at,
	    kept_name(path, name), &found);
	return found;
}

static bool
counts(const struct reader *r, const char *path)
{
	return !r->strange && !is_marked(r, path);
}

/*
 * The record of places is told again to another directory, so that the signer
 * adopts that whether anything else is to be kept or not.
 */
int
kept_look(struct reader *r)
{
	bool strange = kept_strange(r->opt->good, r->opt->outdated);

	if (strange && !r->strange) {
		free(r->places_told);
		r->places_told = NULL;
	}
	r->strange = strange;
	text_list_free(&r->outdated);
	return r->opt->outdated == NULL ? 0 :
	    kept_marked(r->opt->outdated, &r->outdated);
}

/* As kept_read; what does not count is not there. */
static int
read_kept(const struct reader *r, const char *path, char **text, size_t *len,
    struct error *err)
{
	return !counts(r, path) ? 1 : kept_read(r->opt->good,
	    r->opt->public_key, path, text, len, err);
}

void
kept_recall(const struct reader *r, struct file *f,
    struct spec_errors *errors)
{
	struct spec_place place = { .file = f->path };
	struct error err;
	size_t len;
	char *text;
	int rc;

	if (r->opt->good == NULL)
		return;
	f->asked = true;
	error_clear(&err);
	rc = read_kept(r, f->path, &text, &len, &err);
	if (rc == -1)
		(void)spec_error_add(errors, place, true, "what was kept of "
		    "it in %s is not used: %s", r->opt->good, err.text);
	if (rc != 0)
		return;
	f->good = content_of(f->path, text, len);
	if (f->good != NULL && !was_signed(r, f->path, f->good->digest)) {
		content_unref(f->good);
		f->good = NULL;
	}
	if (f->good != NULL && f->now != NULL && memcmp(f->now->digest,
	    f->good->digest, sizeof f->good->digest) == 0) {
		content_unref(f->good);
		f->good = content_ref(f->now);
	}
	/* A language that changed since may find it wrong now. */
	if (f->good != NULL && !f->good->valid) {
		content_unref(f->good);
		f->good = NULL;
	}
	free(text);
}

void
kept_recall_defaults(const struct reader *r, struct file *f,
    struct spec_errors *errors)
{
	if (f->good != NULL || f->asked)
		return;
	kept_recall(r, f, errors);
	if (f->good != NULL && !f->good->docs.defaults) {
		content_unref(f->good);
		f->good = NULL;
	}
	f->asked = f->good != NULL;
}

static bool
digest_is(const struct content *c, const char *text, size_t len)
{
	unsigned char digest[SPEC_DIGEST_SIZE];

	crypto_generichash(digest, sizeof digest, (const unsigned char *)text,
	    len, NULL, 0);
	return memcmp(digest, c->digest, sizeof digest) == 0;
}

/* What is told once needs no text any more. */
static void
told(struct content *c)
{
	free(c->text);
	c->text = NULL;
	c->text_len = 0;
}

static int
keep(const char *path, const void *text, size_t len, kept_send_fn *send,
    void *arg)
{
	struct buffer b = { .data = NULL };
	int rc;

	buffer_add(&b, path, strlen(path) + 1);
	buffer_add(&b, text, len);
	rc = b.failed ? -1 : send(arg, READER_KEEP, b.data, b.len);
	buffer_free(&b);
	return rc;
}

static int
tell_good(struct file *f, kept_send_fn *send, void *arg)
{
	struct content *c = f->good;
	int rc = 0;

	if (c != NULL && c->text != NULL) {
		f->sent = true;
		rc = keep(f->path, c->text, c->text_len, send, arg);
		told(c);
	}
	return rc;
}

enum kept { KEPT_NONE, KEPT_GOOD, KEPT_OTHER };

/* What is kept of a file of which something is good. */
static enum kept
what_is_kept(const struct reader *r, const struct file *f)
{
	bool good = false, counted = counts(r, f->path);
	struct error err;
	size_t len;
	char *kept;
	int rc = kept_read(r->opt->good, NULL, f->path, &kept, &len, &err);

	if (rc == 1 && counted)
		return KEPT_NONE;
	if (rc == 0) {
		good = counted && digest_is(f->good, kept, len);
		free(kept);
	}
	return good ? KEPT_GOOD : KEPT_OTHER;
}

/* Looks what is kept of a file of which the signer has not been told. */
static bool
is_outdated(const struct reader *r, const struct file *f)
{
	enum kept kept = what_is_kept(r, f);

	if (kept == KEPT_GOOD)
		told(f->good);
	return kept == KEPT_OTHER;
}

static int
outdate(const struct reader *r, struct file *f, kept_send_fn *send, void *arg)
{
	char name[KEPT_NAME_SIZE];
	int rc;

	if (f->good == NULL || f->good->text == NULL ||
	    (!f->sent && !is_outdated(r, f)))
		return 0;
	rc = send(arg, READER_FORGET, kept_name(f->path, name),
	    KEPT_NAME_SIZE - 1);
	return rc == 0 ? tell_good(f, send, arg) : rc;
}

int
kept_outdate(struct reader *r, kept_send_fn *send, void *arg)
{
	int rc = 0;

	for (size_t i = 0; r->opt->good != NULL && rc == 0 &&
	    i < r->files.count; i++)
		rc = outdate(r, &r->files.file[i], send, arg);
	return rc;
}

/* -------------------------------------------- that there was a MANIFEST */

#define LIST_PATH_MAX (PATH_MAX + sizeof MANIFEST_NAME)

static char *
list_path(const struct reader *r, char path[LIST_PATH_MAX])
{
	snprintf(path, LIST_PATH_MAX, "%s/" MANIFEST_NAME, r->dir);
	return path;
}

void
kept_list_recall(struct reader *r)
{
	char path[LIST_PATH_MAX], *text;
	struct error err;
	size_t len;

	if (r->opt->good == NULL || r->begun_ms != 0 || r->manifest_kept ||
	    read_kept(r, list_path(r, path), &text, &len, &err) != 0)
		return;
	free(text);
	r->manifest = r->manifest_kept = true;
}

/* The text says nothing; that there is one does. */
static int
tell_list(struct reader *r, kept_send_fn *send, void *arg)
{
	char path[LIST_PATH_MAX], name[KEPT_NAME_SIZE];

	if (r->manifest == r->manifest_kept)
		return 0;
	r->manifest_kept = r->manifest;
	list_path(r, path);
	return r->manifest ? keep(path, "\n", 1, send, arg) :
	    send(arg, READER_FORGET, kept_name(path, name),
	    KEPT_NAME_SIZE - 1);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Called with the name of a kept file; not 0 ends it and is returned. */
typedef int orphan_fn(void *arg, const char *kept);

/* Calls `each` for what is kept of files that are not among `path`. */
static int
orphans(const char *dir, char *const *path, size_t count, orphan_fn *each,
    void *arg)
{
	char (*names)[KEPT_NAME_SIZE];
	struct dirent *e;
	DIR *d = opendir(dir);
	int rc = 0;

	if (d == NULL)
		return 0;
	names = calloc(count + 1, sizeof *names);
	for (size_t i = 0; names != NULL && i < count; i++)
		kept_name(path[i], names[i]);
	if (names != NULL)
		qsort(names, count, sizeof *names, compare_names);
	while (names != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (kept_is_name(e->d_name) && bsearch(e->d_name, names,
		    count, sizeof *names, compare_names) == NULL)
			rc = each(arg, e->d_name);
	free(names);
	closedir(d);
	return rc;
}

/* ------------------------------------------------- what vanished before us */

struct vanished {
	const struct reader *r;
	const struct places *places;
	struct files *files;
};

/* Whether the directory that a file was in cannot be taken at its word. */
static bool
in_doubt(const struct places *p, const char *name)
{
	return places_trouble(p, name) != NULL ||
	    places_swapped(p, name) != NULL;
}

/* One that does not verify is none; others' directories have their own. */
static struct content *
orphan_read(const struct vanished *v, const char *path)
{
	const struct reader *r = v->r;
	size_t len, dir = strlen(r->dir);
	struct content *c;
	struct error err;
	char *text;

	if (strncmp(path, r->dir, dir) != 0 || path[dir] != '/' ||
	    read_kept(r, path, &text, &len, &err) != 0)
		return NULL;
	c = content_of(path, text, len);
	free(text);
	if (c != NULL && (!c->valid || (!c->docs.defaults &&
	    !in_doubt(v->places, path + dir + 1)) ||
	    !was_signed(r, path, c->digest))) {
		content_unref(c);
		c = NULL;
	}
	return c;
}

static int
orphan_take(void *arg, const char *kept)
{
	struct vanished *v = arg;
	struct files *files = v->files;
	char *path = kept_path(v->r->opt->good, kept);
	struct content *c = path == NULL ? NULL : orphan_read(v, path);
	struct file *grown = c == NULL ? NULL : realloc(files->file,
	    (files->count + 1) * sizeof *grown);

	if (grown == NULL) {
		content_unref(c);
		free(path);
		return c == NULL ? 0 : -1;
	}
	files->file = grown;
	grown[files->count++] = (struct file){ .path = path,
		.name = path + strlen(v->r->dir) + 1, .now = content_ref(c),
		.good = c, .asked = true,
		.resets = v->r->signs != NULL ? v->r->signs->resets : 0 };
	return 0;
}

static int
compare_files(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
kept_vanished(const struct reader *r, const struct text_list *names,
    const struct places *places, struct files *files)
{
	struct vanished v = { r, places, files };
	struct text_list paths = { 0 };
	struct buffer b = { .data = NULL };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		b.len = 0;
		buffer_printf(&b, "%s/%s", r->dir, names->text[i]);
		rc = b.failed ? -1 : text_list_add(&paths, b.data);
	}
	if (rc == 0)
		rc = orphans(r->opt->good, paths.text, paths.count,
		    orphan_take, &v);
	if (files->count > 1)
		qsort(files->file, files->count, sizeof *files->file,
		    compare_files);
	text_list_free(&paths);
	buffer_free(&b);
	return rc;
}

/* ---------------------------------------------------------- what to keep */

struct send {
	kept_send_fn *send;
	void *arg;
};

static int
orphan_forget(void *arg, const char *kept)
{
	const struct send *s = arg;

	return s->send(s->arg, READER_FORGET, kept, strlen(kept));
}

/*
 * What is kept of files that were removed while no agent ran: it must not come
 * back when one of that name is made, but for a second, in which an editor may.
 * An empty directory proves nothing, nor does one of which some part cannot be
 * read.
 */
static int
sweep(struct reader *r, kept_send_fn *send, void *arg)
{
	struct send s = { send, arg };
	char **path, *places, list[LIST_PATH_MAX];
	size_t n = 0;
	int rc;

	if (r->swept || r->files.count == 0 || kept_due_ms(r) > 0 ||
	    r->git_problem != NULL)
		return 0;
	for (size_t i = 0; i < r->places.count; i++)
		if (r->places.place[i].problem != NULL)
			return 0;
	path = calloc(r->files.count + r->away.count + 2, sizeof *path);
	places = kept_places_path(r);
	if (path == NULL || places == NULL) {
		free(places);
		free(path);
		return 0;
	}
	for (size_t i = 0; i < r->files.count; i++)
		path[n++] = r->files.file[i].path;
	for (size_t i = 0; i < r->away.count; i++)
		path[n++] = r->away.file[i].path;
	if (r->manifest)
		path[n++] = list_path(r, list);
	path[n++] = places;
	rc = orphans(r->opt->good, path, n, orphan_forget, &s);
	free(places);
	free(path);
	r->swept = true;
	return rc;
}

unsigned
kept_due_ms(const struct reader *r)
{
	long long since = r->opt->good == NULL || r->begun_ms == 0 ? PROOF_MS :
	    r->look_ms - r->begun_ms;

	for (size_t i = 0; r->opt->good != NULL && i < r->away.count; i++)
		if (!r->away.file[i].forgotten)
			since = 0;
	return since >= PROOF_MS ? 0 : (unsigned)(PROOF_MS + 10 - since);
}

int
kept_tell(struct reader *r, kept_send_fn *send, void *arg)
{
	char name[KEPT_NAME_SIZE];
	int rc = 0;

	if (r->opt->good == NULL || !r->seen)
		return 0;
	for (size_t i = 0; rc == 0 && i < r->forgotten.count; i++)
		rc = send(arg, READER_FORGET, kept_name(
		    r->forgotten.text[i], name), KEPT_NAME_SIZE - 1);
	text_list_free(&r->forgotten);
	for (size_t i = 0; rc == 0 && i < r->files.count; i++)
		rc = tell_good(&r->files.file[i], send, arg);
	if (rc == 0)
		rc = tell_list(r, send, arg);
	if (rc == 0)
		rc = kept_places_tell(r, send, arg);
	return rc == 0 ? sweep(r, send, arg) : rc;
}

/* ------------------------------------- what was told and may not be kept */

/*
 * So much at a time that neither the agent nor a scan has to wait for long: bytes
 * of texts, and what a look and a text count beside.
 */
#define AGAIN_BYTES ((size_t)256 * 1024)
#define LOOK_BYTES 1024
#define TEXT_BYTES ((size_t)16 * 1024)

int
kept_doubt(struct reader *r)
{
	for (size_t i = 0; i < r->files.count; i++)
		r->files.file[i].doubted = true;
	r->manifest_kept = false;
	free(r->places_told);
	r->places_told = NULL;
	return kept_look(r);
}

/*
 * The text that was told is not at hand any more, but its file is.  One that says
 * something else by now, or cannot be read, is the next scan's.
 */
static void
read_again(struct file *f)
{
	struct content *c = f->good;
	struct error err;
	size_t len;
	char *text;

	if (f->now != c || c->text != NULL || file_read(AT_FDCWD, f->path,
	    SPEC_FILE_MAX, &text, &len, &err) != 0)
		return;
	if (digest_is(c, text, len)) {
		c->text = text;
		c->text_len = len;
	} else
		free(text);
}

/*
 * What is not the good text is outdated, whether that can be told again or not;
 * it may be marked since it was told first.
 */
static int
tell_again(const struct reader *r, struct file *f, kept_send_fn *send,
    void *arg, size_t *bytes)
{
	enum kept kept = what_is_kept(r, f);
	char name[KEPT_NAME_SIZE];
	int rc = 0;

	*bytes += LOOK_BYTES;
	if (kept == KEPT_GOOD)
		return 0;
	read_again(f);
	*bytes += TEXT_BYTES + f->good->text_len;
	if (kept == KEPT_OTHER)
		rc = send(arg, is_marked(r, f->path) ? READER_FORGET_MARKED :
		    READER_FORGET, kept_name(f->path, name),
		    KEPT_NAME_SIZE - 1);
	return rc == 0 ? tell_good(f, send, arg) : rc;
}

int
kept_again(struct reader *r, kept_send_fn *send, void *arg, size_t *left)
{
	size_t bytes = 0;
	int rc = 0;

	*left = 0;
	for (size_t i = 0; r->opt->good != NULL && rc == 0 &&
	    i < r->files.count; i++) {
		struct file *f = &r->files.file[i];

		if (f->doubted && bytes >= AGAIN_BYTES) {
			++*left;
		} else if (f->doubted) {
			f->doubted = false;
			if (f->good != NULL)
				rc = tell_again(r, f, send, arg, &bytes);
		}
	}
	return rc == 0 ? kept_tell(r, send, arg) : rc;
}
