/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs in jails and beside them, and sending signals. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "child.h"
#include "linux.h"
#include "process.h"
#include "sys.h"

/* The user as the host knows it. */
static int
look_up(const char *user, struct exec_request *r, struct error *err)
{
	gid_t groups[EXEC_GROUPS_MAX];
	int count = EXEC_GROUPS_MAX;
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return errno != 0 ? error_sys(err, errno, "user %s", user) :
		    error_set(err, ENOENT, "user %s: the host has none", user);
	if (getgrouplist(user, pw->pw_gid, groups, &count) < 0)
		return error_set(err, E2BIG, "user %s: more than %d groups",
		    user, EXEC_GROUPS_MAX);
	r->has_ids = 1;
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	r->group_count = (uint32_t)count;
	for (int i = 0; i < count; i++)
		r->groups[i] = groups[i];
	return 0;
}

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

/* The request as one message; the caller frees it. */
static struct exec_request *
make_request(const struct jail_exec *x, size_t *size, struct error *err)
{
	const char *user = x->host_user ? NULL : x->user;
	size_t len = strlen(x->dir != NULL ? x->dir : "") +
	    strlen(user != NULL ? user : "") + 2;
	uint32_t argc = count_texts(x->argv, &len);
	uint32_t envc = count_texts(x->envp, &len);
	struct exec_request *r;
	char *to;

	if (len > UINT32_MAX || (r = malloc(sizeof *r + len)) == NULL) {
		error_sys(err, ENOMEM, "running %s", x->argv[0]);
		return NULL;
	}
	memset(r, 0, sizeof *r);
	r->type = REQUEST_EXEC;
	r->argc = argc;
	r->envc = envc;
	r->session = x->session;
	r->text_len = (uint32_t)len;
	to = put((char *)(r + 1), x->dir);
	to = put(to, user);
	put_all(put_all(to, x->argv), x->envp);
	*size = sizeof *r + len;
	if (x->user == NULL || !x->host_user || look_up(x->user, r, err) == 0)
		return r;
	free(r);
	return NULL;
}

static pid_t
spawn_in_jail(struct linux_kernel *lk, const struct jail_exec *x,
    const int fd[3], struct error *err)
{
	struct exec_request *r;
	struct prison p;
	int fds[4] = { -1, fd[0], fd[1], fd[2] };
	size_t size;
	pid_t pid;

	if (lk->read_only)
		return error_set(err, EROFS, "running %s: the kernel was "
		    "opened for reading only", x->argv[0]);
	if (prison_find(lk->table, x->jid, &p) != 0)
		return error_set(err, errno, "jail %d: there is none", x->jid);
	fds[0] = process_open(&p.holder);
	if (fds[0] < 0)
		return error_sys(err, errno, "jail %s: its init", p.name);
	r = make_request(x, &size, err);
	pid = r == NULL ? -1 :
	    spawner_call(&lk->spawner, r, size, fds, 4, err);
	free(r);
	close_fd(&fds[0]);
	if (pid > 0)
		spawned_add(&lk->spawned, pid);
	return pid;
}

static pid_t
spawn_on_host(struct linux_kernel *lk, const struct jail_exec *x,
    const int fd[3], struct error *err)
{
	struct exec_request ids = { 0 };
	struct exec_job job = {
		.jail = -1,
		.dir = x->dir,
		.argv = x->argv, .envp = x->envp,
		.session = x->session,
		.fd = { fd[0], fd[1], fd[2] },
		.files = lk->read_only ? NULL : &lk->spawner.files,
	};
	struct error why = { 0 };
	pid_t pid;

	if (x->user != NULL && look_up(x->user, &ids, err) != 0)
		return -1;
	job.has_ids = ids.has_ids != 0;
	job.uid = ids.uid;
	job.gid = ids.gid;
	job.groups = ids.groups;
	job.group_count = ids.group_count;
	pid = child_run(0, exec_child, &job, NULL, &why);
	if (why.code == 0)
		return pid;
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return error_set(err, why.code, "%s", why.text);
}

pid_t
linux_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct linux_kernel *lk = k->data;
	int fd[3], null = -1;
	pid_t pid;

	if (x->argv[0] == NULL || x->argv[0][0] == '\0')
		return error_set(err, EINVAL, "there is no program to run");
	if (x->user != NULL && x->user[0] == '\0')
		return error_set(err, EINVAL, "running %s: the name of the "
		    "user is empty", x->argv[0]);
	for (int i = 0; i < 3; i++) {
		if (x->fd[i] < 0 && null < 0) {
			null = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (null < 0)
				return error_sys(err, errno, "/dev/null");
		}
		fd[i] = x->fd[i] < 0 ? null : x->fd[i];
	}
	pid = x->jid == 0 ? spawn_on_host(lk, x, fd, err) :
	    spawn_in_jail(lk, x, fd, err);
	close_fd(&null);
	return pid;
}

/*
 * A jail below is in the PID namespace of the one above it, so the topmost
 * one's init is enough to find everybody.
 */
int
linux_count(struct linux_kernel *lk, const struct prison_proc *init, int sig,
    struct error *err)
{
	struct signal_request r = { .type = REQUEST_SIGNAL, .sig = sig };
	int fd = process_open(init), count;

	if (fd < 0)
		return error_sys(err, errno, "the jail's init");
	count = spawner_call(&lk->spawner, &r, sizeof r, &fd, 1, err);
	close_fd(&fd);
	return count;
}

int
linux_signal(struct jail_kernel *k, int jid, int sig)
{
	struct linux_kernel *lk = k->data;
	struct error err = { 0 };
	struct prison p;
	int count;

	if (lk->read_only || sig < 0 || sig >= NSIG) {
		errno = lk->read_only ? EROFS : EINVAL;
		return -1;
	}
	if (prison_find(lk->table, jid, &p) != 0)
		return -1;
	count = linux_count(lk, &p.holder, sig, &err);
	if (count < 0)
		errno = err.code;
	return count;
}
