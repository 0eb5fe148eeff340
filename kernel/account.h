/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user as /etc/passwd and /etc/group below the current root tell it.  The
 * files are read without libc's name services, which would load the jail's
 * code into this process, and without allocation.
 */
#ifndef JA_ACCOUNT_H
#define JA_ACCOUNT_H

#include <sys/types.h>

#include "error.h"

#define ACCOUNT_GROUPS_MAX 256

struct account {
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_GROUPS_MAX]; /* `gid` first */
	size_t group_count;
};

/* Returns 0, -1 with err (no such user, too many groups, unreadable). */
int account_read(const char *user, struct account *a, struct error *err);

/*
 * Each system's own: opens a file below the current root for reading, without
 * waiting (a fifo) and without taking a terminal.  -1/errno.
 */
int account_open(const char *path);

#endif
