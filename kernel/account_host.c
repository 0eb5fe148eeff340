/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account.h"

static int
take_texts(const struct passwd *pw, struct account *a, struct error *err)
{
	const char *shell = pw->pw_shell[0] != '\0' ? pw->pw_shell :
	    "/bin/sh";

	if (strlen(pw->pw_name) >= sizeof a->name ||
	    strlen(pw->pw_dir) >= sizeof a->home ||
	    strlen(shell) >= sizeof a->shell)
		return error_set(err, ENAMETOOLONG, "user %.200s: a name, a "
		    "home or a shell of more than %zu characters",
		    pw->pw_name, sizeof a->home - 1);
	snprintf(a->name, sizeof a->name, "%s", pw->pw_name);
	snprintf(a->home, sizeof a->home, "%s", pw->pw_dir);
	snprintf(a->shell, sizeof a->shell, "%s", shell);
	return 0;
}

int
account_of_host(const char *user, struct account *a, struct error *err)
{
	int count = ACCOUNT_GROUPS_MAX;
	struct passwd *pw;

	*a = (struct account){ .name = "root", .home = "/",
		.shell = "/bin/sh", .uid = geteuid(), .gid = getegid() };
	errno = 0;
	pw = user != NULL ? getpwnam(user) : getpwuid(a->uid);
	if (pw == NULL && user == NULL)
		return 0;
	if (pw == NULL)
		return errno != 0 ? error_sys(err, errno, "user %s", user) :
		    error_set(err, ENOENT, "user %s: the host has none", user);
	if (take_texts(pw, a, err) != 0)
		return -1;
	if (user == NULL)
		return 0;
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	if (getgrouplist(user, pw->pw_gid, a->groups, &count) < 0)
		return error_set(err, E2BIG, "user %s: more than %d groups",
		    user, ACCOUNT_GROUPS_MAX);
	a->group_count = (size_t)count;
	return 0;
}
