/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets that count as a whole: those with a list (manifest.h), those behind links
 * that are exchanged together (links.h), and what links on the way to the directory
 * lead to, if that is another one than before.  Until all files of such a set are
 * there, and nothing is wrong with any, it is what it was.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/links.h"
#include "agent/read/scan.h"
#include "agent/read/scan_kept.h"
#include "agent/read/trust.h"

#define GONE_MS 1000 /* for a MANIFEST that is replaced */

/* How a set is announced. */
struct announced {
	bool listed; /* in `m` */
	bool linked; /* through links */
	struct manifest m;
	char by[2 * PATH_MAX + 64]; /* for messages; "": it is not */
};

/* `e`: as it is listed, or NULL. */
static int
judge_file(const struct file *f, const struct manifest_entry *e,
    struct error *err)
{
	char *text;

	if (f->vanished_ms != 0)
		return error_set(err, EAGAIN, "%s was there a moment ago",
		    f->name);
	if (f->unsettled)
		return error_set(err, EAGAIN, "%s is being written", f->name);
	if (f->problem != NULL || f->now == NULL)
		return error_set(err, EINVAL, "%s: %s", f->name,
		    f->problem != NULL ? f->problem : "was not read yet");
	if (e != NULL && memcmp(f->now->sha256, e->sha256,
	    sizeof e->sha256) != 0)
		return error_set(err, EINVAL, "%s is another one than it "
		    "lists", f->name);
	for (size_t i = 0; i < f->now->errors.count; i++) {
		if (f->now->errors.error[i].warning)
			continue;
		text = spec_error_text(&f->now->errors.error[i]);
		error_set(err, EINVAL, "%s", text != NULL ? text : f->name);
		free(text);
		return -1;
	}
	return 0;
}

/* The first file from the k-th on that is there. */
static size_t
present(const struct files *files, size_t k)
{
	while (k < files->count && files->file[k].gone)
		k++;
	return k;
}

/* Both are sorted by name. */
static int
judge_list(const struct manifest *m, const struct files *files,
    struct error *err)
{
	size_t i = 0, k = present(files, 0);

	while (i < m->count || k < files->count) {
		const struct file *f = k < files->count ? &files->file[k] :
		    NULL;
		const struct manifest_entry *e = i < m->count ? &m->entry[i] :
		    NULL;
		int order = f == NULL ? -1 : e == NULL ? 1 :
		    strcmp(e->name, f->name);

		if (order < 0)
			return error_set(err, ENOENT, "%s, which it lists, is "
			    "not there", e->name);
		if (order > 0 && f->problem == NULL)
			return error_set(err, EEXIST, "does not list %s",
			    f->name);
		if (order > 0)
			return error_set(err, EINVAL, "%s: %s", f->name,
			    f->problem);
		if (judge_file(f, e, err) != 0)
			return -1;
		i++;
		k = present(files, k + 1);
	}
	return 0;
}

/* Defaults of a directory that was swapped, too, are gone by the list's word. */
static void
say_gone(struct file *f)
{
	if (f->lost) {
		free(f->problem);
		f->problem = NULL;
		f->lost = f->unsettled = false;
		content_unref(f->now);
		f->now = content_ref(f->good);
		f->vanished_ms = monotonic_ms();
	}
	f->gone = true;
}

/*
 * The list says what belongs to the set: no more proof is needed.  Returns how
 * many with defaults are gone, which stay in the table until the agent has
 * judged that.
 */
static size_t
drop_vanished(struct files *files)
{
	size_t kept = 0, gone = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct file *f = &files->file[i];

		if (f->vanished_ms == 0 && !f->lost) {
			files->file[kept++] = *f;
		} else if (f->good != NULL && f->good->docs.defaults) {
			say_gone(f);
			gone++;
			files->file[kept++] = *f;
		} else {
			file_finish(f);
		}
	}
	files->count = kept;
	return gone;
}

static int
compare_file(const void *name, const void *file)
{
	return strcmp(name, ((const struct file *)file)->name);
}

static bool
is_there(void *arg, const char *name)
{
	const struct files *files = arg;
	const struct file *f = files->count == 0 ? NULL : bsearch(name,
	    files->file, files->count, sizeof *f, compare_file);

	return f != NULL && f->vanished_ms == 0;
}

/* Without a list the files are the set, with all that is behind links. */
static int
judge_found(const struct reader *r, int dirfd, const struct places *places,
    bool linked, struct files *files, struct error *err)
{
	for (size_t i = present(files, 0); i < files->count;
	    i = present(files, i + 1))
		if (judge_file(&files->file[i], NULL, err) != 0)
			return -1;
	for (size_t i = 0; linked && i < places->count; i++) {
		const struct place *p = &places->place[i];

		if (p->problem == NULL && p->gone_ms == 0 &&
		    p->layout.data != 0 && links_complete(dirfd, p->name,
		    r->opt->below, is_there, files, err) != 0)
			return -1;
	}
	return 0;
}

