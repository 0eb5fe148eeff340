/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place, besides the kernel backends, where operating systems differ.
 * Each function does its best and says in its comment what may be missing.
 */
#ifndef JA_COMPAT_H
#define JA_COMPAT_H

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#elif defined(__FreeBSD__)
#include <sys/procctl.h>
#endif

/* What a signature by another key is refused with. */
#if !defined(EKEYREJECTED)
#define EKEYREJECTED EAUTH
#endif

/* Closes the descriptors lo..hi, both included; hi may be INT_MAX. */
static inline void
compat_close_range(int lo, int hi)
{
	long fd, end;

	if (lo > hi)
		return;
#if defined(__linux__) && defined(SYS_close_range)
	if (syscall(SYS_close_range, (unsigned)lo, (unsigned)hi, 0u) == 0)
		return;
#elif defined(__FreeBSD__)
	if (close_range((unsigned)lo, (unsigned)hi, 0) == 0)
		return;
#endif
	end = sysconf(_SC_OPEN_MAX);
	if (end < 0 || end - 1 > hi)
		end = (long)hi + 1;
	for (fd = lo; fd < end; fd++)
		(void)close((int)fd);
}

/*
 * Names the calling process "jailagent: TITLE" for ps(1).  On Linux the short
 * name (15 bytes) is TITLE alone, and the command line changes only with
 * CAP_SYS_RESOURCE: it is moved to memory of its own, because options may
 * still point into the old one.
 */
static inline void
compat_process_title(const char *title)
{
#if defined(__linux__)
	static const char prefix[] = "jailagent: ";
	size_t len = sizeof prefix + strlen(title);
	char *line;

	(void)prctl(PR_SET_NAME, title, 0, 0, 0);
	if ((line = malloc(len)) == NULL)
		return;
	memcpy(line, prefix, sizeof prefix - 1);
	memcpy(line + sizeof prefix - 1, title, strlen(title) + 1);
	/* The heap lies below the stack: start before end keeps them ordered. */
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, line, 0, 0) == -1)
		free(line);
	else
		(void)prctl(PR_SET_MM, PR_SET_MM_ARG_END, line + len, 0, 0);
#else
	setproctitle("-jailagent: %s", title);
#endif
}

/*
 * The calling process leaves no core dump, and others of its user cannot trace
 * it (DragonFly: only the former).  Programs that it starts are free again
 * (DragonFly: they may raise their limit).
 */
static inline void
compat_hide_memory(void)
{
#if defined(__linux__)
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#elif defined(__FreeBSD__)
	int off = PROC_TRACE_CTL_DISABLE;

	(void)procctl(P_PID, getpid(), PROC_TRACE_CTL, &off);
#else
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
#endif
}

/*
 * Gives free memory back to the system after much was used for a moment; where
 * the allocator does that by itself there is nothing to do.
 */
static inline void
compat_trim_memory(void)
{
#if defined(__GLIBC__)
	(void)malloc_trim(0);
#endif
}

/* The user at the other end of a local socket. */
static inline int
compat_peer_uid(int fd, uid_t *uid)
{
#if defined(__linux__)
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return -1;
	*uid = peer.uid;
	return 0;
#else
	gid_t gid;

	return getpeereid(fd, uid, &gid);
#endif
}

/* Default directories, as hier(7) of each system has them. */
#if defined(__linux__)
#define SYSTEM_SPECS_DIR "/etc/jailagent/specs"
#define SYSTEM_STATE_DIR "/var/lib/jailagent"
#define SYSTEM_RUN_DIR "/run/jailagent"
#else
#define SYSTEM_SPECS_DIR "/usr/local/etc/jailagent/specs"
#define SYSTEM_STATE_DIR "/var/db/jailagent"
#define SYSTEM_RUN_DIR "/var/run/jailagent"
#endif

/*
 * Whether mount_devfs(8) takes the number of a ruleset for a jail's devices;
 * DragonFly's has an option for jails, and takes files of rules.
 */
#if defined(__DragonFly__)
#define COMPAT_DEVFS_RULESETS false
#else
#define COMPAT_DEVFS_RULESETS true
#endif

/* Makes getopt_long(3) begin anew with another argument vector. */
#if defined(__linux__)
#define getopt_restart() ((void)(optind = 0))
#else
#define getopt_restart() ((void)(optreset = 1, optind = 1))
#endif

/*
 * inotify(7): of Linux, of FreeBSD 15, of libinotify elsewhere.  Where it is
 * built on kqueue, or may be, writes to files are not asked for: it would
 * open every file.
 */
#if __has_include(<sys/inotify.h>)
#include <sys/inotify.h>
#define COMPAT_INOTIFY 1
#if defined(__linux__)
#define COMPAT_IN_WRITES (IN_CLOSE_WRITE | IN_MODIFY)
#else
#define COMPAT_IN_WRITES 0
#endif
#endif

#endif
