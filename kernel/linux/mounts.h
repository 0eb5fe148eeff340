/* SPDX-License-Identifier: BSD-2-Clause */
/* Making file systems, and putting a jail's root and mounts together. */
#ifndef JA_LINUX_MOUNTS_H
#define JA_LINUX_MOUNTS_H

#include "kernel/error.h"
#include "request.h"

struct mount_option {
	const char *key, *value; /* value NULL: a flag; key NULL: the end */
};

/*
 * A new file system that is not attached anywhere, with MOUNT_ATTR_*.
 * Returns a descriptor of its root, -1/errno.
 */
int mount_make(const char *type, const struct mount_option *options,
    unsigned attributes);

/*
 * In a fresh copy of the seed namespace: makes `tree` the root of the calling
 * process and of everybody who enters its mount namespace later, and mounts
 * what was asked for.  `proc` is for submounts_judge.  Returns 0, -1 with err.
 */
int mounts_enter_root(const struct create_request *r, int proc, int tree,
    struct error *err);

#endif
