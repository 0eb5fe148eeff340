/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes a prison real on Linux. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "haste.h"
#include "init/signals.h"
#include "linux.h"
#include "limits.h"
#include "mountfixed.h"
#include "mountlist.h"
#include "names.h"
#include "network.h"
#include "process.h"
#include "rights.h"
#include "sys.h"
#include "tree.h"

/*
 * How long a removal waits for the processes to end, which takes 0.2 ms when
 * nothing is in the way.  After that the jail is dying, and goes later.
 */
#define KILL_FIRST_MS 2
#define KILL_WAIT_MS 100

/* By bits, so prison.extra is a set of MOUNT_*. */
static const char *const extra[] = {
	"mount.devfs", "mount.fdescfs", "mount.procfs",
};

#define EXTRA_COUNT (sizeof extra / sizeof *extra)

_Static_assert(MOUNT_DEVFS == 1 << 0 && MOUNT_FDESCFS == 1 << 1 &&
    MOUNT_PROCFS == 1 << 2, "the names are in the order of the flags");

static int
judge_mounts(const struct prison *p, struct error *err)
{
	if ((p->extra & MOUNT_FDESCFS) == 0 || (p->extra & MOUNT_DEVFS) != 0)
		return 0;
	errno = EOPNOTSUPP;
	return error_set(err, EOPNOTSUPP, "mount.fdescfs: on Linux it needs "
	    "mount.devfs, where /dev/fd is a link into /proc");
}

static int
fill_request(struct linux_kernel *lk, struct create_request *r,
    const struct prison *p, struct error *err)
{
	r->type = REQUEST_CREATE;
	r->mounts = p->extra;
	if (judge_mounts(p, err) != 0)
		return -1;
	r->inside = lk->inside >= 0;
	network_fill(r, p);
	names_copy(p->hostname, r->hostname);
	names_copy(p->domainname, r->domainname);
	/* Inheriting from the host: a copy of its names. */
	r->keep_names = p->host == JAIL_SYS_INHERIT && p->parent == 0;
	snprintf(r->title, sizeof r->title, "jail: %s", p->name);
	snprintf(r->path, sizeof r->path, "%s", p->path + lk->inside_root);
	if (r->path[0] == '\0')
		memcpy(r->path, "/", 2);
	return 0;
}

/*
 * Lets the spawner make the jail; `parent` is its parent's init, or -1.
 * Fills in the release of the new init.  Returns 0, -1 with err.
 */
static int
ask_spawner(struct linux_kernel *lk, const struct create_request *r,
    int parent, struct release *made, struct error *err)
{
	int tree, pipe[2];

	tree = lk->inside >= 0 ? lk->inside :
	    tree_clone(r->path, true, err);
	if (tree < 0)
		return -1;
	made->pid = -1;
	if (pipe2(pipe, O_CLOEXEC) == 0) {
		int fds[3] = { tree, pipe[0], parent };

		made->fd = pipe[1];
		made->pid = spawner_call(&lk->spawner, r,
		    sizeof *r, fds, parent >= 0 ? 3 : 2, err);
		close_fd(&pipe[0]);
		if (made->pid < 0)
			close_fd(&made->fd);
	} else
		error_sys(err, errno, "a pipe to the jail's init");
	if (tree != lk->inside)
		close_fd(&tree);
	return made->pid < 0 ? -1 : 0;
}

static int
make_holder(struct linux_kernel *lk, const struct create_request *r,
    struct prison *p, const struct prison *parent, struct error *err)
{
	struct release *made;
	int outer = -1, rc;

	made = malloc(sizeof *made);
	if (made == NULL)
		return error_sys(err, ENOMEM, "making jail %s", p->name);
	if (parent->jid != 0 && (outer = process_open(&parent->holder)) < 0) {
		error_sys(err, errno, "the init of jail %s", parent->name);
		free(made);
		return -1;
	}
	rc = ask_spawner(lk, r, outer, made, err);
	close_fd(&outer);
	if (rc != 0) {
		free(made);
		return -1;
	}
	if (prison_proc_id(made->pid, &p->holder) != 0 ||
	    (parent->jid == 0 && inits_add(&lk->inits, made->pid) != 0)) {
		error_sys(err, errno, "the jail's init");
		close_fd(&made->fd); /* it ends */
		free(made);
		return -1;
	}
	made->next = lk->releases;
	lk->releases = made;
	return 0;
}

