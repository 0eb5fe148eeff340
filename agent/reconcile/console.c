/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/console.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/paths.h"

#define NAME_ROOM (PATHS_MAX + 300)

static void
own_file(const char *dir, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s.log", dir, name);
}

int
console_open(const char *dir, const char *name, const char *log,
    struct error *err)
{
	char own[NAME_ROOM];
	const char *path = log;
	int fd;

	if (path == NULL) {
		own_file(dir, name, own, sizeof own);
		path = own;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd == -1)
		error_sys(err, errno, "%s", path);
	return fd;
}

void
console_tail(const char *dir, const char *name, char *buf, size_t size)
{
	char path[NAME_ROOM], *line;
	off_t end;
	ssize_t n;
	int fd;

	buf[0] = '\0';
	own_file(dir, name, path, sizeof path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	end = lseek(fd, 0, SEEK_END);
	n = pread(fd, buf, size - 1,
	    end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0);
	close(fd);
	if (n < 0)
		n = 0;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	line = strrchr(buf, '\n');
	if (line != NULL)
		memmove(buf, line + 1, strlen(line + 1) + 1);
	for (char *p = buf; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

void
console_remove(const char *dir, const char *name)
{
	char path[NAME_ROOM];

	own_file(dir, name, path, sizeof path);
	unlink(path);
}

void
console_trim(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		struct stat st;
		int fd;

		if (fstatat(dirfd(d), entry->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
		    st.st_size <= CONSOLE_MAX)
			continue;
		fd = openat(dirfd(d), entry->d_name,
		    O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd == -1)
			continue;
		/* Writers append, so they go on at the new end. */
		if (ftruncate(fd, 0) != 0)
			unlinkat(dirfd(d), entry->d_name, 0);
		close(fd);
	}
	if (d != NULL)
		closedir(d);
}
