/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/scan.h"
#include "agent/read/trust.h"
#include "kernel/birth.h"
#include "kernel/mountpoint.h"
#include "specs/tree.h"

#define GONE_MS 1000 /* for a directory that another one may replace */

static int
compare_name(const void *name, const void *place)
{
	return strcmp(name, ((const struct place *)place)->name);
}

const struct place *
places_find(const struct places *p, const char *name)
{
	return p->count == 0 ? NULL : bsearch(name, p->place, p->count,
	    sizeof *p->place, compare_name);
}

bool
place_holds(const struct place *p, const char *name)
{
	size_t len = strlen(p->name);

	return strncmp(name, p->name, len) == 0 && name[len] == '/';
}

const struct place *
places_trouble(const struct places *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->place[i].problem != NULL &&
		    place_holds(&p->place[i], name))
			return &p->place[i];
	return NULL;
}

const struct place *
places_swapped(const struct places *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if ((p->place[i].swapped || p->place[i].gone_ms != 0) &&
		    place_holds(&p->place[i], name))
			return &p->place[i];
	return NULL;
}

void
places_finish(struct places *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->place[i].name);
		free(p->place[i].problem);
	}
	free(p->real);
	free(p->place);
	*p = (struct places){ 0 };
}

bool
places_led(const struct places *known, const struct places *next)
{
	return known->real != NULL && strcmp(known->real, next->real) != 0;
}

/*
 * The directory, and the link `..data` through which Kubernetes swaps the
 * whole of a directory's content.
 */
static int
layout_read(const struct reader *r, int dirfd, const char *name,
    struct layout *l)
{
	char data[PATH_MAX];
	struct stat st;

	memset(l, 0, sizeof *l);
	if (snprintf(data, sizeof data, "%s%s..data", name,
	    name[0] != '\0' ? "/" : "") >= (int)sizeof data ||
	    (name[0] != '\0' ? fstatat(dirfd, name, &st, 0) :
	    stat(r->dir, &st)) != 0)
		return -1;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (file_birth(name[0] != '\0' ? dirfd : AT_FDCWD,
	    name[0] != '\0' ? name : r->dir, &l->born) != 0)
		return -1;
	if (fstatat(dirfd, data, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		l->data = st.st_ino;
		l->data_ctime = st.st_ctim;
	}
	return 0;
}

bool
layout_is_of(const struct layout *a, const struct layout *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
	    a->born.tv_sec == b->born.tv_sec &&
	    a->born.tv_nsec == b->born.tv_nsec;
}

static bool
layout_same(const struct layout *a, const struct layout *b)
{
	return layout_is_of(a, b) && a->data == b->data &&
	    a->data_ctime.tv_sec == b->data_ctime.tv_sec &&
	    a->data_ctime.tv_nsec == b->data_ctime.tv_nsec;
}

bool
places_same(const struct reader *r, int dirfd, const struct places *p)
{
	struct layout now;

	for (size_t i = 0; i < p->count; i++)
		if (p->place[i].problem == NULL && p->place[i].gone_ms == 0 &&
		    (layout_read(r, dirfd, p->place[i].name, &now) != 0 ||
		    !layout_same(&p->place[i].layout, &now)))
			return false;
	return true;
}

static const struct place *
known_place(const struct reader *r, const char *name)
{
	const struct place *p = places_find(&r->places, name);

	return p != NULL && (r->seen || p->recalled) ? p : NULL;
}

/* The mounts on the way from the root to the watched directory. */
static unsigned
mounts_above(const struct reader *r)
{
	char path[PATH_MAX];
	unsigned n = 0;

	memcpy(path, r->real, sizeof path);
	for (char *end = path; *end != '\0';) {
		char c;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		c = *end;
		*end = '\0';
		n += is_mountpoint(path);
		*end = c;
	}
	return n;
}

/* For one below: whether it is one. */
static unsigned
mounts(const struct reader *r, const char *name)
{
	char path[2 * PATH_MAX];

	if (name[0] == '\0')
		return mounts_above(r);
	snprintf(path, sizeof path, "%s/%s", r->dir, name);
	return is_mountpoint(path);
}

static bool
is_where_it_was(const struct reader *r, const char *name,
    const struct stat *st)
{
	const struct place *known = known_place(r, name);

	if (known == NULL)
		return true;
	if (!known->recalled && known->origin.dev != st->st_dev)
		return false;
	if (!known->recalled && known->origin.ino == st->st_ino)
		return true;
	/* One that replaced another, unmounted one is looked at (is_swapped). */
	return known->mounted <= mounts(r, name);
}

/* Who may write it, and whether it is where it was (tree_judge_fn). */
static int
judge(void *arg, const char *name, const struct stat *st, bool link,
    struct error *err)
{
	struct reader *r = arg;
	struct stat own = *st;
	char path[2 * PATH_MAX];

