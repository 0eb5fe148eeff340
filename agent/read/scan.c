/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/scan_away.h"
#include "agent/read/scan_kept.h"
#include "agent/read/trust.h"

#define PATIENCE_MS 3000 /* with a set that is not whole */
#define ATTEMPTS 3 /* at a directory that is replaced while we look */

struct content *
content_new(const char *path, const char *text, size_t len,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	struct content *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->refs = 1;
	c->path = strdup(path);
	if (c->path == NULL) {
		free(c);
		return NULL;
	}
	memcpy(c->digest, digest, sizeof c->digest);
	c->len = len;
	git_blob(text, len, c->blob);
	manifest_digest(text, len, c->sha256);
	c->valid = spec_parse(c->path, text, len, &c->docs, &c->errors) == 0;
	spec_docs_settle(&c->docs);
	return c;
}

struct content *
content_of(const char *path, const char *text, size_t len)
{
	unsigned char digest[SPEC_DIGEST_SIZE];

	crypto_generichash(digest, sizeof digest, (const unsigned char *)text,
	    len, NULL, 0);
	return content_new(path, text, len, digest);
}

struct content *
content_ref(struct content *c)
{
	if (c != NULL)
		c->refs++;
	return c;
}

void
content_unref(struct content *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	spec_docs_free(&c->docs);
	spec_errors_free(&c->errors);
	free(c->text);
	free(c->path);
	free(c);
}

void
file_finish(struct file *f)
{
	content_unref(f->now);
	content_unref(f->good);
	content_unref(f->before);
	free(f->problem);
	free(f->path);
}

void
files_finish(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		file_finish(&files->file[i]);
	free(files->file);
	*files = (struct files){ 0 };
}

/* Whether both say the same; when they were looked at does not count. */
bool
file_same(const struct file *a, const struct file *b)
{
	if ((a->problem == NULL) != (b->problem == NULL) ||
	    (a->problem != NULL && strcmp(a->problem, b->problem) != 0))
		return false;
	return a->now == b->now && a->unsettled == b->unsettled &&
	    (a->vanished_ms == 0) == (b->vanished_ms == 0) &&
	    a->gone == b->gone && strcmp(a->name, b->name) == 0 &&
	    (a->problem == NULL || file_unwritten(a) == file_unwritten(b));
}

/*
 * A directory that was swapped is what it is now when nothing is missing of
 * the one before.
 */
static void
settle_swapped(struct reader *r, struct places *places,
    const struct files *files)
{
	for (size_t i = 0; i < places->count; i++) {
		struct place *p = &places->place[i];
		bool missing = false;

		for (size_t k = 0; p->swapped && k < files->count; k++)
			missing |= files->file[k].lost &&
			    place_holds(p, files->file[k].name);
		r->accept_helps |= missing;
		if (p->swapped && !missing)
			p->origin = p->layout;
	}
}

static int
look_at_one(const struct reader *r, int dirfd, const struct places *places,
    const char *name, const struct file *old, struct files *next)
{
	const struct place *p = places_find(places, name);
	struct file *f = &next->file[next->count];
	int rc;

	if (p != NULL && p->problem != NULL)
		rc = scan_problem(r, name, p->problem, f);
	else if (strcmp(name, GIT_PLACE) == 0)
		rc = scan_problem(r, name, r->git_problem, f);
	else
		rc = scan_file(r, dirfd, name, old, f);
	if (rc == -1)
		return -1;
	next->count += (size_t)rc;
	return rc == 0 && old != NULL ? away_carry(r, places, old, next) :
	    0;
}

/*
 * Looks at the files called `names`; both lists are sorted, so what is known
 * of each is found by going along.
 */
static int
look_at_files(const struct reader *r, int dirfd, const struct places *places,
    const struct text_list *names, struct files *next)
{
	const struct files *known = r->pending.file != NULL ? &r->pending :
	    &r->files;
	size_t k = 0;

	next->file = calloc(names->count + known->count + 1,
	    sizeof *next->file);
	if (next->file == NULL)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		const struct file *old = NULL;

		for (; k < known->count &&
		    strcmp(known->file[k].name, names->text[i]) < 0; k++)
			if (away_carry(r, places, &known->file[k],
			    next) != 0)
				return -1;
		if (k < known->count &&
		    strcmp(known->file[k].name, names->text[i]) == 0)
			old = &known->file[k++];
		if (look_at_one(r, dirfd, places, names->text[i], old,
		    next) != 0)
			return -1;
	}
	for (; k < known->count; k++)
		if (away_carry(r, places, &known->file[k], next) != 0)
			return -1;
	return away_renamed(next);
}

/* What was there when the last agent ended, until a look is taken. */
static int
recall_vanished(struct reader *r, const struct text_list *names,
    const struct places *places)
{
	if (r->recalled || r->opt->good == NULL)
		return 0;
	files_finish(&r->files);
	return kept_vanished(r, names, places, &r->files);
}

enum { TAKEN = 0, REPLACED = 1, WAITS = 2 };

/*
 * One attempt.  Returns 0, 1 when the directory was replaced meanwhile, 2 with
 * the reason when it is a set that is not whole, -1 with the reason.
 */
static int
attempt(struct reader *r, struct files *next, struct places *places,
    struct error *err)
{
	struct text_list names = { 0 };
	int dirfd, rc = -1;

