/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of directory trees: the roots of jails, and what is mounted there. */
#ifndef JA_LINUX_TREE_H
#define JA_LINUX_TREE_H

#include <stdbool.h>

#include "kernel/error.h"

/*
 * A private copy of the tree at `path`, in which device nodes do not work;
 * `whole`: with the file systems that are mounted below it.  The path is
 * canonical: a symbolic link in it is an error.  Returns a descriptor, -1 with
 * err.
 */
int tree_clone(const char *path, bool whole, struct error *err);

/*
 * As tree_clone, of a directory or file without what is mounted below, for
 * `mount`.  Kernel file systems of the host are refused: they show the host.
 */
int tree_clone_part(const char *path, struct error *err);

#endif