	snprintf(path, sizeof path, "%s%s%s", name[0] != '\0' ? r->dir :
	    r->real, name[0] != '\0' ? "/" : "", name);
	/* Of a sticky directory each file is checked by itself. */
	if ((st->st_mode & S_ISVTX) != 0)
		own.st_mode &= (mode_t)~(S_IWGRP | S_IWOTH);
	if (r->opt->trust && link && trust_path(r->real, name, true, NULL,
	    err) != 0)
		return -1;
	if (r->opt->trust && trust_owner(path, &own, err) != 0)
		return -1;
	if (is_where_it_was(r, name, st))
		return 0;
	r->accept_helps = true;
	return error_set(err, ENXIO, "is on another device than before, or "
	    "not mounted as it was; mount it, or use jailagent ack '*' to take "
	    "it as it is");
}

static int
add_place(struct places *p, const char *name, const char *problem)
{
	struct place *q = &p->place[p->count];

	*q = (struct place){ .name = strdup(name),
		.problem = problem != NULL ? strdup(problem) : NULL };
	p->count++;
	return q->name != NULL && (problem == NULL || q->problem != NULL) ?
	    0 : -1;
}

/* A link to a directory that was there, and that leads nowhere now. */
static bool
leads_nowhere(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode) && fstatat(dirfd, name, &st, 0) != 0;
}

/* What is known of it counts on. */
static void
go_on(struct place *p, const struct place *known)
{
	p->origin = known->origin;
	p->mounted = known->mounted;
	p->recalled = known->recalled;
}

static bool
is_link(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode);
}

static bool
has_git(int dirfd, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return snprintf(path, sizeof path, "%s/.git", name) <
	    (int)sizeof path && fstatat(dirfd, path, &st, 0) == 0;
}

/* Whether the directory that holds it is the one that did before. */
static bool
stands_where_it_was(const struct places *p, const char *name)
{
	const char *slash = strrchr(name, '/');
	char *above = strndup(name, slash == NULL ? 0 :
	    (size_t)(slash - name));
	const struct place *q = above == NULL ? NULL : places_find(p, above);

	free(above);
	return q != NULL && q->problem == NULL && q->gone_ms == 0 &&
	    layout_is_of(&q->layout, &q->origin);
}

static bool
holds_none(const struct place *p, const struct tree *t)
{
	for (size_t i = 0; i < t->files; i++)
		if (place_holds(p, t->file[i].name))
			return false;
	return true;
}

/*
 * A directory that is another one than before, and holds no spec file, may be
 * what is below a mount.  Where those above it are others, too, the whole was
 * exchanged on purpose; of the watched directory itself the agent judges.
 */
static bool
is_swapped(const struct tree *t, const struct place *p,
    const struct places *next)
{
	return p->name[0] != '\0' && p->origin.ino != 0 &&
	    !layout_is_of(&p->layout, &p->origin) && holds_none(p, t) &&
	    stands_where_it_was(next, p->name);
}

static int
place_of(const struct reader *r, int dirfd, const struct tree *t,
    const struct tree_dir *d, struct places *next)
{
	const struct place *known = known_place(r, d->name);
	struct place *p;
	bool link;

	if (add_place(next, d->name, d->problem) != 0)
		return -1;
	p = &next->place[next->count - 1];
	p->origin.dev = d->st.st_dev;
	if (known != NULL)
		go_on(p, known);
	if (p->problem != NULL)
		return 0;
	if (p->recalled)
		p->origin.dev = d->st.st_dev;
	p->recalled = false;
	link = p->name[0] != '\0' && is_link(dirfd, p->name);
	p->mounted = link ? 0 : mounts(r, p->name);
	p->own_tree = p->name[0] != '\0' && (link ||
	    has_git(dirfd, p->name));
	/* What the tree was read from; a difference shows at the end. */
	(void)layout_read(r, dirfd, p->name, &p->layout);
	p->layout.dev = d->st.st_dev;
	p->layout.ino = d->st.st_ino;
	p->swapped = is_swapped(t, p, next);
	return 0;
}

