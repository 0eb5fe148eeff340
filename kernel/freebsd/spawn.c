/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs in jails: how a process enters one. */
#include "freebsd.h"

#include <sys/cpuset.h>
#include <sys/socket.h> /* setfib(2) */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel/call.h"
#include "kernel/freebsd/login.h"
#include "kernel/spawn.h"

struct entering {
	struct jail_kernel *kernel;
	const struct jail_exec *x;
	struct class_library classes;
};

/* The jail's root: older kernels leave the working directory when attaching. */
static int
go_to_root(int jid, struct error *err)
{
	char path[MAXPATHLEN], keys[2][5] = { "jid", "path" };
	struct iovec iov[] = { { keys[0], 4 }, { &jid, sizeof jid },
		{ keys[1], 5 }, { path, sizeof path } };

	if (jail_get(iov, nitems(iov), 0) < 0)
		return error_sys(err, errno, "jail %d", jid);
	if (chdir(path) != 0)
		return error_sys(err, errno, "jail %d: %s", jid, path);
	return 0;
}

/*
 * Enters the jail that had the jid when `fd` was made.  By jid, because a jail
 * that is entered by jail_attach_jd(2) of FreeBSD 15.1 never ends: a reference
 * of it is lost.  If the descriptor's jail is alive after that, it had its jid
 * all the time, so no other jail can have been entered.
 */
static int
enter(int jid, int fd, struct error *err)
{
	struct stat st;

	if (go_to_root(jid, err) != 0)
		return -1;
	if (jail_attach(jid) != 0)
		return error_sys(err, errno, "entering jail %d", jid);
	if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_ino == 0))
		return error_set(err, ESRCH, "jail %d ended while it was "
		    "entered", jid);
	return 0;
}

/*
 * Jails' sets of processors are parts of the root set; a narrower one of the
 * agent's own would forbid to enter them.  The request is a favour: a kernel
 * that refuses decides in jail_attach(2).
 */
static void
leave_cpuset(void)
{
	cpusetid_t root;

	if (cpuset_getid(CPU_LEVEL_ROOT, CPU_WHICH_PID, -1, &root) == 0)
		(void)cpuset_setid(CPU_WHICH_PID, -1, root);
}

static int
enter_jail(void *arg, struct error *err)
{
	const struct entering *e = arg;
	const struct freebsd_kernel *fk = e->kernel->data;
	int fd = -1, rc;

	/* In the jail it could be refused. */
	if (e->x->fib != NULL && setfib(*e->x->fib) != 0)
		return error_sys(err, errno, "exec.fib: %d", *e->x->fib);
	leave_cpuset();
	if (fk->descriptors) {
		fd = call_descriptor(e->kernel, e->x->jid);
		if (fd < 0)
			return error_sys(err, errno, "jail %d", e->x->jid);
	}
	rc = enter(e->x->jid, fd, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
apply_class(void *arg, const struct account *a, const char ***env,
    struct error *err)
{
	const struct entering *e = arg;

	return class_apply(&e->classes, e->x, a, env, err);
}

/* Whether a user, or variables of one, are asked for. */
static bool
logs_in(const struct jail_exec *x)
{
	for (size_t i = 0; x->login && x->envp[i] != NULL; i++)
		if (strcmp(x->envp[i], "USER=") == 0)
			return true;
	return x->user != NULL;
}

pid_t
freebsd_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct entering e = { .kernel = k, .x = x };
	bool login = logs_in(x);
	pid_t pid = -1;

	if (!login || class_open(&e.classes, err) == 0)
		pid = spawn_program(x, x->jid != 0 ? enter_jail : NULL,
		    login ? apply_class : NULL, &e, err);
	class_close(&e.classes);
	return pid;
}
