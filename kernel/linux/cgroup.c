/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"

#define NUMBER_SIZE 24

/*
 * Killed processes are counted until they have freed what they had, which may
 * be long on a busy host: the time is only spent when there are some.
 */
#define REMOVE_TRIES 2000
#define REMOVE_WAIT_US 1000

#define NEED_TRIES 16

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

/*
 * A line of mountinfo(5): the mount point, and after " - " the type, the
 * source and the options.  Whether it is of cgroups.
 */
static bool
read_mount(char *line, bool *v2, char *path, char **options)
{
	char *type = strstr(line, " - ");

	if (type == NULL || sscanf(line, "%*s %*s %*s %*s %4095s", path) != 1)
		return false;
	type += 3;
	*v2 = strncmp(type, "cgroup2 ", 8) == 0;
	*options = strrchr(type, ' ');
	if (*options == NULL || (!*v2 && strncmp(type, "cgroup ", 7) != 0))
		return false;
	++*options;
	(*options)[strcspn(*options, "\n")] = '\0';
	unescape(path);
	return true;
}

int
cgroup_mounts(bool (*each)(void *arg, bool v2, const char *options,
    const char *path), void *arg, struct error *err)
{
	char path[PATH_MAX], *line = NULL, *options;
	size_t size = 0;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false, v2;

	if (f == NULL)
		return error_sys(err, errno, "/proc/self/mountinfo");
	while (!found && getline(&line, &size, f) > 0)
		found = read_mount(line, &v2, path, &options) &&
		    each(arg, v2, options, path);
	free(line);
	fclose(f);
	return 0;
}

static bool
take_v2(void *arg, bool v2, const char *options, const char *path)
{
	int *fd = arg;

	(void)options;
	if (v2)
		*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0;
}

int
cgroup_root(struct error *err)
{
	int fd = -1;

	if (cgroup_mounts(take_v2, &fd, err) != 0)
		return -1;
	return fd >= 0 ? fd : error_set(err, ENOENT, "cgroup v2 is not "
	    "mounted; mount it: mount -t cgroup2 none /sys/fs/cgroup/unified");
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
	int top = open_or_make(root, CGROUP_TOP, make), table;

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
	int top = open_dir(root, CGROUP_TOP);

	if (top < 0)
		return;
	(void)unlinkat(top, key, AT_REMOVEDIR);
	close_fd(&top);
	(void)unlinkat(root, CGROUP_TOP, AT_REMOVEDIR);
}

void
cgroup_line_path(const struct cgroup_line *l, uint32_t depth,
    char path[CGROUP_PATH_SIZE])
{
	int n = 0;

	path[0] = '\0';
	for (uint32_t i = 0; i < depth && i < l->depth; i++)
		n += snprintf(path + n, (size_t)(CGROUP_PATH_SIZE - n),
		    "%s%" PRIu64, i > 0 ? "/" : "", l->serial[i]);
}

int
cgroup_open(int dir, const char *path)
{
	return open_inside(dir, path, O_RDONLY | O_DIRECTORY);
}

/* The inode of a cgroup's directory is what BPF calls its id. */
int
cgroup_id(int cgroup, uint64_t *id)
{
	struct stat st;

	if (fstat(cgroup, &st) != 0)
		return -1;
	*id = st.st_ino;
	return 0;
}

int
cgroup_write(int cgroup, const char *name, const char *text)
{
	int fd = openat(cgroup, name, O_WRONLY | O_CLOEXEC), rc = -1;

	if (fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		rc = 0;
	close_fd(&fd);
	return rc;
}

int
cgroup_read(int cgroup, const char *name, char *text, size_t size)
{
	int fd = openat(cgroup, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	close_fd(&fd);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -1 : (int)n;
}

int
cgroup_enter(int cgroup, long pid)
{
	char text[NUMBER_SIZE];

	snprintf(text, sizeof text, "%ld", pid);
	return cgroup_write(cgroup, "cgroup.procs", text);
}

static bool
has_below(int dir, const char *path)
{
	struct stat st;

	return fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_nlink > 2;
}

int
cgroup_remove(int dir, const char *path)
{
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (unlinkat(dir, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -1;
		if (has_below(dir, path)) {
			errno = EBUSY;
			return -1;
		}
		usleep(REMOVE_WAIT_US);
	}
	return -1;
}

void
cgroup_prune(int dir, const char *path)
{
	char part[CGROUP_PATH_SIZE];
	char *slash;

	snprintf(part, sizeof part, "%s", path);
	while ((slash = strrchr(part, '/')) != NULL) {
		*slash = '\0';
		if (unlinkat(dir, part, AT_REMOVEDIR) != 0 && errno != ENOENT)
			return;
	}
}

void
cgroup_kill(int cgroup)
{
	int fd;
	long pid;
	FILE *f;

	if (cgroup_write(cgroup, "cgroup.kill", "1") == 0) /* Linux 5.14 */
		return;
	fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	f = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (f == NULL) {
		close_fd(&fd);
		return;
	}
	while (fscanf(f, "%ld", &pid) == 1)
		if (pid > 0)
			(void)kill((pid_t)pid, SIGKILL);
	fclose(f);
}

static int
need_once(int dir, const char *path)
{
	char part[CGROUP_PATH_SIZE];

	for (size_t i = 1; i < sizeof part; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(dir, part, 0755) != 0 && errno != EEXIST)
			return -1;
		if (path[i] == '\0')
			return cgroup_open(dir, path);
	}
	errno = ENAMETOOLONG;
	return -1;
}

/* Others remove what is empty, when the last jail of theirs has ended. */
int
cgroup_need(int dir, const char *path)
{
	int fd = need_once(dir, path);

	for (int i = 0; i < NEED_TRIES && fd < 0 && errno == ENOENT; i++)
		fd = need_once(dir, path);
	return fd;
}

int
cgroup_make(int dir, const char *path)
{
	int old = cgroup_open(dir, path);

	if (old >= 0) {
		cgroup_kill(old);
		close_fd(&old);
		if (cgroup_remove(dir, path) != 0)
			return -1;
	}
	return cgroup_need(dir, path);
}
