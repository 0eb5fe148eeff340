/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/copies.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/base/file.h"

/* Room for a directory and a name of a jail. */
#define NAME_ROOM (PATHS_MAX + 300)

/* One that cannot be looked at is there: who reads it tells why not. */
static bool
has(const char *dir, const char *name)
{
	char path[NAME_ROOM];

	paths_of_jail(path, sizeof path, dir, name, ".yaml");
	return access(path, F_OK) == 0 || errno != ENOENT;
}

/*
 * The copy gets the time of what it is of: the clock may be set back, so that
 * the later one is the older one by its time.
 */
static int
mirror(const char *from, const char *to, struct error *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat is;
	int rc;

	if (stat(from, &is) != 0)
		return errno == ENOENT ? 0 : error_sys(err, errno, "%s", from);
	times[1] = is.st_mtim;
	rc = file_mirror(from, to, err);
	if (rc == 0 && utimensat(AT_FDCWD, to, times, 0) != 0)
		return error_sys(err, errno, "%s", to);
	return rc < 0 ? -1 : 0;
}

int
copies_do(enum copies_what what, const char *applied, const char *copies,
    const char *name, struct error *err)
{
	char from[NAME_ROOM], to[NAME_ROOM];

	paths_of_jail(from, sizeof from, applied, name, ".yaml");
	paths_of_jail(to, sizeof to, copies, name, ".yaml");
	if (what == COPIES_MAKE)
		return mirror(from, to, err);
	if (what == COPIES_NOTHING || unlink(to) == 0 || errno == ENOENT)
		return 0;
	return error_sys(err, errno, "%s", to);
}

bool
copies_due(const struct paths *p, const char *name)
{
	char path[NAME_ROOM];
	struct stat is, copy;

	paths_of_jail(path, sizeof path, p->applied, name, ".yaml");
	if (stat(path, &is) != 0)
		return false;
	paths_of_jail(path, sizeof path, p->copies, name, ".yaml");
	return stat(path, &copy) != 0 ||
	    copy.st_mtim.tv_sec != is.st_mtim.tv_sec ||
	    copy.st_mtim.tv_nsec != is.st_mtim.tv_nsec;
}

const char *
copies_place(const struct paths *p, const char *name)
{
	return !has(p->applied, name) && has(p->copies, name) ? p->copies :
	    p->applied;
}

int
copies_bring_back(const struct paths *p, const char *name, struct error *err)
{
	return copies_place(p, name) == p->applied ? 0 :
	    copies_do(COPIES_MAKE, p->copies, p->applied, name, err);
}
