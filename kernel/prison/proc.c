/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes by pid and an id that no later process with that pid shares: the
 * inode of its pidfd where the system has pidfs, else its start time.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/start.h"
#include "prison.h"

#ifdef SYS_pidfd_open
#include <sys/vfs.h>
#define PIDFS_TYPE 0x50494446
#endif

/* A pidfd, or -1; errno ENOSYS where there is no such thing. */
static int
open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}

/* The inode number of a pidfd is the process's own only on pidfs. */
static bool
pidfd_id(int fd, uint64_t *id)
{
#ifdef SYS_pidfd_open
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) != 0 || fs.f_type != PIDFS_TYPE ||
	    fstat(fd, &st) != 0)
		return false;
	*id = st.st_ino;
	return true;
#else
	(void)fd;
	(void)id;
	return false;
#endif
}

/* What there is of a process at this moment. */
struct look {
	uint64_t id;
	bool zombie;
};

static int
look_at(pid_t pid, struct look *l)
{
	struct pollfd ended = { .events = POLLIN };
	bool known;

	memset(l, 0, sizeof *l);
	ended.fd = open_pidfd(pid);
	if (ended.fd >= 0) {
		known = pidfd_id(ended.fd, &l->id);
		l->zombie = poll(&ended, 1, 0) == 1;
		close(ended.fd);
		if (known)
			return 0;
	} else if (errno == ESRCH || errno == EINVAL)
		return -1;
	if (process_start(pid, &l->id, &l->zombie) == 0)
		return 0;
	return kill(pid, 0) == 0 || errno == EPERM ? 0 : -1;
}

int
prison_proc_id(pid_t pid, struct prison_proc *p)
{
	struct look l;

	if (look_at(pid, &l) != 0) {
		errno = ESRCH;
		return -1;
	}
	p->pid = (int32_t)pid;
	p->id = l.id;
	return 0;
}

bool
prison_proc_running(const struct prison_proc *p, bool *zombie)
{
	struct look l;

	*zombie = false;
	if (p->pid <= 0 || look_at(p->pid, &l) != 0 || l.id != p->id)
		return false;
	*zombie = l.zombie;
	return true;
}

int
prison_proc_signal(const struct prison_proc *p, int sig)
{
	bool zombie;
#ifdef SYS_pidfd_send_signal
	uint64_t id;
	int rc, fd = open_pidfd(p->pid);

	/* The descriptor is the process, whatever becomes of its pid. */
	if (fd >= 0 && pidfd_id(fd, &id)) {
		rc = id == p->id ? (int)syscall(SYS_pidfd_send_signal, fd, sig,
		    NULL, 0) : (errno = ESRCH, -1);
		close(fd);
		return rc;
	}
	if (fd >= 0)
		close(fd);
#endif
	if (!prison_proc_running(p, &zombie)) {
		errno = ESRCH;
		return -1;
	}
	return kill(p->pid, sig);
}
