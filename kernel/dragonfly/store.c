/* SPDX-License-Identifier: BSD-2-Clause */
/* The table in its file: the boot in the first line, then a line a jail. */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dragonfly.h"
#include "pure/table.h"

struct dragonfly_jail *
jails_add(struct dragonfly_jails *all, const struct dragonfly_jail *one)
{
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 16 : all->room * 2;
		struct dragonfly_jail *grown = realloc(all->jail,
		    room * sizeof *grown);

		if (grown == NULL)
			return NULL;
		all->jail = grown;
		all->room = room;
	}
	all->jail[all->count] = *one;
	return &all->jail[all->count++];
}

static int
file_name(const struct dragonfly_kernel *dk, const char *name, char *buf,
    size_t size)
{
	int n = snprintf(buf, size, "%s/%s", dk->dir, name);

	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

int
store_lock(const struct dragonfly_kernel *dk)
{
	char path[512];
	int fd;

	if (file_name(dk, "lock", path, sizeof path) != 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
store_read(const struct dragonfly_kernel *dk, struct dragonfly_jails *all)
{
	char path[512], line[TABLE_LINE_MAX], boot[64];
	struct error err;
	FILE *f;
	bool ours;

	if (file_name(dk, "jails", path, sizeof path) != 0 ||
	    kernel_boot_id(boot, sizeof boot, &err) != 0)
		return -1;
	f = fopen(path, "re");
	if (f == NULL)
		return errno == ENOENT ? 0 : -1;
	ours = fgets(line, sizeof line, f) != NULL &&
	    strncmp(line, boot, strlen(boot)) == 0 &&
	    line[strlen(boot)] == '\n';
	while (ours && fgets(line, sizeof line, f) != NULL) {
		struct dragonfly_jail j;

		memset(&j, 0, sizeof j);
		line[strcspn(line, "\n")] = '\0';
		if (table_parse(line, &j) == 0 && jails_add(all, &j) == NULL) {
			fclose(f);
			return -1;
		}
	}
	fclose(f);
	return 0;
}

static int
write_lines(FILE *f, const struct dragonfly_jails *all)
{
	char line[TABLE_LINE_MAX], boot[64];
	struct error err;

	if (kernel_boot_id(boot, sizeof boot, &err) != 0 ||
	    fprintf(f, "%s\n", boot) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		if (table_format(&all->jail[i], line, sizeof line) < 0 ||
		    fputs(line, f) == EOF)
			return -1;
	return fflush(f) == 0 ? 0 : -1;
}

/* The lock is held.  Not forced to the disk: no jail outlives the boot. */
int
store_write(const struct dragonfly_kernel *dk,
    const struct dragonfly_jails *all)
{
	char path[512], new[512];
	FILE *f;
	int rc, code;

	if (file_name(dk, "jails", path, sizeof path) != 0 ||
	    file_name(dk, "jails.new", new, sizeof new) != 0)
		return -1;
	f = fopen(new, "we");
	if (f == NULL)
		return -1;
	rc = write_lines(f, all);
	code = errno;
	if (fclose(f) != 0 && rc == 0) {
		rc = -1;
		code = errno;
	}
	if (rc == 0 && rename(new, path) == 0)
		return 0;
	errno = rc == 0 ? errno : code;
	return -1;
}
