/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of jails as the calling process means them (jail-semantics 2.4). */
#ifndef JA_PATH_H
#define JA_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Who is in a jail can put symbolic links anywhere below the jail's root, and
 * must not lead others to another place by them.  `refuses` says whether the
 * link `link` (a canonical path) is such a one, and keeps what it wants to say
 * about it.
 */
struct path_guard {
	bool (*refuses)(void *arg, const char *link);
	void *arg;
};

/*
 * Resolves `path` to a directory, following symbolic links; writes its
 * canonical path on the host to out (`size` bytes).  `root` is "" or a
 * canonical directory that acts as root and as working directory, as after
 * chroot(2).  `guard` may be NULL.  Returns 0 or an errno value: ENOTDIR,
 * ENAMETOOLONG, ELOOP also when the guard refuses, what lstat(2) says.
 */
int path_resolve(const char *root, const char *path,
    const struct path_guard *guard, char *out, size_t size);

/* The same for what need not be a directory. */
int path_resolve_any(const char *root, const char *path,
    const struct path_guard *guard, char *out, size_t size);

/* Whether the canonical `path` is below `root`, and not `root` itself. */
bool path_below(const char *path, const char *root);

#endif
