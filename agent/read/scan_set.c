/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets that count as a whole (manifest.h).  Until all files are there as the
 * MANIFEST says, and nothing is wrong with any, the set is what it was.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/scan.h"
#include "agent/read/scan_kept.h"
#include "agent/read/trust.h"

#define GONE_MS 1000 /* for a MANIFEST that is replaced */

static int
judge_file(const struct file *f, const struct manifest_entry *e,
    struct error *err)
{
	char *text;

	if (f->unsettled)
		return error_set(err, EAGAIN, "%s is being written", f->name);
	if (f->problem != NULL || f->now == NULL)
		return error_set(err, EINVAL, "%s: %s", f->name,
		    f->problem != NULL ? f->problem : "was not read yet");
	if (memcmp(f->now->sha256, e->sha256, sizeof e->sha256) != 0)
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
judge_files(const struct manifest *m, const struct files *files,
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

/* What the MANIFEST lists is as it says, and nothing is wrong with it. */
static void
take_over(struct reader *r, struct files *next, bool withhold)
{
	r->manifest = true;
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

int
scan_judge(struct reader *r, int dirfd, struct files *next,
    struct error *err)
{
	struct manifest m;
	struct error why;
	size_t gone = 0;
	int rc;

	error_clear(&why);
	kept_list_recall(r);
	rc = read_list(r, dirfd, &m, &why);
	if (rc == 1 && without(r, &why) == 0) {
		r->withheld = false;
		return 0;
	}
	if (rc != 1)
		r->manifest_gone_ms = 0;
	if (rc == 0)
		rc = trusted(r, dirfd, &why);
	if (rc == 0)
		gone = drop_vanished(next);
	if (rc == 0)
		rc = judge_files(&m, next, &why);
	manifest_free(&m);
	if (rc == 0)
		rc = files_resolve(next, &why);
	if (rc == 0 && r->signs != NULL && r->signs->listed)
		rc = signed_end(r, next, &why);
	if (rc == 0) {
		take_over(r, next, gone > 0);
		return 0;
	}
	error_set(err, why.code, "%s/" MANIFEST_NAME ": %s; the set stays "
	    "what it was", r->dir, why.text);
	return 1;
}
