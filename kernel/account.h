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

#define ACCOUNT_GROUPS_MAX 1024
#define ACCOUNT_TEXT_MAX 1024

struct account {
	char name[256];
	char home[ACCOUNT_TEXT_MAX], shell[ACCOUNT_TEXT_MAX];
	uid_t uid;
	gid_t gid;
	gid_t groups[ACCOUNT_GROUPS_MAX]; /* `gid` first */
	size_t group_count;
};

/*
 * Returns 0, -1 with err (no such user, too many groups, unreadable, a file of
 * more than 4 MiB).  NULL is the user with number 0, without groups; a jail may
 * lack that one's line: then it is root, at home in "/", with /bin/sh.
 */
int account_read(const char *user, struct account *a, struct error *err);

/* The same from the host's name services; NULL is who calls, without groups. */
int account_of_host(const char *user, struct account *a, struct error *err);

/* Room for what account_login gives to a program. */
struct account_login {
	char user[256 + 5], home[ACCOUNT_TEXT_MAX + 5];
	char shell[ACCOUNT_TEXT_MAX + 6];
};

/*
 * Puts "USER=name", "HOME=home" and "SHELL=shell" in the places of the
 * variables of env that are empty.  Allocates nothing: env points into *l.
 */
void account_login(const struct account *a, const char **env,
    struct account_login *l);

/*
 * The login class that /etc/master.passwd below the current root gives to a
 * user; "": none, or there is no such file.
 */
void account_class(const char *name, char *class, size_t size);

/*
 * Each system's own: opens a file below the current root for reading, without
 * waiting (a fifo) and without taking a terminal.  -1/errno.
 */
int account_open(const char *path);

#endif