/* All is as it is announced, and nothing is wrong with it. */
static void
take_over(struct reader *r, struct files *next, bool listed, bool withhold)
{
	r->manifest = listed;
	r->withheld = withhold;
	for (size_t i = 0; i < next->count; i++)
		next->file[i].invalid = next->file[i].stands_in = false;
}

/* The MANIFEST decides what runs, as a spec does. */
static int
trusted(const struct reader *r, int dirfd, struct error *err)
{
	char path[PATH_MAX + sizeof MANIFEST_NAME];
	struct stat st;

	if (!r->opt->trust || fstatat(dirfd, MANIFEST_NAME, &st, 0) != 0)
		return 0;
	snprintf(path, sizeof path, "%s/" MANIFEST_NAME, r->dir);
	return trust_owner(path, &st, err) != 0 ||
	    trust_path(r->real, MANIFEST_NAME, true, NULL, err) != 0 ? -1 : 0;
}

/* A signed one was read before the files were; it is taken over. */
static int
read_list(const struct reader *r, int dirfd, struct manifest *m,
    struct error *err)
{
	struct signed_input *s = r->signs;

	if (s == NULL || !s->listed)
		return manifest_read(dirfd, m, err);
	*m = s->manifest;
	s->manifest = (struct manifest){ 0 };
	return s->list_problem[0] == '\0' ? 0 :
	    error_set(err, EINVAL, "%s", s->list_problem);
}

/* Whether each file counts for itself by now: 0, else 1 with the reason. */
static int
without(struct reader *r, struct error *why)
{
	if (!r->manifest)
		return 0;
	if (r->manifest_gone_ms == 0)
		r->manifest_gone_ms = monotonic_ms();
	if (r->look_ms - r->manifest_gone_ms < GONE_MS) {
		error_set(why, ENOENT, "is gone");
		return 1;
	}
	r->manifest = false;
	return 0;
}

/* Whether a spec file, or a directory with some, is a link through `..data`. */
static bool
is_linked(int dirfd, const struct places *places, const struct files *files)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->place[i].name[0] != '\0' &&
		    links_lead(dirfd, places->place[i].name))
			return true;
	for (size_t i = 0; i < files->count; i++)
		if (files->file[i].id.link_ino != 0 &&
		    files->file[i].vanished_ms == 0 &&
		    links_lead(dirfd, files->file[i].name))
			return true;
	return false;
}

/* Fills in *a.  Returns 0, else the reason why it cannot be told. */
static int
announced(struct reader *r, int dirfd, const struct places *places,
    const struct files *next, struct announced *a, struct error *why)
{
	int rc;

	snprintf(a->by, sizeof a->by, "%s/" MANIFEST_NAME, r->dir);
	rc = read_list(r, dirfd, &a->m, why);
	a->listed = rc == 0;
	if (rc != 1) {
		r->manifest_gone_ms = 0;
		return rc == 0 ? trusted(r, dirfd, why) : rc;
	}
	if (without(r, why) != 0)
		return 1;
	a->linked = is_linked(dirfd, places, next);
	if (a->linked)
		snprintf(a->by, sizeof a->by, "%s/" LINKS_NAME, r->dir);
	else if (places_led(&r->places, places))
		snprintf(a->by, sizeof a->by, "directory %s, which is %s now",
		    r->dir, r->real);
	else
		a->by[0] = '\0';
	return 0;
}

static size_t
count_gone(const struct files *files)
{
	size_t n = 0;

	for (size_t i = 0; i < files->count; i++)
		n += files->file[i].gone;
	return n;
}

/* Returns 0 when the set is whole, else the reason why it is not. */
static int
judge(struct reader *r, int dirfd, const struct places *places,
    struct announced *a, struct files *next, struct error *why)
{
	size_t gone = a->listed ? drop_vanished(next) : count_gone(next);
	int rc = a->listed ? judge_list(&a->m, next, why) :
	    judge_found(r, dirfd, places, a->linked, next, why);

	if (rc == 0)
		rc = files_resolve(next, why);
	if (rc == 0 && a->listed && r->signs != NULL && r->signs->listed)
		rc = signed_end(r, next, why);
	if (rc == 0)
		take_over(r, next, a->listed, gone > 0);
	return rc;
}

int
scan_judge(struct reader *r, int dirfd, const struct places *places,
    struct files *next, struct error *err)
{
	struct announced a = { .listed = false };
	struct error why;
	int rc;

	error_clear(&why);
	kept_list_recall(r);
	rc = announced(r, dirfd, places, next, &a, &why);
	if (rc == 0 && a.by[0] == '\0') {
		r->withheld = false;
		return 0;
	}
	if (rc == 0)
		rc = judge(r, dirfd, places, &a, next, &why);
	manifest_free(&a.m);
	if (rc == 0)
		return 0;
	error_set(err, why.code, "%s: %s; the set stays what it was", a.by,
	    why.text);
	return 1;
}
