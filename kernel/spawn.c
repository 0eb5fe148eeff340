/* SPDX-License-Identifier: BSD-2-Clause */
#include "spawn.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <paths.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "compat.h"
#include "gate.h"
#include "search.h"

/* What the child needs besides the request. */
struct job {
	const struct jail_exec *x;
	spawn_enter *enter;
	spawn_class *class;
	void *arg;
	struct account account;
	struct account_login login;
	const char **env;	/* a copy of x->envp */
	int report;		/* where an error goes; closed by a success */
	int gate;		/* gate.h, or -1 */
};

/* Puts fd[] in the places 0, 1, 2, whatever order they are in. */
static int
place_descriptors(const struct job *j, struct error *err)
{
	int fd[3], null = open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC);

	if (null < 0)
		return error_sys(err, errno, "%s", _PATH_DEVNULL);
	for (int i = 0; i < 3; i++) {
		int from = j->x->fd[i] >= 0 ? j->x->fd[i] : null;
		struct stat st;

		/* ".." from it would lead to the host's root. */
		if (j->x->jid != 0 && (fstat(from, &st) != 0 ||
		    S_ISDIR(st.st_mode)))
			return error_set(err, EPERM, "descriptor %d is a "
			    "directory of the host, by which processes could "
			    "leave the jail", i);
		fd[i] = fcntl(from, F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			return error_sys(err, errno, "descriptor %d", i);
	}
	for (int i = 0; i < 3; i++)
		if (dup2(fd[i], i) < 0)
			return error_sys(err, errno, "descriptor %d", i);
	return 0;
}

/* Keeps 0, 1, 2, the way to report errors, which becomes 3, and the gate, 4. */
static int
close_others(struct job *j, struct error *err)
{
	int report = fcntl(j->report, F_DUPFD_CLOEXEC, 5);
	int gate = j->gate < 0 ? -1 : fcntl(j->gate, F_DUPFD_CLOEXEC, 5);

	if (report < 0 || dup2(report, 3) < 0 ||
	    fcntl(3, F_SETFD, FD_CLOEXEC) != 0)
		return error_sys(err, errno, "closing descriptors");
	j->report = 3;
	if (j->gate >= 0 && (gate < 0 || dup2(gate, 4) < 0 ||
	    fcntl(4, F_SETFD, FD_CLOEXEC) != 0))
		return error_sys(err, errno, "closing descriptors");
	j->gate = j->gate < 0 ? -1 : 4;
	compat_close_range(j->gate < 0 ? 4 : 5, INT_MAX);
	return 0;
}

/* A user of the jail is looked up inside, one of the host before. */
static bool
is_inside(const struct jail_exec *x)
{
	return x->jid != 0 && !x->host_user;
}

static int
become_user(struct job *j, struct error *err)
{
	struct account *a = &j->account;
	const struct jail_exec *x = j->x;

	if (is_inside(x) && (x->user != NULL || x->login) &&
	    account_read(x->user, a, err) != 0)
		return -1;
	if (x->login)
		account_login(a, j->env, &j->login);
	/* Before FreeBSD 15 the first group is the effective one. */
	if (x->user != NULL && (setgroups(a->group_count, a->groups) != 0 ||
	    setgid(a->gid) != 0))
		return error_sys(err, errno, "becoming user %s", x->user);
	if (j->class != NULL && j->class(j->arg, a, &j->env, err) != 0)
		return -1;
	if (x->user != NULL && setuid(a->uid) != 0)
		return error_sys(err, errno, "becoming user %s", x->user);
	if (x->home && chdir(a->home) != 0)
		return error_sys(err, errno, "directory %s", a->home);
	return 0;
}

/* Programs start with default actions and nothing blocked. */
static void
reset_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
become_program(struct job *j, struct error *err)
{
	const struct jail_exec *x = j->x;
	const char *dir = x->dir == NULL && x->jid != 0 ? "/" : x->dir;
	const char *const shell[] = { j->account.shell, "-i", NULL };
	const char *const *argv = x->argv != NULL ? x->argv : shell;

	if (x->session)
		(void)setsid();
	if (place_descriptors(j, err) != 0 || close_others(j, err) != 0 ||
	    (j->enter != NULL && j->enter(j->arg, err) != 0))
		return -1;
	if (dir != NULL && chdir(dir) != 0)
		return error_sys(err, errno, "directory %s", dir);
	if (become_user(j, err) != 0 ||
	    (j->gate >= 0 && gate_pass(j->gate, getpid(), err) != 0))
		return -1;
	reset_signals();
	return error_sys(err, search_and_execute(argv, j->env), "%s",
	    argv[0]);
}

static void
child(struct job *j)
{
	struct error err;
	const char *at = (const char *)&err;
	size_t left = sizeof err;

	memset(&err, 0, sizeof err);
	(void)become_program(j, &err);
	while (left > 0) {
		ssize_t n = write(j->report, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += n;
		left -= (size_t)n;
	}
	_exit(127);
}

/* Reads the child's error.  Returns 0 when there is none: it runs. */
static int
read_report(int fd, struct error *err)
{
	struct error told;
	size_t len = 0;

	while (len < sizeof told) {
		ssize_t n = read(fd, (char *)&told + len, sizeof told - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (len == 0)
		return 0;
	if (len < sizeof told)
		return error_set(err, EIO, "the child died before it became "
		    "the program");
	told.text[sizeof told.text - 1] = '\0';
	return error_set(err, told.code, "%s", told.text);
}

/* The child may change it. */
static const char **
copy_of(const char *const *env)
{
	const char **copy;
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	copy = malloc((n + 1) * sizeof *copy);
	return copy == NULL ? NULL :
	    memcpy(copy, env, (n + 1) * sizeof *copy);
}

/* What the child says of itself, or why it was not wanted. */
static int
hear(const struct job *j, int report, int gate, struct error *err)
{
	struct error why;
	int opened = gate < 0 ? 0 : gate_open(gate, j->x, &why);

	if (read_report(report, err) == 0)
		return 0;
	return opened == 0 ? -1 : error_set(err, why.code, "%s", why.text);
}

static pid_t
start(struct job *j, struct error *err)
{
	int ends[2], gate[2] = { -1, -1 };
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_sys(err, errno, "pipe");
	if (j->x->started != NULL && socketpair(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC, 0, gate) != 0) {
		error_sys(err, errno, "socketpair");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	j->report = ends[1];
	j->gate = gate[1];
	pid = fork();
	if (pid == 0)
		child(j);
	close(ends[1]);
	if (gate[1] >= 0)
		close(gate[1]);
	if (pid < 0) {
		error_sys(err, errno, "cannot start %s", spawn_name(j->x));
		if (gate[0] >= 0)
			close(gate[0]);
	} else if (hear(j, ends[0], gate[0], err) != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = -1;
	}
	close(ends[0]);
	return pid;
}

const char *
spawn_name(const struct jail_exec *x)
{
	return x->argv != NULL ? x->argv[0] : "the user's shell";
}

pid_t
spawn_program(const struct jail_exec *x, spawn_enter *enter,
    spawn_class *class, void *arg, struct error *err)
{
	struct job j = { .x = x, .enter = enter, .class = class, .arg = arg };
	pid_t pid;

	if ((x->user != NULL || x->login) && !is_inside(x) &&
	    account_of_host(x->user, &j.account, err) != 0)
		return -1;
	j.env = copy_of(x->envp);
	if (j.env == NULL)
		return error_sys(err, ENOMEM, "running %s", spawn_name(x));
	pid = start(&j, err);
	free(j.env);
	return pid;
}
