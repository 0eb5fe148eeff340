/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's kernel file systems in the tree that becomes a jail's root.
 * Devices apart, they give what the host has and not what a jail has: by
 * /proc/PID/root of a process of the host one leaves a jail, even where
 * nothing can be written.
 */
#ifndef JA_LINUX_SUBMOUNTS_H
#define JA_LINUX_SUBMOUNTS_H

#include "kernel/error.h"

/*
 * For a child whose root is a jail's new one: judges the mounts that are in
 * it, which nothing outside can change any more.  In the host's own root (the
 * jail's `path` is "/") kernel file systems are unmounted; elsewhere one is an
 * error.  `proc` is a directory of a procfs that shows the caller.  Leaves the
 * working directory anywhere in the root.  Returns 0, -1 with err.
 */
int submounts_judge(int proc, const char *path, struct error *err);

#endif
