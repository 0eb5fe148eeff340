/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/compat.h"
#include "agent/read/git.h"
#include "agent/read/manifest.h"
#include "specs/spec.h"
#include "agent/read/walk.h"
#include "agent/sign/minisign.h"

#define POINTS_MAX 64	/* components of a path, links followed */
#define RENAMED_MAX 256 /* remembered; of others the times have to tell */

/*
 * A watched directory: the one with the specs (name ""), or one of which the
 * entry `name` alone matters: the next component on the way, git's HEAD.
 */
struct point {
	int wd;
	char name[NAME_MAX + 1];
};

struct watch {
	char *dir;
	int fd;
	struct point point[POINTS_MAX];
	size_t count;
	/* Directories below it. */
	struct below {
		char *name;
		struct layout layout;
		int wd; /* -1: none */
	} *below;
	size_t below_count;
	struct text_list renamed; /* spec files, some of them */
	bool late; /* watch_renamed took a hint that asks for a scan */
	char why[256];
};

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

const char *
watch_why(const struct watch *w)
{
	return w->why;
}

static void
forget_below(struct watch *w)
{
	for (size_t i = 0; i < w->below_count; i++)
		free(w->below[i].name);
	free(w->below);
	w->below = NULL;
	w->below_count = 0;
}

static bool
is_noted(const struct watch *w, const char *name)
{
	for (size_t i = 0; i < w->renamed.count; i++)
		if (strcmp(w->renamed.text[i], name) == 0)
			return true;
	return false;
}

bool
watch_renamed(struct watch *w, const char *name)
{
	if (!is_noted(w, name))
		return false;
	w->late |= watch_drain(w);
	return is_noted(w, name);
}

bool
watch_begin(struct watch *w, bool looked)
{
	bool late = w->late;

	/* A late one may be of a file that was looked at before. */
	if (looked && !late)
		text_list_free(&w->renamed);
	w->late = false;
	return late;
}

#ifdef COMPAT_INOTIFY

#define ENTRIES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define SELF (IN_DELETE_SELF | IN_MOVE_SELF)
#define SPECS (ENTRIES | SELF | IN_ATTRIB | COMPAT_IN_WRITES)
#define LOST (SELF | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

/* Messages that name the limit are for status; they say what to do. */
static void
explain(struct watch *w, const char *what, int code)
{
	if (code == EMFILE)
		snprintf(w->why, sizeof w->why, "no change events: the limit "
		    "of inotify instances is reached "
		    "(fs.inotify.max_user_instances)");
	else if (code == ENOSPC)
		snprintf(w->why, sizeof w->why, "no change events: the limit "
		    "of inotify watches is reached "
		    "(fs.inotify.max_user_watches)");
	else if (code == ENOSYS)
		snprintf(w->why, sizeof w->why, "no change events: this "
		    "kernel has no inotify");
	else
		snprintf(w->why, sizeof w->why, "no change events from "
		    "%.100s: %.60s", what, strerror(code));
}

static int
add_point(struct watch *w, const char *path, const char *name, uint32_t mask)
{
	struct point *p = &w->point[w->count];

	if (w->count == POINTS_MAX) {
		explain(w, path, ELOOP);
		return -1;
	}
	p->wd = inotify_add_watch(w->fd, path[0] != '\0' ? path : "/",
	    mask | IN_ONLYDIR);
	if (p->wd == -1) {
		int code = errno;

		if (code != ENOENT && code != ENOTDIR)
			explain(w, path, code);
		/* On the way it is enough that it can be passed. */
		return code == EACCES && name[0] != '\0' ? 0 : -1;
	}
	snprintf(p->name, sizeof p->name, "%s", name);
	w->count++;
	return 0;
}

/*
 * A commit can change the revision and no spec; in a work tree of git what
 * names the commit is watched, too, as far as it is there.
 */
