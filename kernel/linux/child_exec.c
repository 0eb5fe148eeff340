/* SPDX-License-Identifier: BSD-2-Clause */
/* The child that becomes a program in a jail. */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <grp.h>
#include <signal.h>

#include "kernel/account.h"
#include "kernel/gate.h"
#include "child.h"
#include "kernel/search.h"
#include "sys.h"

static int
enter_jail(const struct exec_job *j, struct error *err)
{
	if (setns(j->jail, ENTER_NAMESPACES) != 0)
		return error_sys(err, errno, "entering the jail");
	return 0;
}

/*
 * Puts fd[] in the places 0, 1, 2, whatever order they are in, and closes all
 * others: a path in the jail may lead through /proc/self/fd, and what the
 * spawner has open is the host's.
 */
static int
place_descriptors(const struct exec_job *j, struct error *err)
{
	struct stat st;
	int fd[3];

	for (int i = 0; i < 3; i++) {
		/* ".." from it would lead to the host's root. */
		if (fstat(j->fd[i], &st) != 0 || S_ISDIR(st.st_mode))
			return error_set(err, EPERM, "descriptor %d is a "
			    "directory of the host, by which processes could "
			    "leave the jail", i);
		fd[i] = fcntl(j->fd[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			return error_sys(err, errno, "descriptor %d", i);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(fd[i], i) < 0)
			return error_sys(err, errno, "descriptor %d", i);
	if (close_range(3, ~0U, 0) != 0)
		return error_sys(err, errno, "closing descriptors");
	return 0;
}

static int
become_user(const struct exec_job *j, struct account *a,
    struct account_login *texts, struct error *err)
{
	const gid_t *groups = a->groups;
	size_t count;

	a->uid = j->uid;
	a->gid = j->gid;
	if (!j->has_ids && (j->user != NULL || j->login) &&
	    account_read(j->user, a, err) != 0)
		return -1;
	if (j->login)
		account_login(a, j->envp, texts);
	if (!j->has_ids && j->user == NULL)
		return 0;
	count = a->group_count;
	if (j->has_ids) {
		groups = j->groups;
		count = j->group_count;
	}
	if (setgroups(count, groups) != 0 ||
	    setresgid(a->gid, a->gid, a->gid) != 0 ||
	    setresuid(a->uid, a->uid, a->uid) != 0)
		return error_sys(err, errno, "becoming user %s",
		    j->user != NULL ? j->user : "of the host");
	return 0;
}

static int
enter_directory(const char *dir, struct error *err)
{
	return chdir(dir) == 0 ? 0 :
	    error_sys(err, errno, "directory %s", dir);
}

/* Programs start with default actions and nothing blocked. */
static void
reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
exec_child(void *arg, struct error *err)
{
	const struct exec_job *j = arg;
	struct account a;
	struct account_login texts; /* the environment points into it */
	const char *const shell[] = { a.shell, "-i", NULL };
	const char *const *argv = j->argv != NULL ? j->argv : shell;
	const char *home = j->login ? a.home : j->dir;

	/* A caller in the same session could be signalled, or typed at. */
	setsid();
	if (j->gate >= 0 && gate_pass(j->gate, *j->self, err) != 0)
		return;
	if (controls_enter(j->procs, 0, err) != 0)
		return;
	if (j->cgroup >= 0 && cgroup_enter(j->cgroup, 0) != 0) {
		error_sys(err, errno, "entering the jail's cgroup");
		return;
	}
	/* From the first path on nothing of the host may be open. */
	if (rights_raw(j->raw, err) != 0 || enter_jail(j, err) != 0 ||
	    place_descriptors(j, err) != 0 ||
	    enter_directory(j->dir != NULL && !j->home ? j->dir : "/",
	    err) != 0 || become_user(j, &a, &texts, err) != 0 ||
	    (j->home && enter_directory(home, err) != 0))
		return;
	/* Takes no terminal that is another session's. */
	if (isatty(0))
		(void)ioctl(0, TIOCSCTTY, 0);
	reset_signals();
	error_sys(err, search_and_execute(argv, j->envp), "%s", argv[0]);
}
