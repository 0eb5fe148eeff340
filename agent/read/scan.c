/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/scan.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/trust.h"

#define PROOF_MS 1000 /* between two scans that prove an absence */
#define RENAMED (-1)  /* for vanished_ms: under another name */
#define PATIENCE_MS 3000 /* with files that are not as the MANIFEST says */
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
	git_blob(text, len, c->blob);
	manifest_digest(text, len, c->sha256);
	c->valid = spec_parse(c->path, text, len, &c->docs, &c->errors) == 0;
	spec_docs_settle(&c->docs);
	return c;
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
	    strcmp(a->name, b->name) == 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory that can be specs, sorted. */
static int
read_names(int dirfd, struct text_list *names, struct error *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		error_sys(err, errno, "cannot be read");
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (errno = 0, (e = readdir(d)) != NULL)
		if (spec_file_name(e->d_name) &&
		    text_list_add(names, e->d_name) != 0) {
			errno = ENOMEM;
			break;
		}
	if (errno != 0) {
		error_sys(err, errno, "cannot be read");
		closedir(d);
		return -1;
	}
	closedir(d);
	if (names->count > 1)
		qsort(names->text, names->count, sizeof *names->text,
		    compare_names);
	return 0;
}

/*
 * A file that is no longer there.  Its own jails are the agent's to judge, but
 * defaults that are gone change the jails of other files: they count until
 * they were absent for a second (promise absence-needs-proof).
 */
static int
keep_vanished(const struct file *old, struct files *next)
{
	struct file *f = &next->file[next->count];
	long long now = monotonic_ms();

	if (old->good == NULL || !old->good->docs.defaults ||
	    (old->vanished_ms != 0 && now - old->vanished_ms >= PROOF_MS))
		return 0;
	*f = (struct file){ .path = strdup(old->path) };
	if (f->path == NULL)
		return -1;
	f->name = f->path + (old->name - old->path);
	f->now = content_ref(old->good);
	f->good = content_ref(old->good);
	f->vanished_ms = old->vanished_ms != 0 ? old->vanished_ms : now;
	next->count++;
	return 0;
}

/* Whether another file has what a vanished one held: it was renamed. */
static bool
was_renamed(const struct files *files, const struct file *f)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct file *g = &files->file[i];

		if (g->vanished_ms == 0 && g->now != NULL &&
		    memcmp(g->now->digest, f->now->digest,
		    sizeof g->now->digest) == 0)
			return true;
	}
	return false;
}

static void
drop_renamed(struct files *files)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct file *f = &files->file[i];

		if (f->vanished_ms != 0 && was_renamed(files, f))
			f->vanished_ms = RENAMED;
	}
	for (size_t i = 0; i < files->count; i++) {
		if (files->file[i].vanished_ms == RENAMED)
			file_finish(&files->file[i]);
		else
			files->file[kept++] = files->file[i];
	}
	files->count = kept;
}

/*
 * Looks at the files called `names`; both lists are sorted, so what is known
 * of each is found by going along.
 */
static int
look_at_files(const struct reader *r, int dirfd, const struct text_list *names,
    struct files *next)
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
		int rc;

		for (; k < known->count &&
		    strcmp(known->file[k].name, names->text[i]) < 0; k++)
			if (keep_vanished(&known->file[k], next) != 0)
				return -1;
		if (k < known->count &&
		    strcmp(known->file[k].name, names->text[i]) == 0)
			old = &known->file[k++];
		rc = scan_file(r, dirfd, names->text[i], old,
		    &next->file[next->count]);
		if (rc == -1)
			return -1;
		next->count += (size_t)rc;
		if (rc == 0 && old != NULL && keep_vanished(old, next) != 0)
			return -1;
	}
	for (; k < known->count; k++)
		if (keep_vanished(&known->file[k], next) != 0)
			return -1;
	drop_renamed(next);
	return 0;
}

/* What must be the same at the end for the files to belong together. */
struct layout {
	struct stat dir, data;
};

/*
 * The directory, and the link `..data` through which Kubernetes swaps the
 * whole of a directory's content.
 */
