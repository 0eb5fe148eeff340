/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of the host's kernel file systems (proc, sysfs and the like) are
 * mounted below a directory.  Root in a jail without capabilities could change
 * the host through their files, so a jail gets them read-only.
 */
#ifndef JA_LINUX_SUBMOUNTS_H
#define JA_LINUX_SUBMOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

/* The mount points of such file systems, kept until the host's mounts change. */
struct submounts {
	int fd;	     /* /proc/self/mountinfo; -1: not read yet */
	char *paths; /* each with its NUL */
	size_t len;
};

/* Zero-initialise with fd -1; finish at the end. */
void submounts_finish(struct submounts *s);

/*
 * Writes those below `path`, relative to it, each with its NUL, into buf and
 * their total length and number into *len and *count.  Returns 0, -1 with err.
 */
int submounts_below(struct submounts *s, const char *path, char *buf,
    size_t size, size_t *len, uint32_t *count, struct error *err);

#endif
