/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/walk.h"

#define OTHERS (S_IWGRP | S_IWOTH)

static bool
owner_trusted(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static const char *
kind(const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? "directory" :
	    S_ISLNK(st->st_mode) ? "symbolic link" : "file";
}

static int
owner_error(const char *path, const struct stat *st, struct error *err)
{
	return error_set(err, EPERM, "%s %s belongs to user %ld, who could "
	    "change what the jails are; use: chown %s%ld %s", kind(st), path,
	    (long)st->st_uid, S_ISLNK(st->st_mode) ? "-h " : "",
	    (long)geteuid(), path);
}

int
trust_owner(const char *path, const struct stat *st, struct error *err)
{
	if (!owner_trusted(st))
		return owner_error(path, st, err);
	if ((st->st_mode & OTHERS) != 0)
		return error_set(err, EPERM, "%s %s can be written by %s (mode "
		    "%04o), who could change what the jails are; use: chmod "
		    "go-w %s", kind(st), path, (st->st_mode & S_IWOTH) != 0 ?
		    "everybody" : "its group",
		    (unsigned)st->st_mode & 07777, path);
	return 0;
}

/* A directory on the way, and the component that is entered from it. */
static int
trust_step(const char *dir, const struct stat *st, const char *name,
    const struct stat *next, struct error *err)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);

	if (dir[0] == '\0')
		dir = "/";
	if ((st->st_mode & S_ISVTX) == 0 || !owner_trusted(st))
		return trust_owner(dir, st, err);
	if ((st->st_mode & OTHERS) == 0 || owner_trusted(next))
		return 0;
	if (len + 1 + strlen(name) + 1 > sizeof path)
		return error_sys(err, ENAMETOOLONG, "%s", dir);
	memcpy(path, dir, len);
	path[len] = '/';
	memcpy(path + len + 1, name, strlen(name) + 1);
	return owner_error(path, next, err);
}

int
trust_path(const char *base, const char *path, bool trust, char *real,
    struct error *err)
{
	struct walk w;
	struct stat st, next;
	int more = walk_begin(&w, base, path);

	while (more == 0 && (more = walk_next(&w)) == 1) {
		char dir[PATH_MAX];

		memcpy(dir, w.done, strlen(w.done) + 1);
		if (stat(dir[0] != '\0' ? dir : "/", &st) != 0 ||
		    walk_enter(&w, &next) != 0)
			return error_sys(err, errno, "%s/%s", dir, w.name);
		if (trust && trust_step(dir, &st, w.name, &next, err) != 0)
			return -1;
		more = 0;
	}
	if (more != 0)
		return error_sys(err, errno, "%s", path);
	if (real != NULL)
		snprintf(real, PATH_MAX, "%s", w.done[0] != '\0' ?
		    w.done : "/");
	return 0;
}