static bool
held_files(const struct reader *r, const struct place *old)
{
	for (size_t i = 0; i < r->files.count; i++)
		if (place_holds(old, r->files.file[i].name))
			return true;
	return false;
}

/* Why one that is not there must not be taken for removed; NULL: it may be. */
static const char *
why_away(struct reader *r, int dirfd, const struct place *old,
    const struct places *next)
{
	if (leads_nowhere(dirfd, old->name))
		return "is a symbolic link that leads nowhere; its files stay "
		    "what they were";
	if (known_place(r, old->name) == NULL)
		return NULL;
	if (places_trouble(next, old->name) != NULL)
		return "cannot be looked at, since the directory that holds it "
		    "cannot; its files stay what they were";
	if (old->mounted == 0 || (!old->recalled && !held_files(r, old)))
		return NULL;
	r->accept_helps = true;
	return "was mounted, and is not there any more; mount it, or use "
	    "jailagent ack '*' to take it as it is";
}

/* One of which files are known, and that is not there, is kept for a while. */
static int
keep_gone(const struct reader *r, const struct place *old,
    struct places *next)
{
	const struct place *above = places_swapped(next, old->name);
	long long since = old->gone_ms != 0 && (above == NULL ||
	    !above->swapped) ? old->gone_ms : monotonic_ms();

	if (!r->seen || !held_files(r, old) || old->problem != NULL ||
	    r->look_ms - since >= GONE_MS)
		return 0;
	if (add_place(next, old->name, NULL) != 0)
		return -1;
	go_on(&next->place[next->count - 1], old);
	next->place[next->count - 1].gone_ms = since;
	return 0;
}

/* One that the tree does not have any more. */
static int
place_away(struct reader *r, int dirfd, const struct place *old,
    struct places *next)
{
	const char *why = why_away(r, dirfd, old, next);

	if (why == NULL)
		return keep_gone(r, old, next);
	if (add_place(next, old->name, why) != 0)
		return -1;
	go_on(&next->place[next->count - 1], old);
	return 0;
}

/* Both are sorted by name. */
static int
make_places(struct reader *r, int dirfd, const struct tree *t,
    struct places *next)
{
	size_t k = 0, i = 0;

	next->place = calloc(t->count + r->places.count, sizeof *next->place);
	if (next->place == NULL)
		return -1;
	while (i < t->count || k < r->places.count) {
		const struct place *old = k < r->places.count ?
		    &r->places.place[k] : NULL;
		int order = old == NULL ? -1 : i == t->count ? 1 :
		    strcmp(t->dir[i].name, old->name);

		if (order <= 0 && place_of(r, dirfd, t, &t->dir[i++],
		    next) != 0)
			return -1;
		if (order > 0 && place_away(r, dirfd, old, next) != 0)
			return -1;
		k += order >= 0;
	}
	for (i = 0; i < next->count; i++)
		if (next->place[i].problem == NULL &&
		    next->place[i].gone_ms == 0 && !next->place[i].swapped)
			next->place[i].origin = next->place[i].layout;
	return 0;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Directories with a problem, and git's, stand among the files. */
static int
take_names(const struct reader *r, const struct places *p, struct tree *t,
    struct text_list *names)
{
	/* With the room that text_list_add expects. */
	*names = (struct text_list){ .text = calloc(t->files * 2 + 1,
	    sizeof *names->text) };
	if (names->text == NULL)
		return -1;
	for (; names->count < t->files; names->count++) {
		names->text[names->count] = t->file[names->count].name;
		t->file[names->count].name = NULL;
	}
	for (size_t i = 0; i < p->count; i++)
		if (p->place[i].problem != NULL &&
		    text_list_add(names, p->place[i].name) != 0)
			return -1;
	if (r->git_problem != NULL && text_list_add(names, GIT_PLACE) != 0)
		return -1;
	if (names->count > t->files)
		qsort(names->text, names->count, sizeof *names->text,
		    compare_texts);
	return 0;
}

int
places_look(struct reader *r, int dirfd, struct places *next,
    struct text_list *names, struct error *err)
{
	struct tree t;
	int rc;

	r->accept_helps = false;
	rc = tree_read(dirfd, r->opt->below, judge, r, &t, err);
	if (rc == 0 && ((next->real = strdup(r->real)) == NULL ||
	    make_places(r, dirfd, &t, next) != 0 ||
	    take_names(r, next, &t, names) != 0))
		rc = error_sys(err, ENOMEM, "its directories");
	tree_free(&t);
	return rc;
}
