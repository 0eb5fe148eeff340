/* SPDX-License-Identifier: BSD-2-Clause */
/* The child that becomes a program in a jail, or on the host. */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <grp.h>
#include <signal.h>

#include "kernel/account.h"
#include "child.h"
#include "kernel/search.h"
#include "sys.h"

static int
enter_jail(const struct exec_job *j, struct error *err)
{
	if (j->jail < 0)
		return 0;
	if (setns(j->jail, ENTER_NAMESPACES) != 0)
		return error_sys(err, errno, "entering the jail");
	return 0;
}

/* Puts fd[] in the places 0, 1, 2, whatever order they are in. */
static int
place_descriptors(const struct exec_job *j, struct error *err)
{
	struct stat st;
	int fd[3];

	for (int i = 0; i < 3; i++) {
		/* ".." from it would lead to the host's root. */
		if (j->jail >= 0 && (fstat(j->fd[i], &st) != 0 ||
		    S_ISDIR(st.st_mode)))
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
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		return error_sys(err, errno, "closing descriptors");
	return 0;
}

static int
become_user(const struct exec_job *j, struct error *err)
{
	struct account a = { .uid = j->uid, .gid = j->gid };
	const gid_t *groups = j->groups;
	size_t count = j->group_count;

	if (!j->has_ids && j->user == NULL)
		return 0;
	if (!j->has_ids) {
		if (account_read(j->user, &a, err) != 0)
			return -1;
		groups = a.groups;
		count = a.group_count;
	}
	if (setgroups(count, groups) != 0 ||
	    setresgid(a.gid, a.gid, a.gid) != 0 ||
	    setresuid(a.uid, a.uid, a.uid) != 0)
		return error_sys(err, errno, "becoming user %s",
		    j->user != NULL ? j->user : "of the host");
	return 0;
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
	const char *dir = j->dir;

	/* A caller in the same session could be signalled, or typed at. */
	if (j->session || j->jail >= 0)
		setsid();
	if (enter_jail(j, err) != 0)
		return;
	if (dir == NULL && j->jail >= 0)
		dir = "/";
	if (dir != NULL && chdir(dir) != 0) {
		error_sys(err, errno, "directory %s", dir);
		return;
	}
	if (place_descriptors(j, err) != 0 || become_user(j, err) != 0)
		return;
	/* Takes no terminal that is another session's. */
	if (j->jail >= 0 && isatty(0))
		(void)ioctl(0, TIOCSCTTY, 0);
	if (j->files != NULL)
		setrlimit(RLIMIT_NOFILE, j->files);
	reset_signals();
	error_sys(err, search_and_execute(j->argv, j->envp), "%s", j->argv[0]);
}
