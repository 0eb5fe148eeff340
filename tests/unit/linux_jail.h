/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Real jails for tests: a root with this very test program in it, jails made
 * through the kernel interface, and what runs inside of them.
 */
#ifndef TEST_LINUX_JAIL_H
#define TEST_LINUX_JAIL_H

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "kernel/call.h"
#include "linux_root.h"

struct fixture {
	struct temp_dir dir;
	char kernel[PATH_MAX]; /* linux:DIR */
	char root[PATH_MAX];   /* of the jails */
	struct jail_kernel *k;
};

static inline struct jail_kernel *
open_kernel(const char *name)
{
	struct error err = { 0 };
	struct jail_kernel *k = kernel_open(name, NULL, &err);

	if (k == NULL)
		fail_msg("%s", err.text);
	return k;
}

static inline int
fixture_make(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	*state = f;
	if (geteuid() != 0)
		return 0;
	temp_dir_make(&f->dir);
	snprintf(f->root, sizeof f->root, "%s/root", f->dir.path);
	snprintf(f->kernel, sizeof f->kernel, "linux:%s/table", f->dir.path);
	make_root(f->root);
	f->k = open_kernel(f->kernel);
	return 0;
}

/* The first jail, also a dying one; the kernel looks at it by that. */
static inline int
first_jail(struct jail_kernel *k)
{
	int last = 0;
	struct iovec iov[] = {
		{ (void *)(uintptr_t)"lastjid", 8 }, { &last, sizeof last },
	};

	return k->backend->get(k, iov, 2, JAIL_DYING);
}

static inline int
get_jid(struct jail_kernel *k, const char *name)
{
	struct iovec iov[] = {
		{ (void *)(uintptr_t)"name", 5 },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
	};

	return k->backend->get(k, iov, 2, 0);
}

/* Ends what a test has left; what is dying needs a moment. */
static inline int
fixture_remove(void **state)
{
	struct fixture *f = *state;
	int jid;

	if (f->k != NULL) {
		for (int i = 0; i < 1000 && (jid = first_jail(f->k)) > 0; i++) {
			f->k->backend->remove(f->k, jid);
			usleep(i > 0 ? 1000 : 0);
		}
		kernel_close(f->k);
		temp_dir_remove(&f->dir);
	}
	free(f);
	return 0;
}

#define NEEDS_ROOT()							\
	do {								\
		if (geteuid() != 0) {					\
			print_message("skipped: needs root\n");		\
			skip();						\
		}							\
	} while (0)

/* What a test may ask for beside the name. */
struct wish {
	const char *hostname;
	bool devfs, procfs, fdescfs, nopersist, no_net;
	const char *path; /* NULL: the fixture's root */
};

static inline int
try_create(struct fixture *f, struct jail_kernel *k, const char *name,
    const struct wish *w, struct error *err)
{
	struct jail_call c = { 0 };
	int jid, net = w->no_net ? JAIL_SYS_DISABLE : JAIL_SYS_INHERIT;

	call_add_text(&c, "name", name);
	call_add_text(&c, "path", w->path != NULL ? w->path : f->root);
	if (w->hostname != NULL)
		call_add_text(&c, "host.hostname", w->hostname);
	call_add_int(&c, "ip4", net);
	call_add_int(&c, "ip6", net);
	call_add_bool(&c, "persist", true);
	call_add_bool(&c, "mount.devfs", w->devfs);
	call_add_bool(&c, "mount.procfs", w->procfs);
	call_add_bool(&c, "mount.fdescfs", w->fdescfs);
	jid = call_set(k, &c, JAIL_CREATE, err);
	call_finish(&c);
	return jid;
}

static inline int
create(struct fixture *f, const char *name, const struct wish *w)
{
	struct error err = { 0 };
	int jid = try_create(f, f->k, name, w, &err);

	if (jid <= 0)
		fail_msg("creating %s: %s", name, err.text);
	return jid;
}

/* Runs a program and returns its wait status; -1 with err. */
static inline int
run_status(struct fixture *f, struct jail_exec *x, struct error *err)
{
	static const char *const env[] = { "PATH=/bin:/usr/bin:/", NULL };
	int status;
	pid_t pid;

	if (x->envp == NULL)
		x->envp = env;
	pid = f->k->backend->spawn(f->k, x, err);
	if (pid < 0)
		return -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Runs /probe NAME ARG inside; what it prints is shown when it fails. */
static inline void
probe(struct fixture *f, int jid, const char *name, const char *arg)
{
	const char *argv[] = { "/probe", "--probe", name, arg, NULL };
	struct jail_exec x = { .jid = jid, .argv = argv, .fd = { -1, 1, 2 } };
	struct error err = { 0 };
	int status = run_status(f, &x, &err);

	if (status != 0)
		fail_msg("probe %s: status %#x %s", name, (unsigned)status,
		    err.text);
}

/* Starts `/probe --probe NAME ARG` without waiting. */
static inline pid_t
start_probe(struct fixture *f, int jid, const char *name, const char *arg,
    const char *user)
{
	const char *argv[] = { "probe", "--probe", name, arg, NULL };
	const char *env[] = { "PATH=/nowhere:/:/bin", NULL };
	struct jail_exec x = { .jid = jid, .argv = argv, .envp = env,
		.user = user, .fd = { -1, 1, 2 } };
	struct error err = { 0 };
	pid_t pid = f->k->backend->spawn(f->k, &x, &err);

	if (pid < 0)
		fail_msg("%s: %s", name, err.text);
	return pid;
}

static inline int
wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