/* Lets an init go on (`go`), or end. */
static void
release(struct linux_kernel *lk, const struct prison_proc *init, bool go)
{
	struct release **at = &lk->releases, *r;
	char byte = 0;

	while (*at != NULL && (*at)->pid != init->pid)
		at = &(*at)->next;
	r = *at;
	if (r == NULL)
		return;
	*at = r->next;
	/* An init that has died meanwhile is noticed by everybody. */
	if (go && write(r->fd, &byte, 1) < 0)
		go = false;
	close_fd(&r->fd);
	free(r);
}

static void
effect_created(void *arg, const struct prison *p)
{
	release(arg, &p->holder, true);
}

/* There is no use in waiting here for what the opener has to wait for. */
static bool
wait_for_end(struct linux_kernel *lk, int init)
{
	return process_wait_end(init, KILL_FIRST_MS) ||
	    process_wait_end(init, spawned_wait(&lk->spawned) ? 0 :
	    KILL_WAIT_MS);
}

/* Who has entered a jail sees another procfs than the host's, or none. */
static bool
effect_leaving(void *arg, const struct prison_proc *holder)
{
	const struct linux_kernel *lk = arg;

	return lk->inside < 0 && process_leaving(holder->pid);
}

/*
 * Kills one process, and waits for it if it is a jail's init.  Whether it is
 * known to have ended.
 */
static bool
kill_process(struct linux_kernel *lk, const struct prison_proc *proc,
    bool wait)
{
	int fd = process_open(proc);
	bool ended, leaving;

	if (fd < 0)
		return true;
	leaving = effect_leaving(lk, proc);
	/* An init that is killed kills the jail, and reaps it. */
	if (wait && lk->hasty)
		haste_lend(proc->pid, fd);
	pidfd_send_signal(fd, SIGKILL, NULL, 0);
	ended = wait && (leaving ? process_ended(fd) : wait_for_end(lk, fd));
	if (ended)
		inits_reap(&lk->inits, proc->pid, fd);
	close_fd(&fd);
	return ended;
}

/* The jail has ended, or was not made. */
static void
forget(struct linux_kernel *lk, const struct prison *p)
{
	network_forget(lk, p);
	limits_forget(lk, p);
}

static void
effect_abandon(void *arg, const struct prison *p)
{
	struct linux_kernel *lk = arg;

	release(lk, &p->holder, false);
	kill_process(lk, &p->holder, true);
	forget(lk, p);
}

static int
effect_create(void *arg, struct prison *p, const struct prison *parent,
    struct error *err)
{
	struct linux_kernel *lk = arg;
	struct create_request r;
	struct error why = { 0 };

	memset(&r, 0, sizeof r);
	if (fill_request(lk, &r, p, &why) == 0) {
		if (make_holder(lk, &r, p, parent, &why) != 0)
			forget(lk, p);
		else if (mountlist_make(lk, p, &why) == 0)
			return 0;
		else
			effect_abandon(lk, p);
	}
	error_set(err, why.code, "%s", why.text);
	errno = why.code;
	return -1;
}

static void
return_interfaces(struct linux_kernel *lk, const struct prison *p)
{
	int init = p->vnet == JAIL_SYS_NEW ? process_open(&p->holder) : -1;

	if (init >= 0)
		network_return(lk, p, init);
	close_fd(&init);
}

static void
effect_kill(void *arg, const struct prison *p,
    const struct prison_proc *procs, size_t nprocs)
{
	struct linux_kernel *lk = arg;

	for (size_t i = 0; i < nprocs; i++)
		kill_process(lk, &procs[i], false);
	return_interfaces(lk, p);
	/* The record may wait for somebody who reaps the init. */
	if (kill_process(lk, &p->holder, true))
		forget(lk, p);
}

/*
 * With the jail's init; changes what processes inside can see.  What one part
 * cannot take back of a change that was cut off is no reason for the next not to.
 */