static void
add_git(struct watch *w)
{
	struct git g;
	char *slash;

	/* Without a commit, too: there will be one. */
	(void)git_find(w->dir, &g);
	if (g.dir[0] == '\0')
		return;
	for (size_t i = 0; git_work_name(i) != NULL; i++)
		if (add_point(w, g.dir, git_work_name(i), ENTRIES | SELF) != 0)
			return;
	if (add_point(w, g.dir, "HEAD", ENTRIES | SELF) != 0 ||
	    add_point(w, g.dir, "index", ENTRIES | SELF) != 0 ||
	    add_point(w, g.common, "packed-refs", ENTRIES | SELF) != 0)
		return;
	slash = strrchr(g.ref, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	(void)add_point(w, g.ref, slash + 1, ENTRIES | SELF);
}

/* One that is gone by now is said by an event of the one that held it. */
static int
add_below(struct watch *w, const char *name)
{
	char path[2 * PATH_MAX];
	int wd;

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	wd = inotify_add_watch(w->fd, path, SPECS | IN_ONLYDIR);
	if (wd == -1 && errno != ENOENT && errno != ENOTDIR)
		explain(w, path, errno);
	return wd;
}

static int
compare_wds(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* What is watched now, sorted; NULL when memory is out. */
static int *
held_wds(const struct watch *w, size_t *count)
{
	int *wd = calloc(w->count + w->below_count + 1, sizeof *wd);
	size_t n = 0;

	for (size_t i = 0; wd != NULL && i < w->count; i++)
		wd[n++] = w->point[i].wd;
	for (size_t i = 0; wd != NULL && i < w->below_count; i++)
		if (w->below[i].wd != -1)
			wd[n++] = w->below[i].wd;
	if (n > 1)
		qsort(wd, n, sizeof *wd, compare_wds);
	*count = n;
	return wd;
}

/*
 * Gives up what was watched and is not any more; frees `old`.  What stays the
 * same is not given up first: that would be an event of its own each time, and
 * with a queue that overflows there would be no end to them.
 */
static void
drop_others(const struct watch *w, int *old, size_t count)
{
	size_t now_count;
	int *now = held_wds(w, &now_count);

	for (size_t i = 0; old != NULL && now != NULL && i < count; i++)
		if (bsearch(&old[i], now, now_count, sizeof *now,
		    compare_wds) == NULL)
			(void)inotify_rm_watch(w->fd, old[i]);
	free(now);
	free(old);
}

/*
 * Watches the way to the directory as far as it exists, and the directory.
 * Each component is looked at after the directory that holds it is watched, so
 * that nothing that happens in between is lost.
 */
static void
watch_way(struct watch *w)
{
	struct walk walk;
	struct stat st;
	int more;

	w->count = 0;
	w->why[0] = '\0';
	more = walk_begin(&walk, "/", w->dir);
	while (more == 0 && (more = walk_next(&walk)) == 1)
		more = add_point(w, walk.done, walk.name, ENTRIES | SELF) != 0 ||
		    walk_enter(&walk, &st) != 0 ? -1 : 0;
	if (more == 0 && add_point(w, w->dir, "", SPECS) == 0)
		add_git(w);
	for (size_t i = 0; i < w->below_count; i++)
		w->below[i].wd = add_below(w, w->below[i].name);
}

static void
establish(struct watch *w)
{
	size_t count;
	int *old = held_wds(w, &count);

	watch_way(w);
	drop_others(w, old, count);
}

/* Whether an event in the directory itself can concern a spec. */
static bool
concerns_specs(const struct inotify_event *e)
{
	const char *name = e->len > 0 ? e->name : "";

	if (name[0] == '\0')
		return true;
	/*
	 * A hidden file that is made will be renamed: a scan for it would only
	 * be in the way of the one that counts.  ..data is no such file.
	 */
	if (name[0] == '.' && name[1] != '.' &&
	    (e->mask & (IN_CREATE | IN_DELETE)) != 0)
		return false;
	/* Any new, moved or deleted name may be a link on the way. */
	return (e->mask & ENTRIES) != 0 || spec_file_name(name) ||
	    strcmp(name, MANIFEST_NAME) == 0 ||
	    strstr(name, MINISIGN_SUFFIX) != NULL;
}

/*
 * What is written after it was renamed may be written in steps: that is no note of
 * a whole file any more.  `dir` is the directory below the watched one, or "".
 */
static void
note_name(struct watch *w, const char *dir, const struct inotify_event *e)
{
	char name[PATH_MAX];
	size_t i = 0;

	if (e->len == 0 || (e->mask & (ENTRIES | COMPAT_IN_WRITES)) == 0 ||
	    !spec_file_name(e->name) || snprintf(name, sizeof name, "%s%s%s",
	    dir, dir[0] != '\0' ? "/" : "", e->name) >= (int)sizeof name)
		return;
	while (i < w->renamed.count && strcmp(w->renamed.text[i], name) != 0)
		i++;
	if (i < w->renamed.count && (e->mask & IN_MOVED_TO) == 0) {
		free(w->renamed.text[i]);
		w->renamed.text[i] = w->renamed.text[--w->renamed.count];
	} else if (i == w->renamed.count && i < RENAMED_MAX &&
	    (e->mask & IN_MOVED_TO) != 0) {
		(void)text_list_add(&w->renamed, name);
	}
}

/* Two points can have one watch: a directory that the path meets twice. */
static bool
handle(struct watch *w, const struct inotify_event *e, bool *lost)
{
	bool relevant = false;

	if ((e->mask & IN_Q_OVERFLOW) != 0) {
		text_list_free(&w->renamed);
		return *lost = true;
	}
	for (size_t i = 0; i < w->count; i++) {
		const struct point *p = &w->point[i];

		if (p->wd != e->wd)
			continue;
		if ((e->mask & LOST) != 0) {
			*lost = relevant = true;
		} else if (p->name[0] == '\0' && e->len > 0 &&
		    strcmp(e->name, ".git") == 0) {
			*lost |= (e->mask & ENTRIES) != 0;
		} else if (p->name[0] == '\0') {
			relevant |= concerns_specs(e);
			note_name(w, "", e);
		} else if (e->len > 0 && strcmp(p->name, e->name) == 0) {
			*lost = relevant = true;
		}
	}
	for (size_t i = 0; i < w->below_count; i++) {
		if (w->below[i].wd != e->wd)
			continue;
		relevant |= (e->mask & LOST) != 0 || concerns_specs(e);
		note_name(w, w->below[i].name, e);
		*lost |= (e->mask & LOST) != 0;
	}
	return relevant;
}

bool
watch_drain(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[16384];
	bool relevant = false, lost = false;
	ssize_t n;

	if (w->fd == -1)
		return false;
	while ((n = read(w->fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (void *)(buf + at);

			relevant |= handle(w, e, &lost);
			at += (ssize_t)(sizeof *e + e->len);
		}
	}
	if (lost)
		establish(w);
	return relevant;
}

bool
watch_refresh(struct watch *w)
{
	bool other = false;

	if (w->fd == -1) {
		w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (w->fd == -1)
			explain(w, "inotify", errno);
		else
			other = true;
	}
	if (w->fd != -1)
		establish(w);
	return other;
}

static bool
follows(const struct watch *w, const struct places *p)
{
	bool same = w->below_count == p->count - 1;

	for (size_t i = 0; same && i < w->below_count; i++)
		same = strcmp(w->below[i].name, p->place[i + 1].name) == 0 &&
		    layout_is_of(&w->below[i].layout, &p->place[i + 1].layout);
	return same;
}

bool
watch_follow(struct watch *w, const struct places *p)
{
	struct below *next;
	size_t count, n = 0;
	int *old;

	if (p->count == 0 || follows(w, p))
		return false;
	next = calloc(p->count, sizeof *next);
	if (next == NULL)
		return false;
	for (; n < p->count - 1; n++) {
		next[n].name = strdup(p->place[n + 1].name);
		if (next[n].name == NULL)
			break;
		next[n].layout = p->place[n + 1].layout;
		next[n].wd = -1;
	}
	old = held_wds(w, &count);
	forget_below(w);
	w->below = next;
	w->below_count = n;
	if (w->fd != -1)
		watch_way(w);
	drop_others(w, old, count);
	return n > 0;
}

bool
watch_sees_writes(void)
{
	return COMPAT_IN_WRITES != 0;
}

#else /* no inotify(7) */

bool
watch_sees_writes(void)
{
	return false;
}

bool
watch_follow(struct watch *w, const struct places *p)
{
	(void)w;
	(void)p;
	return false;
}

bool
watch_drain(struct watch *w)
{
	(void)w;
	return false;
}

bool
watch_refresh(struct watch *w)
{
	snprintf(w->why, sizeof w->why, "no change events: this system has no "
	    "inotify");
	return false;
}

#endif

struct watch *
watch_new(const char *dir)
{
	struct watch *w = calloc(1, sizeof *w);
	char cwd[PATH_MAX] = "", path[2 * PATH_MAX];

	if (w == NULL)
		return NULL;
	if (dir[0] != '/' && getcwd(cwd, sizeof cwd) == NULL)
		cwd[0] = '\0';
	snprintf(path, sizeof path, "%s%s%s", cwd, cwd[0] != '\0' ? "/" : "",
	    dir);
	w->dir = strdup(path);
	w->fd = -1;
	if (w->dir == NULL) {
		free(w);
		return NULL;
	}
	(void)watch_refresh(w);
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	if (w->fd != -1)
		close(w->fd);
	forget_below(w);
	text_list_free(&w->renamed);
	free(w->dir);
	free(w);
}
