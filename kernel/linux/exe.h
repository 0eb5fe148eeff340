/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc/self/exe of a process leads to. */
#ifndef JA_LINUX_EXE_H
#define JA_LINUX_EXE_H

#include "kernel/error.h"

/*
 * Makes the calling process one of the program `fd`, as far as the kernel
 * knows, and copies into memory what of its own program's file is mapped.
 * Only for a process with one thread.  Needs CAP_SYS_RESOURCE, or CAP_SYS_ADMIN
 * and a kernel that can do checkpoints.
 *
 * Why: a child that borrows this process's memory and executes a path of a
 * jail may be led to /proc/self/exe.  That would be the host's file, which
 * root inside could keep open and write to once nobody runs it.
 */
int exe_replace(int fd, struct error *err);

#endif
