/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs in jails and beside them, and sending signals. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/account.h"
#include "kernel/spawn.h"
#include "child.h"
#include "init/signals.h"
#include "linux.h"
#include "network.h"
#include "process.h"
#include "sys.h"

static uint32_t
count_texts(const char *const *texts, size_t *len)
{
	uint32_t n = 0;

	for (; texts[n] != NULL; n++)
		*len += strlen(texts[n]) + 1;
	return n;
}

static char *
put(char *to, const char *text)
{
	return stpcpy(to, text != NULL ? text : "") + 1;
}

static char *
put_all(char *to, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		to = put(to, *texts);
	return to;
}

/* What is known of the program before it has entered the jail. */
struct known {
	struct account account; /* a user of the host, or nothing */
	struct account_login texts;
	bool has_ids, login;	 /* exec_job's */
	const char *const *argv; /* NULL: the jail knows the shell */
	const char *shell[3];
	const char **env; /* allocated */
	const char *dir;
};

/* Users of the host are known by now, those of a jail to their jail. */
static int
find_out(const struct jail_exec *x, struct known *k, struct error *err)
{
	size_t n = 0;

	memset(k, 0, sizeof *k);
	if (x->host_user && (x->user != NULL || x->login) &&
	    account_of_host(x->user, &k->account, err) != 0)
		return -1;
	while (x->envp[n] != NULL)
		n++;
	k->env = malloc((n + 1) * sizeof *k->env);
	if (k->env == NULL)
		return error_sys(err, ENOMEM, "running %s", spawn_name(x));
	memcpy(k->env, x->envp, (n + 1) * sizeof *k->env);
	k->argv = x->argv;
	k->dir = x->dir;
	k->login = x->login && !x->host_user;
	if (!x->host_user)
		return 0;
	k->has_ids = x->user != NULL;
	k->shell[0] = k->account.shell;
	k->shell[1] = "-i";
	if (x->argv == NULL)
		k->argv = k->shell;
	if (x->login)
		account_login(&k->account, k->env, &k->texts);
	if (x->home)
		k->dir = k->account.home;
	return 0;
}

static void
set_ids(struct exec_request *r, const struct known *k)
{
	r->has_ids = k->has_ids;
	r->uid = k->account.uid;
	r->gid = k->account.gid;
	r->group_count = (uint32_t)k->account.group_count;
	for (size_t i = 0; i < k->account.group_count; i++)
		r->groups[i] = k->account.groups[i];
}

/* The request as one message; the caller frees it. */
static struct exec_request *
make_request(const struct jail_exec *x, const struct known *k, size_t *size,
    struct error *err)
{
	static const char *const none[] = { NULL };
	const char *user = k->has_ids ? NULL : x->user;
	const char *const *argv = k->argv != NULL ? k->argv : none;
	size_t len = strlen(k->dir != NULL ? k->dir : "") +
	    strlen(user != NULL ? user : "") + 2;
	uint32_t argc = count_texts(argv, &len);
	uint32_t envc = count_texts(k->env, &len);
	struct exec_request *r;
	char *to;

	if (len > UINT32_MAX || (r = malloc(sizeof *r + len)) == NULL) {
		error_sys(err, ENOMEM, "running %s", spawn_name(x));
		return NULL;
	}
	memset(r, 0, sizeof *r);
	r->type = REQUEST_EXEC;
	r->argc = argc;
	r->envc = envc;
	r->login = k->login;
	r->home = x->home;
	r->text_len = (uint32_t)len;
	set_ids(r, k);
	to = put((char *)(r + 1), k->dir);
	to = put(to, user);
	put_all(put_all(to, argv), k->env);
	*size = sizeof *r + len;
	return r;
}

static pid_t
spawn_in_jail(struct linux_kernel *lk, const struct jail_exec *x,
    const struct known *k, const int fd[3], struct error *err)
{
	struct exec_request *r;
	struct prison p;
	int fds[4] = { -1, fd[0], fd[1], fd[2] };
	size_t size;
	pid_t pid;

	if (lk->read_only)
		return error_set(err, EROFS, "running %s: the kernel was "
		    "opened for reading only", spawn_name(x));
	if (prison_find(lk->table, x->jid, &p) != 0)
		return error_set(err, errno, "jail %d: there is none", x->jid);
	fds[0] = process_open(&p.holder);
	if (fds[0] < 0)
		return error_sys(err, errno, "jail %s: its init", p.name);
	r = make_request(x, k, &size, err);
	if (r != NULL)
		network_rights(&p, r);
	pid = r == NULL ? -1 :
	    spawner_exec(&lk->spawner, r, size, fds, x, err);
	free(r);
	close_fd(&fds[0]);
	if (pid > 0)
		spawned_add(&lk->spawned, pid);
	return pid;
}

/* Programs have the limit that the opener had before it raised its own. */
static int
limit_files(void *arg, struct error *err)
{
	const struct linux_kernel *lk = arg;

	if (!lk->read_only &&
	    setrlimit(RLIMIT_NOFILE, &lk->spawner.files) != 0)
		return error_sys(err, errno, "the limit of open files");
	return 0;
}

static int
check(const struct jail_exec *x, struct error *err)
{
	if (x->argv == NULL ? !x->login :
	    x->argv[0] == NULL || x->argv[0][0] == '\0')
		return error_set(err, EINVAL, "there is no program to run");
	if (x->user != NULL && x->user[0] == '\0')
		return error_set(err, EINVAL, "running %s: the name of the "
		    "user is empty", spawn_name(x));
	return 0;
}

pid_t
linux_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct linux_kernel *lk = k->data;
	struct known known;
	int fd[3], null = -1;
	pid_t pid;

	if (check(x, err) != 0)
		return -1;
	if (x->jid == 0)
		return spawn_program(x, limit_files, NULL, lk, err);
	if (find_out(x, &known, err) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (x->fd[i] < 0 && null < 0) {
			null = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (null < 0) {
				free(known.env);
				return error_sys(err, errno, "/dev/null");
			}
		}
		fd[i] = x->fd[i] < 0 ? null : x->fd[i];
	}
	pid = spawn_in_jail(lk, x, &known, fd, err);
	close_fd(&null);
	free(known.env);
	return pid;
}

/*
 * A jail below is in the PID namespace of the one above it, so the topmost
 * one's init is enough to find everybody.
 */
int
linux_busy(struct linux_kernel *lk, const struct prison_proc *init, int sig,
    struct error *err)
{
	struct signal_request r = { .type = REQUEST_SIGNAL, .sig = sig };
	int fd = process_open(init), busy;

	if (fd < 0)
		return error_sys(err, errno, "the jail's init");
	busy = spawner_call(&lk->spawner, &r, sizeof r, &fd, 1, err);
	close_fd(&fd);
	return busy;
}

/* The inits of jails below would obey what is refused here. */
static bool
is_for_all(int sig)
{
	return sig >= 0 && sig < NSIG && sig != SIGKILL && sig != SIGSTOP &&
	    sig != JAIL_INIT_STAYS && sig != JAIL_INIT_ENDS;
}

int
linux_signal(struct jail_kernel *k, int jid, int sig)
{
	struct linux_kernel *lk = k->data;
	struct error err = { 0 };
	struct prison p;
	int busy;

	if (lk->read_only || !is_for_all(sig)) {
		errno = lk->read_only ? EROFS : EINVAL;
		return -1;
	}
	if (prison_find(lk->table, jid, &p) != 0)
		return -1;
	busy = linux_busy(lk, &p.holder, sig, &err);
	if (busy < 0)
		errno = err.code;
	return busy;
}