static int
layout_read(int dirfd, const char *path, struct layout *l)
{
	memset(l, 0, sizeof *l);
	if (stat(path, &l->dir) != 0)
		return -1;
	(void)fstatat(dirfd, "..data", &l->data, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static bool
layout_same(const struct layout *a, const struct layout *b)
{
	return a->dir.st_dev == b->dir.st_dev &&
	    a->dir.st_ino == b->dir.st_ino &&
	    a->data.st_ino == b->data.st_ino &&
	    a->data.st_ctim.tv_sec == b->data.st_ctim.tv_sec &&
	    a->data.st_ctim.tv_nsec == b->data.st_ctim.tv_nsec;
}

static int
check_directory(const struct reader *r, const struct stat *st,
    struct error *err)
{
	bool sticky = (st->st_mode & S_ISVTX) != 0;
	struct stat own = *st;

	/* Of a sticky directory each file is checked by itself. */
	if (sticky)
		own.st_mode &= (mode_t)~(S_IWGRP | S_IWOTH);
	if (r->opt->trust && trust_owner(r->real, &own, err) != 0)
		return -1;
	if (r->seen && r->dev != st->st_dev)
		return error_set(err, ENXIO, "directory %s is on another device"
		    " than before, as if it were not mounted; mount it, or "
		    "use jailagent ack '*' to take it as it is", r->dir);
	return 0;
}

enum { TAKEN = 0, REPLACED = 1, WAITS = 2 };

/*
 * One attempt.  Returns 0, 1 when the directory was replaced meanwhile, 2 with
 * the reason when its MANIFEST says something else, -1 with the reason.
 */
static int
attempt(struct reader *r, struct files *next, struct stat *st,
    struct error *err)
{
	struct text_list names = { 0 };
	struct layout before, after;
	int dirfd, rc = -1;

	if (trust_path("/", r->dir, r->opt->trust, r->real, err) != 0)
		return error_wrap(err, "directory %s", r->dir);
	dirfd = open(r->real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd == -1)
		return error_sys(err, errno, "directory %s", r->dir);
	if (fstat(dirfd, st) != 0 || layout_read(dirfd, r->dir, &before) != 0)
		error_sys(err, errno, "directory %s", r->dir);
	else if (check_directory(r, st, err) != 0 ||
	    (r->signs != NULL && signed_begin(r, dirfd, err) != 0))
		;
	else if (read_names(dirfd, &names, err) != 0)
		error_wrap(err, "directory %s", r->dir);
	else if (look_at_files(r, dirfd, &names, next) != 0)
		error_sys(err, ENOMEM, "directory %s", r->dir);
	else if (st->st_ino != before.dir.st_ino ||
	    layout_read(dirfd, r->dir, &after) != 0 ||
	    !layout_same(&before, &after))
		rc = REPLACED;
	else if ((rc = scan_judge(r, dirfd, next, err)) == 1)
		rc = WAITS;
	text_list_free(&names);
	close(dirfd);
	return rc;
}

/* Files of which nothing need be kept any more; both lists are sorted. */
static void
forget_dropped(struct reader *r, const struct files *next)
{
	size_t k = 0;

	for (size_t i = 0; i < r->files.count; i++) {
		const struct file *f = &r->files.file[i];

		while (k < next->count &&
		    strcmp(next->file[k].name, f->name) < 0)
			k++;
		if (k == next->count ||
		    strcmp(next->file[k].name, f->name) != 0)
			(void)text_list_add(&r->forgotten, f->path);
	}
}

/* Takes over what was found. */
static void
commit(struct reader *r, struct files *next, dev_t dev, bool *changed,
    unsigned *again_ms)
{
	bool unsettled = false;

	*changed = !r->seen || next->count != r->files.count;
	for (size_t i = 0; i < next->count; i++) {
		if (!*changed)
			*changed = !file_same(&next->file[i],
			    &r->files.file[i]);
		unsettled |= next->file[i].unsettled ||
		    next->file[i].vanished_ms != 0;
	}
	if (r->opt->good != NULL)
		forget_dropped(r, next);
	files_finish(&r->files);
	r->files = *next;
	r->dev = dev;
	r->seen = true;
	r->tries = unsettled ? r->tries + 1 : 0;
	*again_ms = !unsettled ? 0 : r->tries > 5 ? 1000 : 25u << r->tries;
}

/*
 * Files on their way to what the MANIFEST says.  For a while that is as if some
 * file were being written; then it is said, and the set stays what it was.
 */
static int
wait_for_set(struct reader *r, struct files *next, unsigned *again_ms)
{
	long long now = monotonic_ms();

	if (r->pending.file == NULL)
		r->pending_ms = now;
	files_finish(&r->pending);
	r->pending = *next;
	if (now - r->pending_ms >= PATIENCE_MS)
		return -1;
	*again_ms = 100;
	return 0;
}

int
scan_look(struct reader *r, bool *changed, unsigned *again_ms,
    struct error *err)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct files next = { 0 };
		struct stat st;
		int rc = attempt(r, &next, &st, err);

		if (rc == TAKEN) {
			commit(r, &next, st.st_dev, changed, again_ms);
			files_finish(&r->pending);
			return 0;
		}
		if (rc == WAITS)
			return wait_for_set(r, &next, again_ms);
		files_finish(&next);
		if (rc == -1)
			return -1;
	}
	return error_set(err, EAGAIN, "directory %s is replaced again and again"
	    " while it is read", r->dir);
}
