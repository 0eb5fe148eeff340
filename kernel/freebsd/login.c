/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Login classes by setusercontext(3), as jail(8) and jexec(8) do it.  libutil
 * is loaded when it is needed, and before a jail is entered: it belongs to the
 * base system, and its number differs between releases.
 */
#include "login.h"

#include <sys/types.h>

#include <dlfcn.h>
#include <errno.h>
#include <login_cap.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* An object's address becomes a function's. */
static int
find(void *library, const char *name, void *function, size_t size)
{
	void *at = dlsym(library, name);

	memcpy(function, &at, size);
	return at != NULL ? 0 : -1;
}

int
class_open(struct class_library *l, struct error *err)
{
	static const char *const names[] = { "libutil.so.10", "libutil.so.9" };

	l->library = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names &&
	    l->library == NULL; i++)
		l->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (l->library != NULL &&
	    find(l->library, "login_getpwclass", &l->of_user,
	    sizeof l->of_user) == 0 &&
	    find(l->library, "setusercontext", &l->apply,
	    sizeof l->apply) == 0 &&
	    find(l->library, "login_close", &l->free, sizeof l->free) == 0)
		return 0;
	class_close(l);
	return error_set(err, ENOENT, "login classes: libutil of the base "
	    "system cannot be loaded");
}

void
class_close(struct class_library *l)
{
	if (l->library != NULL)
		dlclose(l->library);
	l->library = NULL;
}

/* What the agent itself was given for the jail stays as it is. */
static int
keep(const struct jail_exec *x)
{
	for (size_t i = 0; i < x->kept_count; i++)
		if (putenv((char *)(uintptr_t)x->kept[i]) != 0)
			return -1;
	return 0;
}

int
class_apply(const struct class_library *l, const struct jail_exec *x,
    const struct account *a, const char ***env, struct error *err)
{
	extern char **environ;
	char class[256], none[] = "";
	struct passwd pw = { .pw_name = (char *)(uintptr_t)a->name,
		.pw_passwd = none, .pw_uid = a->uid, .pw_gid = a->gid,
		.pw_class = class, .pw_gecos = none,
		.pw_dir = (char *)(uintptr_t)a->home,
		.pw_shell = (char *)(uintptr_t)a->shell };
	struct login_cap *c;
	int rc = -1;

	account_class(a->name, class, sizeof class);
	environ = (char **)(uintptr_t)*env;
	c = l->of_user(&pw);
	if (c != NULL)
		rc = l->apply(c, &pw, pw.pw_uid, x->user != NULL ?
		    LOGIN_SETALL & ~(LOGIN_SETGROUP | LOGIN_SETLOGIN) :
		    LOGIN_SETPATH | LOGIN_SETENV);
	if (rc == 0)
		rc = keep(x);
	if (rc != 0)
		error_sys(err, errno, "the login class of user %s%s%s",
		    a->name, class[0] != '\0' ? ", " : "", class);
	if (c != NULL)
		l->free(c);
	*env = (const char **)(uintptr_t)environ;
	return rc;
}
