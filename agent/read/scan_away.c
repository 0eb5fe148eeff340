/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are not there any more.  What they declared is the agent's to judge;
 * what is known of them outlives them for a while.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/scan_away.h"
#include "specs/doc.h"

#define AWAY_MAX 10000 /* files that are only compared with */

int
away_carry(const struct reader *r, const struct places *places,
    const struct file *old, struct files *next)
{
	struct file *f = &next->file[next->count];

	if (places_trouble(places, old->name) != NULL) {
		next->count++;
		return scan_carry(r, old, f);
	}
	/* An invalid one that never was good may be about any jail, still. */
	if (places_swapped(places, old->name) != NULL &&
	    old->vanished_ms == 0) {
		next->count++;
		return scan_lost(r, old, places_swapped(places, old->name), f);
	}
	if (old->good == NULL || !old->good->docs.defaults || old->dropped ||
	    (r->signs != NULL && old->resets != r->signs->resets))
		return 0;
	*f = (struct file){ .path = strdup(old->path) };
	if (f->path == NULL)
		return -1;
	f->name = f->path + (old->name - old->path);
	f->now = content_ref(old->good);
	f->good = content_ref(old->good);
	f->known_ms = old->known_ms;
	f->vanished_ms = old->vanished_ms != 0 ? old->vanished_ms :
	    monotonic_ms();
	f->gone = r->look_ms - f->vanished_ms >= PROOF_MS;
	f->resets = old->resets;
	next->count++;
	return 0;
}

static bool
is_away(const struct file *f)
{
	return f->vanished_ms != 0 || f->lost;
}

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(*(const unsigned char *const *)a,
	    *(const unsigned char *const *)b, SPEC_DIGEST_SIZE);
}

/* The digests of what is there, sorted; NULL when memory is out. */
static const unsigned char **
present_digests(const struct files *files, size_t *count)
{
	const unsigned char **digest = calloc(files->count + 1,
	    sizeof *digest);
	size_t n = 0;

	for (size_t i = 0; digest != NULL && i < files->count; i++)
		if (!is_away(&files->file[i]) && files->file[i].now != NULL)
			digest[n++] = files->file[i].now->digest;
	if (n > 1)
		qsort(digest, n, sizeof *digest, compare_digests);
	*count = n;
	return digest;
}

static int
compare_files(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
away_return(const struct reader *r, struct file *f)
{
	const struct file *old = r->away.count == 0 ? NULL : bsearch(f,
	    r->away.file, r->away.count, sizeof *f, compare_files);

	if (old != NULL)
		f->sent = old->sent;
	if (old == NULL || f->good != NULL ||
	    (r->signs != NULL && old->resets != r->signs->resets))
		return;
	if (old->forgotten)
		f->before = content_ref(old->good);
	else
		f->good = content_ref(old->good);
}

static bool
has_digest(const unsigned char **digest, size_t count, const struct content *c)
{
	const unsigned char *own = c != NULL ? c->digest : NULL;

	return own != NULL && count > 0 && bsearch(&own, digest, count,
	    sizeof *digest, compare_digests) != NULL;
}

int
away_renamed(struct files *files)
{
	const unsigned char **present = NULL;
	size_t kept = 0, count = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct file *f = &files->file[i];

		if (is_away(f) && present == NULL &&
		    (present = present_digests(files, &count)) == NULL)
			return -1;
		/* What it is held for, not a text that says nothing. */
		if (is_away(f) && has_digest(present, count, f->good != NULL ?
		    f->good : f->now))
			file_finish(f);
		else
			files->file[kept++] = *f;
	}
	files->count = kept;
	free(present);
	return 0;
}

/*
 * Takes files that are not in `next`, and puts them into `away`, where there is
 * room.  Both are sorted.
 */
static void
collect(struct files *away, struct files *from, const struct files *next)
{
	size_t k = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct file *f = &from->file[i];

		while (k < next->count &&
		    strcmp(next->file[k].name, f->name) < 0)
			k++;
		if (k < next->count && strcmp(next->file[k].name, f->name) == 0)
			continue;
		away->file[away->count++] = *f;
		*f = (struct file){ .path = NULL };
	}
}

/*
 * Forgets those of which it is proven that they are gone: for a second, by the
 * agent's word, or since another file has what they held.  After a second the
 * agent may still hold their jails, for as long as it likes: one that is made anew
 * is compared with what they held.
 */
static void
forget(struct reader *r, struct files *away, const unsigned char **present,
    size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < away->count; i++) {
		struct file *f = &away->file[i];
		bool over = f->dropped || has_digest(present, count, f->good),
		    gone;

		if (f->vanished_ms == 0)
			f->vanished_ms = monotonic_ms();
		gone = over || r->look_ms - f->vanished_ms >= PROOF_MS;
		if (gone && !f->forgotten && r->opt->good != NULL)
			(void)text_list_add(&r->forgotten, f->path);
		if (gone && f->good == NULL) {
			f->good = f->before;
			f->before = NULL;
		}
		f->forgotten |= gone;
		if (over || (gone && (kept >= AWAY_MAX || f->good == NULL)))
			file_finish(f);
		else
			away->file[kept++] = *f;
	}
	away->count = kept;
}

static int
compare_docs(const void *a, const void *b)
{
	const struct spec_doc *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int
compare_doc_name(const void *name, const void *doc)
{
	return strcmp(name, (*(const struct spec_doc *const *)doc)->name);
}

const struct spec_doc *
away_doc(const struct reader *r, const char *name)
{
	const struct spec_doc **doc = r->away_docs == 0 ? NULL : bsearch(name,
	    r->away_doc, r->away_docs, sizeof *doc, compare_doc_name);

	return doc != NULL ? *doc : NULL;
}

static void
index_docs(struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->away.count; i++)
		if (r->away.file[i].good != NULL)
			n += r->away.file[i].good->docs.count;
	free(r->away_doc);
	r->away_docs = 0;
	r->away_doc = n == 0 ? NULL : calloc(n, sizeof *r->away_doc);
	for (size_t i = 0; r->away_doc != NULL && i < r->away.count; i++) {
		const struct content *c = r->away.file[i].good;

		for (size_t k = 0; c != NULL && k < c->docs.count; k++)
			if (c->docs.doc[k]->name != NULL)
				r->away_doc[r->away_docs++] = c->docs.doc[k];
	}
	if (r->away_docs > 1)
		qsort(r->away_doc, r->away_docs, sizeof *r->away_doc,
		    compare_docs);
}

void
away_remember(struct reader *r, const struct files *next)
{
	struct files away = { 0 };
	const unsigned char **present = NULL;
	size_t count = 0;

	away.file = calloc(r->away.count + r->files.count + 1,
	    sizeof *away.file);
	if (away.file == NULL)
		return;
	/* The newest first, which stay when there are too many. */
	collect(&away, &r->files, next);
	collect(&away, &r->away, next);
	if (away.count > 0)
		present = present_digests(next, &count);
	forget(r, &away, present, count);
	free(present);
	if (away.count > 1)
		qsort(away.file, away.count, sizeof *away.file, compare_files);
	files_finish(&r->away);
	r->away = away;
	index_docs(r);
}
