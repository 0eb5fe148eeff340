/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of jails as the calling process means them (jail-semantics 2.4). */
#ifndef JA_PRISON_PATH_H
#define JA_PRISON_PATH_H

#include <stddef.h>

/*
 * Resolves `path` to a directory, following symbolic links; writes its
 * canonical path on the host to out (`size` bytes).  `root` is "" or a
 * canonical directory that acts as root and as working directory, as after
 * chroot(2).  Returns 0 or an errno value: ENOTDIR, ENAMETOOLONG, what
 * lstat(2) says.
 */
int path_resolve(const char *root, const char *path, char *out, size_t size);

#endif
