/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"

#define TOP "jailagent"
#define NAME_SIZE 24

/*
 * Killed processes are counted until they have freed what they had, which may
 * be long on a busy host: the time is only spent when there are some.
 */
#define REMOVE_TRIES 2000
#define REMOVE_WAIT_US 1000

/* mountinfo has blanks and the like as \ooo. */
static void
unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; to++) {
		unsigned value = 0;
		int n = 0;

		if (text[0] == '\\' && sscanf(text + 1, "%3o%n", &value,
		    &n) == 1 && n == 3) {
			*to = (char)value;
			text += 4;
		} else
			*to = *text++;
	}
	*to = '\0';
}

/* The mount point in a line of mountinfo if it is of the type cgroup2. */
static bool
is_cgroup2(const char *line, char *path)
{
	const char *type = strstr(line, " - ");

	return type != NULL && strncmp(type + 3, "cgroup2 ", 8) == 0 &&
	    sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1;
}

int
cgroup_root(struct error *err)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;
	int fd;

	if (f == NULL)
		return error_sys(err, errno, "/proc/self/mountinfo");
	while (!found && getline(&line, &size, f) > 0)
		found = is_cgroup2(line, path);
	free(line);
	fclose(f);
	if (!found)
		return error_set(err, ENOENT, "cgroup v2 is not mounted; "
		    "mount it: mount -t cgroup2 none /sys/fs/cgroup/unified");
	unescape(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : error_sys(err, errno, "%s", path);
}

int
cgroup_key(const char *path, char key[CGROUP_KEY_SIZE], struct error *err)
{
	size_t n = 0;

	for (const char *p = path + (path[0] == '/'); *p != '\0'; p++) {
		if (n + 2 >= CGROUP_KEY_SIZE)
			return error_set(err, ENAMETOOLONG, "the name of the "
			    "jails' table is too long for a cgroup: %s", path);
		/* A canonical path has no "//", so "::" is a ':'. */
		if (*p == ':')
			key[n++] = ':';
		key[n++] = *p == '/' ? ':' : *p;
	}
	key[n] = '\0';
	return 0;
}

static int
open_dir(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
}

static int
open_or_make(int dir, const char *name, bool make)
{
	int fd = open_dir(dir, name);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	if (mkdirat(dir, name, 0755) != 0 && errno != EEXIST)
		return -1;
	return open_or_make(dir, name, make);
}

int
cgroup_table(int root, const char *key, bool make)
{
	int top = open_or_make(root, TOP, make), table;

	if (top < 0)
		return -1;
	table = open_or_make(top, key, make);
	close_fd(&top);
	/* Who removed another table may have taken the directory meanwhile. */
	if (table < 0 && errno == ENOENT && make)
		return cgroup_table(root, key, make);
	return table;
}

void
cgroup_table_remove(int root, const char *key)
{
	int top = open_dir(root, TOP);

	if (top < 0)
		return;
	(void)unlinkat(top, key, AT_REMOVEDIR);
	close_fd(&top);
	(void)unlinkat(root, TOP, AT_REMOVEDIR);
}

static void
name_of(uint64_t serial, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64, serial);
}

/* The inode of a cgroup's directory is what BPF calls its id. */
static int
identify(int fd, uint64_t *id)
{
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0) {
		close_fd(&fd);
		return -1;
	}
	*id = st.st_ino;
	return fd;
}

int
cgroup_open(int table, uint64_t serial, uint64_t *id)
{
	char name[NAME_SIZE];

	name_of(serial, name);
	return identify(open_dir(table, name), id);
}

static int
write_file(int cgroup, const char *name, const char *text)
{
	int fd = openat(cgroup, name, O_WRONLY | O_CLOEXEC), rc = -1;

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		rc = 0;
	close_fd(&fd);
	return rc;
}

int
cgroup_enter(int cgroup, long pid)
{
	char text[NAME_SIZE];

	snprintf(text, sizeof text, "%ld", pid);
	return write_file(cgroup, "cgroup.procs", text);
}

int
cgroup_remove(int table, uint64_t serial)
{
	char name[NAME_SIZE];

	name_of(serial, name);
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (unlinkat(table, name, AT_REMOVEDIR) == 0 ||
		    errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -1;
		usleep(REMOVE_WAIT_US);
	}
	return -1;
}

int
cgroup_make(int table, uint64_t serial, uint64_t *id)
{
	char name[NAME_SIZE];
	int old;

	name_of(serial, name);
	if (mkdirat(table, name, 0755) == 0)
		return cgroup_open(table, serial, id);
	if (errno != EEXIST)
		return -1;
	old = open_dir(table, name);
	if (old >= 0)
		(void)write_file(old, "cgroup.kill", "1"); /* Linux 5.14 */
	close_fd(&old);
	if (cgroup_remove(table, serial) != 0 ||
	    mkdirat(table, name, 0755) != 0)
		return -1;
	return cgroup_open(table, serial, id);
}
