/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of a jail, as a child inside of its PID namespace sees them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "child.h"
#include "mounts.h"
#include "sys.h"

#define PID_TEXT 16 /* the longest name of a process, NUL included */
#define FNV_PRIME 0x100000001b3ULL

struct entry { /* what getdents64(2) gives */
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

int
pids_open(struct error *err)
{
	static const struct mount_option options[] = {
		{ "subset", "pid" }, { NULL, NULL },
	};
	int mnt = mount_make("proc", options, MOUNT_ATTR_RDONLY);
	int proc = mnt < 0 ? -1 :
	    openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return proc >= 0 ? proc :
	    error_sys(err, errno, "reading the jail's processes");
}

int
pids_read(int proc, const char *name, const char *file, char *text,
    size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/%s", name, file);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n <= 0 ? -1 : (int)n;
}

bool
pids_lives(int proc, const char *name, char *text, size_t size)
{
	const char *line, *threads;

	if (pids_read(proc, name, "status", text, size) < 0)
		return false;
	line = strstr(text, "\nState:\t");
	threads = strstr(text, "\nThreads:\t");
	/* The first thread may have ended before others: pthread_exit(3). */
	return line != NULL && line[8] != 'X' && (line[8] != 'Z' ||
	    (threads != NULL && atoi(threads + 10) > 1));
}

int
pids_each(int proc, bool init, bool (*each)(void *arg, int proc,
    const char *name), void *arg, uint64_t *list)
{
	_Alignas(struct entry) char buf[16384];
	pid_t self = getpid();
	long n;

	*list = 0;
	if (lseek(proc, 0, SEEK_SET) != 0)
		return -1;
	while ((n = syscall(SYS_getdents64, proc, buf, sizeof buf)) > 0) {
		const struct entry *e;

		for (long at = 0; at < n; at += e->len) {
			pid_t pid;

			e = (const void *)(buf + at);
			if (e->name[0] < '1' || e->name[0] > '9' ||
			    strlen(e->name) >= PID_TEXT)
				continue;
			pid = atoi(e->name);
			*list = (*list ^ (uint64_t)pid) * FNV_PRIME;
			if (pid != self && (pid > 1 || init) &&
			    !each(arg, proc, e->name))
				return 0;
		}
	}
	return n < 0 ? -1 : 0;
}
