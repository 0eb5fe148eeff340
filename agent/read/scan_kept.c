/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Last good texts beyond the life of the agent.  The signer writes them, since
 * it has the key and time to wait for disks; the reader reads one when a file
 * never was good in its own life.
 */
#include "agent/read/scan.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
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

void
kept_recall(const struct reader *r, struct file *f,
    struct spec_errors *errors)
{
	unsigned char digest[SPEC_DIGEST_SIZE];
	struct spec_place place = { .file = f->path };
	struct error err;
	size_t len;
	char *text;
	int rc;

	if (r->opt->good == NULL)
		return;
	f->asked = true;
	error_clear(&err);
	rc = kept_read(r->opt->good, r->opt->public_key, f->path, &text, &len,
	    &err);
	if (rc == -1)
		(void)spec_error_add(errors, place, true, "what was kept of "
		    "it in %s is not used: %s", r->opt->good, err.text);
	if (rc != 0)
		return;
	crypto_generichash(digest, sizeof digest, (const unsigned char *)text,
	    len, NULL, 0);
	if (!was_signed(r, f->path, digest))
		;
	else if (f->now != NULL && memcmp(f->now->digest, digest,
	    sizeof digest) == 0)
		f->good = content_ref(f->now);
	else
		f->good = content_new(f->path, text, len, digest);
	/* A language that changed since may find it wrong now. */
	if (f->good != NULL && !f->good->valid) {
		content_unref(f->good);
		f->good = NULL;
	}
	free(text);
}

static int
tell_good(const struct reader *r, struct file *f, kept_send_fn *send,
    void *arg)
{
	struct content *c = f->good;
	struct buffer b = { .data = NULL };
	int rc = 0;

	if (c == NULL || c->text == NULL)
		return 0;
	if (!kept_has(r->opt->good, f->path, c->text, c->text_len)) {
		buffer_add(&b, f->path, strlen(f->path) + 1);
		buffer_add(&b, c->text, c->text_len);
		rc = b.failed ? -1 : send(arg, READER_KEEP, b.data, b.len);
	}
	buffer_free(&b);
	free(c->text);
	c->text = NULL;
	return rc;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/*
 * What is kept of files that were removed while no agent ran: it must not come
 * back when one of that name is made.  An empty directory proves nothing.
 */
static int
sweep(const struct reader *r, kept_send_fn *send, void *arg)
{
	char (*names)[KEPT_NAME_SIZE];
	struct dirent *e;
	DIR *d = opendir(r->opt->good);
	int rc = 0;

	if (d == NULL)
		return 0;
	names = calloc(r->files.count, sizeof *names);
	for (size_t i = 0; names != NULL && i < r->files.count; i++)
		kept_name(r->files.file[i].path, names[i]);
	if (names != NULL)
		qsort(names, r->files.count, sizeof *names, compare_names);
	while (names != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (kept_is_name(e->d_name) && bsearch(e->d_name, names,
		    r->files.count, sizeof *names, compare_names) == NULL)
			rc = send(arg, READER_FORGET, e->d_name,
			    strlen(e->d_name));
	free(names);
	closedir(d);
	return rc;
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
		rc = tell_good(r, &r->files.file[i], send, arg);
	if (rc == 0 && !r->swept && r->files.count > 0) {
		r->swept = true;
		rc = sweep(r, send, arg);
	}
	return rc;
}
