/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inotify(2) for a program that is built against an older libc than FreeBSD
 * 15's with the headers of that: the system calls are the same for all, and a
 * kernel without them says so.
 */
#include <sys/param.h>
#if __has_include(<sys/inotify.h>)
#include <sys/inotify.h>
#endif

/* The guard of the base system's header; libinotify's has another name. */
#if defined(_INOTIFY_H_) && __FreeBSD_version < 1500000

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SYSCALL_SPECIALFD 577 /* FreeBSD 13 */
#define SYSCALL_INOTIFY_ADD_WATCH_AT 593
#define SYSCALL_INOTIFY_RM_WATCH 594
#define SPECIAL_INOTIFY 2

/* In parentheses: what callers pass is their matter. */
int
(inotify_init1)(int flags)
{
	int fd = syscall(SYSCALL_SPECIALFD, SPECIAL_INOTIFY, &flags,
	    sizeof flags);

	if (fd < 0 && errno == EINVAL)
		errno = ENOSYS;
	return fd;
}

int
inotify_add_watch(int fd, const char *path, __uint32_t mask)
{
	return syscall(SYSCALL_INOTIFY_ADD_WATCH_AT, fd, AT_FDCWD, path, mask);
}

int
inotify_rm_watch(int fd, int watch)
{
	return syscall(SYSCALL_INOTIFY_RM_WATCH, fd, watch);
}

#endif
