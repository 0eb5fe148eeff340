/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"

/* Field 22 of /proc/PID/stat; the name before it may hold anything. */
static int
start_time(pid_t pid, uint64_t *id)
{
	char path[40], text[1024], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT)
			errno = ESRCH;
		return -1;
	}
	n = read(fd, text, sizeof text - 1);
	close_fd(&fd);
	if (n <= 0) {
		errno = ESRCH;
		return -1;
	}
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; field < 22 && at != NULL; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL) {
		errno = EINVAL;
		return -1;
	}
	*id = strtoull(at, NULL, 10);
	return 0;
}

static int
read_id(int pidfd, pid_t pid, uint64_t *id)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) != 0)
		return -1;
	if (fs.f_type != PID_FS_MAGIC)
		return start_time(pid, id);
	if (fstat(pidfd, &st) != 0)
		return -1;
	*id = st.st_ino;
	return 0;
}

int
process_identify(pid_t pid, struct prison_proc *p)
{
	int fd, rc;

	fd = pidfd_open(pid, 0);
	if (fd < 0)
		return -1;
	p->pid = pid;
	rc = read_id(fd, pid, &p->id);
	close_fd(&fd);
	return rc;
}

int
process_open(const struct prison_proc *p)
{
	uint64_t id;
	int fd;

	if (p->pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	fd = pidfd_open(p->pid, 0);
	if (fd < 0) {
		/* EINVAL: the number is now a thread's. */
		if (errno == EINVAL)
			errno = ESRCH;
		return -1;
	}
	if (read_id(fd, p->pid, &id) == 0) {
		if (id == p->id)
			return fd;
		errno = ESRCH;
	}
	close_fd(&fd);
	return -1;
}

bool
process_wait_end(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

bool
process_ended(int pidfd)
{
	return process_wait_end(pidfd, 0);
}

bool
process_reap(int pidfd)
{
	siginfo_t info;

	info.si_pid = 0;
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | __WALL)
	    == 0 && info.si_pid != 0;
}
