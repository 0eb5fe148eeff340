/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files with secrets, looked at in each scan.  The reader keeps no value: what
 * it remembers tells whether a file must be read again, and what was told.
 */
#include "agent/read/scan.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"

#define AGAIN_MS 100 /* while somebody writes one */

static const char *
file_of(const void *table, size_t i)
{
	return ((const struct reader *)table)->secret[i].file;
}

/* Marks a file as wanted; one that is new is added. */
static int
want(struct reader *r, const char *file)
{
	bool found;
	size_t at = sorted_position(r, r->secret_count, file_of, file, &found);
	struct secret_file *grown;

	if (found) {
		r->secret[at].wanted = true;
		return 0;
	}
	grown = realloc(r->secret, (r->secret_count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	r->secret = grown;
	memmove(grown + at + 1, grown + at,
	    (r->secret_count - at) * sizeof *grown);
	memset(&grown[at], 0, sizeof *grown);
	r->secret_count++;
	grown[at].wanted = true;
	grown[at].file = strdup(file);
	return grown[at].file != NULL ? 0 : -1;
}

static int
want_all(struct reader *r)
{
	int rc = 0;

	for (size_t i = 0; i < r->secret_count; i++)
		r->secret[i].wanted = false;
	for (size_t i = 0; i < r->asked.count; i++)
		rc |= want(r, r->asked.text[i]);
	for (size_t i = 0; i < r->sent_count; i++)
		for (size_t k = 0; k < r->sent[i].secrets.count; k++)
			rc |= want(r, r->sent[i].secrets.text[k]);
	return rc;
}

/* Looks at one file.  Returns whether there is something to tell. */
static bool
look(struct secret_file *f, struct bytes_out *out, unsigned *again_ms)
{
	struct secret now;
	enum secret_look what = secret_look(f->file, &f->last, true, &now);

	if (what == SECRET_SAME)
		return false;
	if (what == SECRET_WRITTEN &&
	    (*again_ms == 0 || *again_ms > AGAIN_MS))
		*again_ms = AGAIN_MS;
	if (what == SECRET_NEW) {
		put_text(out, f->file);
		put_text(out, now.real);
		put_text(out, now.value);
		put_text(out, now.problem);
	}
	secret_wipe(&now);
	secret_finish(&f->last);
	f->last = now;
	return what == SECRET_NEW;
}

/* Nothing names it any more. */
static void
tell_unwanted(struct secret_file *f, struct bytes_out *out)
{
	put_text(out, f->file);
	for (int i = 0; i < 3; i++)
		put_text(out, NULL);
	secret_finish(&f->last);
	free(f->file);
}

void
secrets_look(struct reader *r, struct bytes_out *out, unsigned *again_ms)
{
	struct bytes_out some = { 0 };
	uint32_t told = 0;
	size_t kept = 0;

	some.failed = want_all(r) != 0;
	for (size_t i = 0; i < r->secret_count; i++) {
		struct secret_file *f = &r->secret[i];

		if (f->wanted) {
			told += look(f, &some, again_ms);
			r->secret[kept++] = *f;
			continue;
		}
		tell_unwanted(f, &some);
		told++;
	}
	r->secret_count = kept;
	put_number(out, told);
	put_raw(out, some.data, some.len);
	out->failed |= some.failed;
	if (some.data != NULL)
		sodium_memzero(some.data, some.room);
	free(some.data);
}

void
secrets_finish(struct reader *r)
{
	for (size_t i = 0; i < r->secret_count; i++) {
		secret_finish(&r->secret[i].last);
		free(r->secret[i].file);
	}
	free(r->secret);
	text_list_free(&r->asked);
}
