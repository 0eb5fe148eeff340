/* SPDX-License-Identifier: BSD-2-Clause */
#include "dragonfly.h"

#include <sys/param.h>
#include <sys/event.h>
#include <sys/jail.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/backends.h"
#include "kernel/compat.h"
#include "kernel/spawn.h"
#include "pure/answer.h"

static int
dragonfly_open(struct jail_kernel *k, const char *arg,
    const struct kernel_options *opt, struct error *err)
{
	struct dragonfly_kernel *dk = calloc(1, sizeof *dk);

	if (dk == NULL)
		return error_sys(err, ENOMEM, "kernel dragonfly");
	dk->read_only = opt->read_only;
	snprintf(dk->dir, sizeof dk->dir, "%s", arg != NULL && arg[0] != '\0' ?
	    arg : SYSTEM_RUN_DIR "/dragonfly");
	if (!dk->read_only && ((mkdir(SYSTEM_RUN_DIR, 0755) != 0 &&
	    errno != EEXIST) || (mkdir(dk->dir, 0700) != 0 &&
	    errno != EEXIST))) {
		error_sys(err, errno, "kernel dragonfly: cannot make %s",
		    dk->dir);
		free(dk);
		return -1;
	}
	dk->queue = kqueue();
	if (dk->queue >= 0)
		(void)fcntl(dk->queue, F_SETFD, FD_CLOEXEC);
	k->data = dk;
	return 0;
}

static void
dragonfly_close(struct jail_kernel *k)
{
	struct dragonfly_kernel *dk = k->data;

	if (dk->queue >= 0)
		close(dk->queue);
	free(dk);
}

static int
dragonfly_get(struct jail_kernel *k, struct iovec *iov, unsigned niov,
    int flags)
{
	struct dragonfly_jails all = { NULL, 0, 0 };
	const struct dragonfly_jail *found;
	struct dragonfly_jail j;
	int rc = -1, saved;

	if (state_read(k->data, &all) == 0 &&
	    (found = answer_find(iov, niov, flags, all.jail, all.count)) !=
	    NULL) {
		j = *found;
		if (state_capabilities(&j) == 0)
			rc = answer_fill(iov, niov, &j);
	}
	saved = errno;
	free(all.jail);
	errno = saved;
	return rc;
}

static int
dragonfly_attach(struct jail_kernel *k, int jid)
{
	(void)k;
	return jail_attach(jid);
}

static int
dragonfly_each(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	int rc = 0;

	(void)k;
	for (size_t i = 0; i < dragonfly_param_count && rc == 0; i++)
		if (dragonfly_params[i].kind != DRAGONFLY_CAPABILITY ||
		    state_has_node(dragonfly_params[i].node))
			rc = each(arg, &dragonfly_params[i].info);
	return rc;
}

/* A living jail; 0, -1/ENOENT. */
static int
find_jail(struct jail_kernel *k, int jid, struct dragonfly_jail *j)
{
	struct dragonfly_jails all = { NULL, 0, 0 };
	int rc = state_read(k->data, &all);

	if (rc == 0) {
		errno = ENOENT;
		rc = -1;
		for (size_t i = 0; i < all.count; i++)
			if (all.jail[i].jid == jid && !all.jail[i].dying) {
				*j = all.jail[i];
				rc = 0;
			}
	}
	free(all.jail);
	return rc;
}

/* The kernel leaves the working directory where it is. */
static int
enter(void *arg, struct error *err)
{
	const struct dragonfly_jail *j = arg;

	if (chdir(j->path) != 0)
		return error_sys(err, errno, "jail %s: %s", j->name, j->path);
	if (jail_attach(j->jid) != 0)
		return error_sys(err, errno, "entering jail %s", j->name);
	return 0;
}

static pid_t
dragonfly_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct dragonfly_jail j;

	memset(&j, 0, sizeof j);
	if (x->jid != 0 && find_jail(k, x->jid, &j) != 0)
		return error_sys(err, errno, "jail %d", x->jid);
	return spawn_program(x, x->jid != 0 ? enter : NULL, NULL, &j,
	    err);
}

static int
dragonfly_signal(struct jail_kernel *k, int jid, int sig)
{
	(void)k;
	return process_signal(jid, sig);
}

static int
dragonfly_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why)
{
	(void)k;
	(void)which;
	(void)with;
	return error_set(why, EOPNOTSUPP, "DragonFly has no limits for all "
	    "processes of a jail");
}

static int
dragonfly_events(struct jail_kernel *k)
{
	const struct dragonfly_kernel *dk = k->data;

	return dk->queue;
}

/* All that can be known of a jail at once is the end of its holder. */
static int
dragonfly_watch(struct jail_kernel *k, int jid)
{
	const struct dragonfly_kernel *dk = k->data;
	struct dragonfly_jail j;
	struct kevent change;

	if (dk->queue < 0)
		return 0;
	if (find_jail(k, jid, &j) != 0)
		return -1;
	if (j.holder == 0)
		return 0;
	EV_SET(&change, (uintptr_t)j.holder, EVFILT_PROC, EV_ADD | EV_ONESHOT,
	    NOTE_EXIT, 0, (void *)(intptr_t)jid);
	return kevent(dk->queue, &change, 1, NULL, 0, NULL);
}

static int
dragonfly_next(struct jail_kernel *k)
{
	const struct dragonfly_kernel *dk = k->data;
	const struct timespec now = { 0, 0 };
	struct kevent e;

	if (dk->queue < 0 || kevent(dk->queue, NULL, 0, &e, 1, &now) != 1)
		return -1;
	return (int)(intptr_t)e.udata;
}

const struct jail_backend jail_dragonfly = {
	.name = "dragonfly",
	.help = "dragonfly[:DIR]: the jails of this kernel; their names in DIR",
	.native = true,
	.open = dragonfly_open,
	.close = dragonfly_close,
	.set = dragonfly_set,
	.get = dragonfly_get,
	.remove = dragonfly_remove,
	.attach = dragonfly_attach,
	.params = dragonfly_each,
	.spawn = dragonfly_spawn,
	.signal = dragonfly_signal,
	.limitable = dragonfly_limitable,
	.events = dragonfly_events,
	.watch = dragonfly_watch,
	.next = dragonfly_next,
};
