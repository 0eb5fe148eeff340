/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
too_long(void)
{
	errno = ENAMETOOLONG;
	return -1;
}

/* Puts `path` in front of what is still to do. */
static int
prepend(struct walk *w, const char *path)
{
	char todo[PATH_MAX];
	int n = snprintf(todo, sizeof todo, "%s/%s", path, w->todo);

	if (n < 0 || n >= (int)sizeof todo)
		return too_long();
	if (path[0] == '/')
		w->done[0] = '\0';
	memcpy(w->todo, todo, (size_t)n + 1);
	return 0;
}

int
walk_begin(struct walk *w, const char *base, const char *path)
{
	w->links = 0;
	w->todo[0] = '\0';
	if (strcmp(base, "/") == 0)
		base = "";
	if (strlen(base) >= sizeof w->done)
		return too_long();
	memcpy(w->done, base, strlen(base) + 1);
	return prepend(w, path);
}

int
walk_next(struct walk *w)
{
	for (;;) {
		size_t start = strspn(w->todo, "/");
		size_t len = strcspn(w->todo + start, "/");
		char *up;

		if (len == 0)
			return 0;
		if (len > NAME_MAX)
			return too_long();
		memcpy(w->name, w->todo + start, len);
		w->name[len] = '\0';
		memmove(w->todo, w->todo + start + len,
		    strlen(w->todo + start + len) + 1);
		if (strcmp(w->name, ".") == 0)
			continue;
		if (strcmp(w->name, "..") != 0)
			return 1;
		if ((up = strrchr(w->done, '/')) != NULL)
			*up = '\0';
	}
}

int
walk_enter(struct walk *w, struct stat *st)
{
	char path[PATH_MAX], target[PATH_MAX];
	int len = snprintf(path, sizeof path, "%s/%s", w->done, w->name);
	ssize_t n;

	if (len < 0 || len >= (int)sizeof path)
		return too_long();
	if (lstat(path, st) != 0)
		return -1;
	if (!S_ISLNK(st->st_mode)) {
		memcpy(w->done, path, (size_t)len + 1);
		return 0;
	}
	if (++w->links > WALK_LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	n = readlink(path, target, sizeof target - 1);
	if (n < 0)
		return -1;
	target[n] = '\0';
	return prepend(w, target);
}
