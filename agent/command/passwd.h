/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user as the passwd(5) file below a jail's root describes them.  The file
 * is the jail's own, so nothing in it is believed but for the jail's use, and
 * no symbolic link is followed on the way to it.
 */
#ifndef JA_PASSWD_H
#define JA_PASSWD_H

#define PASSWD_TEXT_MAX 1024

struct passwd_user {
	char name[256];
	char home[PASSWD_TEXT_MAX];
	char shell[PASSWD_TEXT_MAX];
};

/*
 * Finds a user by name, or the one with number 0 when `name` is NULL.  Returns
 * 0, -1 when there is none; then *u has what does without: the name, "/" and
 * "/bin/sh".
 */
int passwd_find(const char *root, const char *name, struct passwd_user *u);

#endif
