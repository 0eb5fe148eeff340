/* SPDX-License-Identifier: BSD-2-Clause */
#include "path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 32
#define REST_MAX (2 * PATH_MAX)

struct walk_state {
	size_t root_len;      /* `at` never gets shorter */
	char at[PATH_MAX];    /* what is resolved; "" for "/" */
	char rest[REST_MAX];  /* what is still to be walked */
	int links;
	const struct path_guard *guard;
};

static void
go_up(struct walk_state *w)
{
	char *slash = strrchr(w->at, '/');

	if (strlen(w->at) > w->root_len && slash != NULL)
		*slash = '\0';
}

/* Puts the target of a link in front of the rest. */
static int
follow(struct walk_state *w, const char *link)
{
	char target[PATH_MAX], joined[REST_MAX];
	ssize_t n = readlink(link, target, sizeof target - 1);

	if (n < 0)
		return errno;
	if (++w->links > LINKS_MAX)
		return ELOOP;
	target[n] = '\0';
	/* The rest is empty, or begins with a slash. */
	if (snprintf(joined, sizeof joined, "%s%s", target, w->rest) >=
	    (int)sizeof joined)
		return ENAMETOOLONG;
	snprintf(w->rest, sizeof w->rest, "%s", joined);
	if (target[0] == '/')
		w->at[w->root_len] = '\0';
	return 0;
}

/* One component; `w->rest` is already what comes behind it. */
static int
step(struct walk_state *w, const char *component, bool last)
{
	char next[PATH_MAX];
	struct stat st;

	if (strcmp(component, ".") == 0)
		return 0;
	if (strcmp(component, "..") == 0) {
		go_up(w);
		return 0;
	}
	if (snprintf(next, sizeof next, "%s/%s", w->at, component) >=
	    (int)sizeof next)
		return ENAMETOOLONG;
	if (lstat(next, &st) != 0)
		return errno;
	if (S_ISLNK(st.st_mode))
		return w->guard != NULL &&
		    w->guard->refuses(w->guard->arg, next) ?
		    ELOOP : follow(w, next);
	if (!last && !S_ISDIR(st.st_mode))
		return ENOTDIR;
	snprintf(w->at, sizeof w->at, "%s", next);
	return 0;
}

static int
walk(struct walk_state *w)
{
	char component[NAME_MAX + 2];

	for (;;) {
		size_t skip = strspn(w->rest, "/"), len;
		int error;

		memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
		len = strcspn(w->rest, "/");
		if (len == 0)
			return 0;
		if (len > NAME_MAX)
			return ENAMETOOLONG;
		memcpy(component, w->rest, len);
		component[len] = '\0';
		memmove(w->rest, w->rest + len, strlen(w->rest + len) + 1);
		error = step(w, component, w->rest[0] == '\0');
		if (error != 0)
			return error;
	}
}

static int
resolve(const char *root, const char *path,
    const struct path_guard *guard, bool directory, char *out, size_t size)
{
	struct walk_state w = { .root_len = strlen(root),
		.guard = guard };
	struct stat st;
	int error;

	if (path[0] == '\0')
		return ENOENT;
	if (strlen(path) >= size || w.root_len >= sizeof w.at)
		return ENAMETOOLONG;
	snprintf(w.rest, sizeof w.rest, "%s", path);
	snprintf(w.at, sizeof w.at, "%s", root);
	if (path[0] != '/' && w.root_len == 0) {
		if (getcwd(w.at, sizeof w.at) == NULL)
			return errno;
		if (strcmp(w.at, "/") == 0)
			w.at[0] = '\0';
	}
	error = walk(&w);
	if (error != 0)
		return error;
	if (stat(w.at[0] == '\0' ? "/" : w.at, &st) != 0)
		return errno;
	if (directory && !S_ISDIR(st.st_mode))
		return ENOTDIR;
	if (snprintf(out, size, "%s", w.at[0] == '\0' ? "/" : w.at) >=
	    (int)size)
		return ENAMETOOLONG;
	return 0;
}

int
path_resolve(const char *root, const char *path,
    const struct path_guard *guard, char *out, size_t size)
{
	return resolve(root, path, guard, true, out, size);
}

int
path_resolve_any(const char *root, const char *path,
    const struct path_guard *guard, char *out, size_t size)
{
	return resolve(root, path, guard, false, out, size);
}

bool
path_below(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	return strncmp(path, root, len) == 0 && path[len] == '/' &&
	    path[len + 1] != '\0';
}
