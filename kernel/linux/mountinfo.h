/* SPDX-License-Identifier: BSD-2-Clause */
/* What is mounted in a mount namespace, as proc(5) tells it. */
#ifndef JA_LINUX_MOUNTINFO_H
#define JA_LINUX_MOUNTINFO_H

#include <sys/types.h>

#include <stdbool.h>

/* The mounts that a process sees, by its root; to be freed, or NULL. */
char *mountinfo_read(pid_t pid);

/* How many file systems are mounted at a place in that root, one on another. */
size_t mountinfo_count(const char *mountinfo, const char *place);

#endif
