/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "sys.h"

/* On pidfs without looking the pid up again. */
static int
identify(int pidfd, pid_t pid, struct prison_proc *p)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) != 0 || fs.f_type != PID_FS_MAGIC)
		return prison_proc_id(pid, p);
	if (fstat(pidfd, &st) != 0)
		return -1;
	p->id = st.st_ino;
	return 0;
}

int
process_open(const struct prison_proc *p)
{
	struct prison_proc now;
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
	/* The pidfd holds on to one process; the pid is that one's or free. */
	if (identify(fd, p->pid, &now) == 0 && now.id == p->id)
		return fd;
	close_fd(&fd);
	errno = ESRCH;
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
process_leaving(pid_t pid)
{
	char path[64], c;
	struct stat st;

	/* With its memory it has given up its program. */
	snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
	return readlink(path, &c, 1) < 0 && errno == ENOENT &&
	    lstat(path, &st) == 0;
}

bool
process_reap(int pidfd)
{
	siginfo_t info;

	info.si_pid = 0;
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | __WALL)
	    == 0 && info.si_pid != 0;
}