	if (trust_path("/", r->dir, r->opt->trust, r->real, err) != 0)
		return error_wrap(err, "directory %s", r->dir);
	dirfd = open(r->real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd == -1)
		return error_sys(err, errno, "directory %s", r->dir);
	if (places_look(r, dirfd, places, &names, err) != 0)
		error_wrap(err, "directory %s", r->dir);
	else if (r->signs != NULL && signed_begin(r, dirfd, err) != 0)
		;
	else if (recall_vanished(r, &names, places) != 0 ||
	    look_at_files(r, dirfd, places, &names, next) != 0)
		error_sys(err, ENOMEM, "directory %s", r->dir);
	else if (!places_same(r, dirfd, places))
		rc = REPLACED;
	else if ((rc = scan_judge(r, dirfd, places, next, err)) == 1)
		rc = WAITS;
	text_list_free(&names);
	close(dirfd);
	return rc;
}

/* Whether the watched directory itself is another one. */
static bool
places_moved(const struct places *a, const struct places *b)
{
	const struct place *x = places_find(a, ""), *y = places_find(b, "");

	return x != NULL && y != NULL && !layout_is_of(&x->layout, &y->layout);
}

/* When to look again at what is being written. */
static unsigned
look_soon(struct reader *r)
{
	r->tries++;
	return r->tries > 5 ? 1000 : 25u << r->tries;
}

/* The same where one of the files may be settled sooner. */
static unsigned
look_at_last(struct reader *r, const struct files *files)
{
	long long soon = look_soon(r);

	for (size_t i = 0; i < files->count; i++) {
		const struct file *f = &files->file[i];
		long long left = f->unsettled ?
		    quiet_left_ms(f->since_ms) :
		    f->vanished_ms != 0 && !f->gone ? PROOF_MS -
		    (monotonic_ms() - f->vanished_ms) : 0;

		if (left > 0 && left < soon)
			soon = left + 1;
	}
	return (unsigned)soon;
}

/* Takes over what was found. */
static void
commit(struct reader *r, struct files *next, struct places *places,
    bool *changed, unsigned *again_ms)
{
	bool unsettled = false;

	r->never_ends = false;
	r->looked = true;
	r->known_ms = r->look_ms;
	settle_swapped(r, places, next);
	*changed = !r->seen || next->count != r->files.count;
	for (size_t i = 0; i < next->count; i++) {
		struct file *f = &next->file[i];

		if (!*changed)
			*changed = !file_same(f, &r->files.file[i]);
		if (f->unsettled || (f->vanished_ms != 0 && !f->gone))
			unsettled = true;
		else
			f->known_ms = r->look_ms;
		if (f->known_ms < r->known_ms)
			r->known_ms = f->known_ms;
		r->never_ends |= f->in_steps && !f->unsettled;
	}
	/* Before anything is known of the set nothing is absent from it. */
	if (r->withheld && r->sent_count == 0)
		r->known_ms = 0;
	away_remember(r, next);
	r->replaced |= r->seen && places_moved(&r->places, places);
	/* It is led there when all of that is in use. */
	if (r->withheld && places_led(&r->places, places)) {
		free(places->real);
		places->real = r->places.real;
		r->places.real = NULL;
	}
	files_finish(&r->files);
	r->files = *next;
	places_finish(&r->places);
	r->places = *places;
	if (r->begun_ms == 0)
		r->begun_ms = monotonic_ms();
	r->seen = r->recalled = true;
	if (!unsettled)
		r->tries = 0;
	*again_ms = unsettled ? look_at_last(r, &r->files) : 0;
}

/*
 * Before a set was taken only what was kept tells of which files the defaults are
 * in force: they must not go at once when the file does.
 */
static void
recall_defaults(const struct reader *r, struct files *next)
{
	struct spec_errors told_later = { 0 };

	for (size_t i = 0; !r->seen && i < next->count; i++)
		kept_recall_defaults(r, &next->file[i], &told_later);
	spec_errors_free(&told_later);
}

/*
 * Files on their way to a whole set.  For a while that is as if some
 * file were being written; then it is said, and the set stays what it was.
 */
static int
wait_for_set(struct reader *r, struct files *next, bool settles,
    unsigned *again_ms)
{
	long long now = monotonic_ms();

	/* One that is only not settled yet may be what mends the one before. */
	if (r->pending.file == NULL || (settles && !r->pending_settles))
		r->pending_ms = now;
	r->pending_settles = settles;
	recall_defaults(r, next);
	files_finish(&r->pending);
	r->pending = *next;
	/* Of directories that are not part of the set there are no events. */
	*again_ms = now - r->pending_ms < PATIENCE_MS ? 100 : 1000;
	return *again_ms == 100 ? 0 : -1;
}

int
scan_look(struct reader *r, bool *changed, unsigned *again_ms,
    struct error *err)
{
	if (git_keeps(r)) {
		*again_ms = look_soon(r);
		return 0;
	}
	for (int i = 0; i < ATTEMPTS; i++) {
		struct files next = { 0 };
		struct places places = { 0 };
		int rc = attempt(r, &next, &places, err);

		if (rc != REPLACED && rc != -1 && git_began(r)) {
			places_finish(&places);
			files_finish(&next);
			*again_ms = look_soon(r);
			return 0;
		}
		if (rc == TAKEN) {
			commit(r, &next, &places, changed, again_ms);
			files_finish(&r->pending);
			return 0;
		}
		places_finish(&places);
		if (rc == WAITS)
			return wait_for_set(r, &next, err->code == EAGAIN,
			    again_ms);
		files_finish(&next);
		if (rc == -1)
			return -1;
	}
	return error_set(err, EAGAIN, "directory %s is replaced again and again"
	    " while it is read", r->dir);
}