static int
change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, int init, struct error *err)
{
	const bool back = after->unsure != NULL;
	bool done = after->extra_again == 0 ||
	    mountfixed_again(lk, after, after->extra_again, err) == 0;

	if (done || back)
		done &= mountlist_change(lk, before, after, err) == 0;
	if (done || back)
		done &= names_change(lk, before, after, init, err) == 0;
	if (done || back)
		done &= network_change(lk, before, after, err) == 0;
	return done ? 0 : -1;
}

static int
effect_update(void *arg, const struct prison *before,
    const struct prison *after, struct error *err)
{
	struct error why = { 0 };
	int init, rc;

	init = process_open(&before->holder);
	if (init < 0)
		return 0; /* it has ended: there is nothing to change */
	rc = change(arg, before, after, init, &why);
	close_fd(&init);
	if (rc == 0)
		return 0;
	error_set(err, why.code, "%s", why.text);
	errno = why.code;
	return -1;
}

static int
attach_to(int init, bool raw_sockets, struct error *err)
{
	/* The processes to come; the caller itself stays where it is. */
	if (setns(init, ENTER_NAMESPACES | CLONE_NEWPID) != 0)
		return error_sys(err, errno, "entering the jail");
	if (chdir("/") != 0)
		return error_sys(err, errno, "entering the jail's root");
	if (rights_filter(FILTER_JAILED, NULL, err) != 0)
		return -1;
	return rights_drop(raw_sockets, err);
}

static int
effect_attach(void *arg, const struct prison *p, struct error *err)
{
	struct linux_kernel *lk = arg;
	struct error why = { 0 };
	int init = process_open(&p->holder);

	if (init < 0)
		return error_sys(err, errno, "the init of jail %s", p->name);
	if (network_join(lk, p, &why) == 0 && attach_to(init, network_is_raw(p), &why) == 0) {
		close_fd(&lk->inside);
		lk->inside = init;
		lk->inside_root = strcmp(p->path, "/") == 0 ? 0 :
		    strlen(p->path);
		return 0;
	}
	close_fd(&init);
	error_set(err, why.code, "%s", why.text);
	errno = why.code;
	return -1;
}

static int
effect_busy(void *arg, const struct prison *p)
{
	struct linux_kernel *lk = arg;
	struct error err;
	int busy = linux_busy(lk, &p->holder, 0, &err), init;

	if (busy >= 0)
		return busy;
	/* An init that is about to end takes no new processes. */
	init = process_open(&p->holder);
	if (init < 0 || process_wait_end(init, KILL_WAIT_MS))
		busy = 0;
	close_fd(&init);
	return busy;
}

static void
effect_ends(void *arg, const struct prison *p, bool ends)
{
	int init = process_open(&p->holder);

	(void)arg;
	if (init < 0)
		return; /* it has ended */
	pidfd_send_signal(init, ends ? JAIL_INIT_ENDS : JAIL_INIT_STAYS, NULL,
	    0);
	close_fd(&init);
}

static void
effect_gone(void *arg, const struct prison *p)
{
	forget(arg, p);
}

static bool
effect_running(void *arg, const struct prison_proc *proc, bool *zombie)
{
	struct linux_kernel *lk = arg;
	bool gone = false;
	int fd;

	*zombie = false;
	fd = process_open(proc);
	if (fd < 0)
		return false;
	*zombie = process_ended(fd);
	if (*zombie)
		gone = inits_reap(&lk->inits, proc->pid, fd);
	close_fd(&fd);
	return !gone;
}

const struct prison_effects linux_effects = {
	.extra = extra,
	.extra_count = EXTRA_COUNT,
	.extra_list = "mount",
	.create = effect_create,
	.created = effect_created,
	.abandon = effect_abandon,
	.tell = mountlist_tell,
	.update = effect_update,
	.extra_now = mountlist_now,
	.names_now = names_now,
	.kill = effect_kill,
	.attach = effect_attach,
	.busy = effect_busy,
	.ends = effect_ends,
	.gone = effect_gone,
	.running = effect_running,
	.leaving = effect_leaving,
};
