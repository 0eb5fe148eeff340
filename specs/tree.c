/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec.h"
#include "text.h"

/* For the time of tree_read. */
struct walk {
	struct tree *t;
	bool below;
	tree_judge_fn *judge;
	void *arg;
};

/* A directory that is being read, and those in which it is. */
struct level {
	const struct level *up;
	char *name;
	struct stat st;
	unsigned depth;
};

static bool
hidden(const char *name)
{
	return *name == '.' || *name == '#';
}

const char *
tree_bad_name(const char *name)
{
	size_t n = utf8_prefix(name, strlen(name));

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '\x7f')
			n = i;
	return name[n] == '\0' ? NULL :
	    "the file's name has a control character or is not UTF-8; "
	    "rename it";
}

bool
tree_names_spec(const char *name, bool below)
{
	unsigned depth = 0;
	const char *slash;

	for (; (slash = strchr(name, '/')) != NULL; name = slash + 1)
		if (!below || slash == name || hidden(name) ||
		    ++depth > TREE_DEPTH_MAX)
			return false;
	return spec_file_name(name);
}

/* The name below the top of an entry of a directory. */
static char *
name_below(const struct level *l, const char *entry)
{
	struct textbuf b = { 0 };

	textbuf_text(&b, l->name);
	if (l->name[0] != '\0')
		textbuf_text(&b, "/");
	textbuf_text(&b, entry);
	return b.failed ? NULL : b.text;
}

static bool
known_regular(const struct dirent *e)
{
#ifdef DT_DIR
	return e->d_type == DT_REG;
#else
	(void)e;
	return false;
#endif
}

static int
add_file(struct tree *t, const struct level *l, const struct dirent *e)
{
	struct tree_file *f;

	if ((t->files & (t->files - 1)) == 0) {
		size_t room = t->files == 0 ? 1 : t->files * 2;

		f = realloc(t->file, room * sizeof *f);
		if (f == NULL)
			return -1;
		t->file = f;
	}
	f = &t->file[t->files];
	f->name = l->name[0] == '\0' ? strdup(e->d_name) :
	    name_below(l, e->d_name);
	if (f->name == NULL)
		return -1;
	f->prefix = text_prefix(f->name);
	f->regular = known_regular(e);
	t->files++;
	return 0;
}

/* The problem, if there is one, is copied. */
static int
add_dir(struct tree *t, const struct level *l, const char *problem,
    struct error *err)
{
	struct tree_dir *grown, *d;

	grown = realloc(t->dir, (t->count + 1) * sizeof *grown);
	if (grown == NULL)
		return error_sys(err, ENOMEM, "%s", l->name);
	t->dir = grown;
	d = &grown[t->count];
	*d = (struct tree_dir){ .name = strdup(l->name), .st = l->st,
		.problem = problem != NULL ? strdup(problem) : NULL };
	if (d->name == NULL || (problem != NULL && d->problem == NULL)) {
		free(d->name);
		free(d->problem);
		return error_sys(err, ENOMEM, "%s", l->name);
	}
	t->count++;
	return 0;
}

static bool
leads_back(const struct level *l)
{
	for (const struct level *up = l->up; up != NULL; up = up->up)
		if (up->st.st_dev == l->st.st_dev &&
		    up->st.st_ino == l->st.st_ino)
			return true;
	return false;
}

static int
judge(const struct walk *w, const struct level *l, bool link,
    struct error *err)
{
	if (leads_back(l))
		return error_set(err, ELOOP, "is a directory that is above "
		    "it: a loop; remove the link");
	if (l->depth > TREE_DEPTH_MAX)
		return error_set(err, ENAMETOOLONG, "is more than %d "
		    "directories deep; its files are not read",
		    TREE_DEPTH_MAX);
	return w->judge == NULL ? 0 : w->judge(w->arg, l->name, &l->st, link,
	    err);
}

static int read_level(struct walk *w, struct level *l, int fd, bool link,
    struct error *err);

/* An entry that may be a directory; `fd` is of the one that holds it. */
static int
enter(struct walk *w, const struct level *up, int fd, const char *entry,
    struct error *err)
{
	struct level l = { .up = up, .depth = up->depth + 1 };
	struct stat st;
	int sub, rc;

