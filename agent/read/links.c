/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/manifest.h"
#include "specs/tree.h"

bool
links_lead(int dirfd, const char *name)
{
	char to[sizeof LINKS_NAME];

	return readlinkat(dirfd, name, to, sizeof to) == (ssize_t)sizeof to &&
	    memcmp(to, LINKS_NAME "/", sizeof to) == 0;
}

int
links_complete(int dirfd, const char *dir, bool below, links_has_fn *has,
    void *arg, struct error *err)
{
	const char *slash = dir[0] != '\0' ? "/" : "";
	char path[2 * PATH_MAX];
	struct tree t = { 0 };
	int fd, rc;

	snprintf(path, sizeof path, "%s%s" LINKS_NAME, dir, slash);
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return error_sys(err, errno, "%s", path);
	rc = tree_read(fd, below, NULL, NULL, &t, err);
	close(fd);
	for (size_t i = 0; rc == 0 && i < t.files; i++) {
		snprintf(path, sizeof path, "%s%s%s", dir, slash,
		    t.file[i].name);
		if (!has(arg, path))
			rc = error_set(err, ENOENT, "no link leads to %s, "
			    "which is there", path);
	}
	tree_free(&t);
	return rc;
}

static int
compare_file(const void *name, const void *file)
{
	return strcmp(name, ((const struct tree_file *)file)->name);
}

static bool
in_tree(void *arg, const char *name)
{
	const struct tree *t = arg;

	return t->files > 0 && bsearch(name, t->file, t->files,
	    sizeof *t->file, compare_file) != NULL;
}

static int
check_links(int fd, bool below, bool *whole, struct error *err)
{
	struct tree t;
	int rc = tree_read(fd, below, NULL, NULL, &t, err);

	if (rc != 0)
		error_clear(err); /* who reads the specs says it */
	for (size_t i = 0; rc == 0 && i < t.files; i++)
		*whole |= !t.file[i].regular && links_lead(fd, t.file[i].name);
	for (size_t i = 1; rc == 0 && i < t.count; i++)
		*whole |= links_lead(fd, t.dir[i].name);
	for (size_t i = 0; *whole && rc == 0 && i < t.count; i++) {
		char data[2 * PATH_MAX];

		snprintf(data, sizeof data, "%s%s" LINKS_NAME, t.dir[i].name,
		    i > 0 ? "/" : "");
		if (t.dir[i].problem == NULL &&
		    faccessat(fd, data, F_OK, 0) == 0)
			rc = links_complete(fd, t.dir[i].name, below, in_tree,
			    &t, err);
	}
	tree_free(&t);
	return *whole && rc != 0 ? error_wrap(err, LINKS_NAME) : 0;
}

int
whole_check(const char *dir, bool below, bool *whole, struct error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	*whole = false;
	if (fd == -1)
		return 0; /* who reads the specs says it */
	rc = manifest_check(fd, below, err);
	*whole = rc != 1;
	if (rc == 1)
		rc = check_links(fd, below, whole, err);
	close(fd);
	return rc;
}
