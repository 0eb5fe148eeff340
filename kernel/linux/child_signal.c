/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending a signal to all processes of a jail: a child inside of the jail's
 * PID namespace sees them, and nobody else, in a procfs of its own.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "child.h"
#include "mounts.h"
#include "sys.h"

/* SIGKILL is sent again while there are processes: some may just fork. */
#define KILL_ROUNDS 8

struct entry { /* what getdents64(2) gives */
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* Whether this is a live process that is to get signals. */
static bool
counts(int proc, const char *name)
{
	char path[64], text[1024], *line;
	ssize_t n;
	int fd;

	if (strlen(name) > 16)
		return false;
	memcpy(path, name, strlen(name));
	memcpy(path + strlen(name), "/status", sizeof "/status");
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	line = strstr(text, "\nState:\t");
	if (line == NULL || line[8] == 'Z' || line[8] == 'X')
		return false;
	/* The init of a jail below: it is its jail's, not a process of ours. */
	line = strstr(text, "\nNSpid:\t");
	if (line == NULL)
		return true;
	line += strcspn(line + 1, "\n") + 1;
	return line[-1] != '1' || line[-2] != '\t';
}

/* Signals every process in one piece of the directory; returns how many. */
static int
signal_entries(int proc, const char *buf, size_t len, int sig, pid_t self)
{
	const struct entry *e;
	int count = 0;

	for (size_t at = 0; at < len; at += e->len) {
		pid_t pid;

		e = (const void *)(buf + at);
		if (e->name[0] < '1' || e->name[0] > '9')
			continue;
		pid = atoi(e->name);
		if (pid <= 1 || pid == self || !counts(proc, e->name))
			continue;
		if (sig != 0 && kill(pid, sig) != 0)
			continue;
		count++;
	}
	return count;
}

/* One round; -1/errno when the directory cannot be read. */
static int
signal_all(int proc, int sig)
{
	_Alignas(struct entry) char buf[16384];
	pid_t self = getpid();
	int count = 0;
	long n;

	if (lseek(proc, 0, SEEK_SET) != 0)
		return -1;
	while ((n = syscall(SYS_getdents64, proc, buf, sizeof buf)) > 0)
		count += signal_entries(proc, buf, (size_t)n, sig, self);
	return n < 0 ? -1 : count;
}

void
signal_child(void *arg, struct error *err)
{
	static const struct mount_option options[] = {
		{ "subset", "pid" }, { NULL, NULL },
	};
	struct signal_job *j = arg;
	int mnt, proc, n, rounds = j->sig == SIGKILL ? KILL_ROUNDS : 1;

	mnt = mount_make("proc", options, MOUNT_ATTR_RDONLY);
	proc = mnt < 0 ? -1 :
	    openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0) {
		error_sys(err, errno, "reading the jail's processes");
		return;
	}
	do {
		n = signal_all(proc, j->sig);
		if (n < 0) {
			error_sys(err, errno, "reading the jail's processes");
			return;
		}
		if (n > j->count)
			j->count = n;
	} while (--rounds > 0 && n > 0);
}
