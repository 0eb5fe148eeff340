/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls and constants that Debian 12's libc does not have, and the
 * small helpers that every file of this folder needs.
 */
#ifndef JA_LINUX_SYS_H
#define JA_LINUX_SYS_H

#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <linux/close_range.h>
#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446 /* Linux 6.9 */
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* The namespaces that every jail has of its own. */
#define JAIL_NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | \
	CLONE_NEWIPC)
/* Those that a process enters; the PID namespace is entered by a clone. */
#define ENTER_NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
	CLONE_NEWNET)

/* Below `dirfd`, which acts as the root; no symbolic link is followed. */
static inline int
open_inside(int dirfd, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

/* Closes a descriptor if there is one and forgets it; errno is kept. */
static inline void
close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

#endif