	if (fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)))
		return 0;
	sub = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_NONBLOCK |
	    O_CLOEXEC);
	/* A link to a file, or to nothing, is none of ours. */
	if (sub == -1 && errno != EACCES && errno != EIO && errno != ESTALE)
		return errno == ENOTDIR || errno == ENOENT || errno == ELOOP ?
		    0 : error_sys(err, errno, "%s", entry);
	l.st = st;
	l.name = name_below(up, entry);
	if (l.name == NULL)
		rc = error_sys(err, ENOMEM, "%s", entry);
	else if (sub == -1)
		rc = add_dir(w->t, &l, "cannot be read; its files stay what "
		    "they were", err);
	else
		rc = read_level(w, &l, sub, S_ISLNK(st.st_mode), err);
	if (sub != -1 && l.name == NULL)
		close(sub);
	free(l.name);
	return rc;
}

static bool
may_be_directory(const struct dirent *e)
{
#ifdef DT_DIR
	return e->d_type == DT_DIR || e->d_type == DT_LNK ||
	    e->d_type == DT_UNKNOWN;
#else
	(void)e;
	return true;
#endif
}

static int
read_entries(struct walk *w, const struct level *l, DIR *d, struct error *err)
{
	struct dirent *e;

	while (errno = 0, (e = readdir(d)) != NULL) {
		int rc = 0;

		if (spec_file_name(e->d_name))
			rc = add_file(w->t, l, e) == 0 ? 0 :
			    error_sys(err, ENOMEM, "%s", e->d_name);
		else if (w->below && !hidden(e->d_name) && may_be_directory(e))
			rc = enter(w, l, dirfd(d), e->d_name, err);
		if (rc != 0)
			return -1;
	}
	return errno == 0 ? 0 : 1;
}

/* Takes over the descriptor. */
static int
read_level(struct walk *w, struct level *l, int fd, bool link,
    struct error *err)
{
	struct error why;
	size_t at = w->t->count;
	DIR *d = NULL;
	int rc;

	error_clear(&why);
	if (at >= TREE_DIRS_MAX) {
		rc = error_set(err, E2BIG, "has more than %d directories below "
		    "it", TREE_DIRS_MAX);
	} else if (fstat(fd, &l->st) != 0 || judge(w, l, link, &why) != 0) {
		if (why.code == 0)
			error_sys(&why, errno, "cannot be looked at");
		rc = l->up != NULL ? add_dir(w->t, l, why.text, err) :
		    error_set(err, why.code, "%s", why.text);
	} else if ((d = fdopendir(fd)) == NULL) {
		rc = error_sys(err, errno, "cannot be read");
	} else {
		rc = add_dir(w->t, l, NULL, err);
		if (rc == 0)
			rc = read_entries(w, l, d, err);
		if (rc == 1 && l->up == NULL)
			rc = error_sys(err, errno, "cannot be read");
		/* What was not read of it is not to be taken for gone. */
		if (rc == 1 && (w->t->dir[at].problem =
		    strdup("cannot be read to its end")) != NULL)
			rc = 0;
	}
	if (d != NULL)
		closedir(d);
	else
		close(fd);
	return rc;
}

static int
compare_files(const void *a, const void *b)
{
	const struct tree_file *x = a, *y = b;

	return x->prefix != y->prefix ? (x->prefix < y->prefix ? -1 : 1) :
	    strcmp(x->name, y->name);
}

static int
compare_dirs(const void *a, const void *b)
{
	const struct tree_dir *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
tree_read(int top, bool below, tree_judge_fn *judge_fn, void *arg,
    struct tree *t, struct error *err)
{
	struct walk w = { .t = t, .below = below, .judge = judge_fn,
		.arg = arg };
	struct level l = { .name = (char []){ "" } };
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	*t = (struct tree){ 0 };
	if (fd == -1)
		return error_sys(err, errno, "cannot be read");
	rc = read_level(&w, &l, fd, false, err);
	if (t->files > 1)
		qsort(t->file, t->files, sizeof *t->file, compare_files);
	if (t->count > 1)
		qsort(t->dir, t->count, sizeof *t->dir, compare_dirs);
	return rc == 0 ? 0 : -1;
}

void
tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->dir[i].name);
		free(t->dir[i].problem);
	}
	for (size_t i = 0; i < t->files; i++)
		free(t->file[i].name);
	free(t->dir);
	free(t->file);
	*t = (struct tree){ 0 };
}
