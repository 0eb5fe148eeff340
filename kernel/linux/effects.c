/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes a prison real on Linux. */
#include <signal.h>
#include <stdio.h>

#include "init/signals.h"
#include "linux.h"
#include "process.h"
#include "rights.h"
#include "sys.h"

/*
 * How long a removal waits for the processes to end, which takes 0.2 ms when
 * nothing is in the way.  After that the jail is dying, and goes later.
 */
#define KILL_FIRST_MS 2
#define KILL_WAIT_MS 20

static const char *const extra[] = {
	"mount.devfs", "mount.fdescfs", "mount.procfs",
};
static const uint32_t extra_mounts[] = {
	MOUNT_DEVFS, MOUNT_FDESCFS, MOUNT_PROCFS,
};

#define EXTRA_COUNT (sizeof extra / sizeof *extra)

/* A jail has the network of its parent (1 in *inherit), or an empty one. */
static int
judge_network(const struct prison *p, bool *inherit, struct error *err)
{
	*inherit = p->ip4 == JAIL_SYS_INHERIT;
	if (p->vnet != JAIL_SYS_NEW && p->ip4 == p->ip6 &&
	    (p->ip4 == JAIL_SYS_INHERIT || p->ip4 == JAIL_SYS_DISABLE))
		return 0;
	errno = EOPNOTSUPP;
	return error_set(err, EOPNOTSUPP, "on Linux a jail has the host's "
	    "network (ip4 and ip6 both inherit) or none (both disable)");
}

static int
judge_mounts(const struct prison *p, uint32_t *mounts, struct error *err)
{
	*mounts = 0;
	for (size_t i = 0; i < EXTRA_COUNT; i++)
		if ((p->extra & (1U << i)) != 0)
			*mounts |= extra_mounts[i];
	if ((*mounts & MOUNT_FDESCFS) == 0 || (*mounts & MOUNT_DEVFS) != 0)
		return 0;
	errno = EOPNOTSUPP;
	return error_set(err, EOPNOTSUPP, "mount.fdescfs: on Linux it needs "
	    "mount.devfs, where /dev/fd is a link into /proc");
}

static int
copy_name(const char *parameter, const char *from, char to[HOSTNAME_TEXT],
    struct error *err)
{
	size_t len = strlen(from);

	if (len >= HOSTNAME_TEXT) {
		errno = ENAMETOOLONG;
		return error_set(err, ENAMETOOLONG, "%s: %s: on Linux it has "
		    "at most %d bytes", parameter, from, HOSTNAME_TEXT - 1);
	}
	memcpy(to, from, len + 1);
	return 0;
}

static int
copy_names(const struct prison *p, char hostname[HOSTNAME_TEXT],
    char domainname[HOSTNAME_TEXT], struct error *err)
{
	if (copy_name("host.hostname", p->hostname, hostname, err) != 0)
		return -1;
	return copy_name("host.domainname", p->domainname, domainname, err);
}

/*
 * A private copy of the tree at `path`, in which device nodes do not work.
 * The path was canonical when it was checked; a link in it is now an error.
 */
static int
clone_tree(const char *path, struct error *err)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE,
	};
	int dir, tree;

	dir = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	if (dir < 0)
		return error_sys(err, errno, "path: %s", path);
	tree = open_tree(dir, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
	    AT_EMPTY_PATH | AT_RECURSIVE);
	close_fd(&dir);
	if (tree < 0)
		return error_sys(err, errno, "path: cloning %s", path);
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
	    sizeof attr) == 0)
		return tree;
	error_sys(err, errno, "path: forbidding devices below %s", path);
	close_fd(&tree);
	return -1;
}

struct create_message {
	struct create_request head;
	char texts[16384];
};

static int
fill_request(struct linux_kernel *lk, struct create_message *m,
    const struct prison *p, struct error *err)
{
	struct create_request *r = &m->head;
	size_t text_len;
	bool inherit;

	r->type = REQUEST_CREATE;
	if (judge_network(p, &inherit, err) != 0 ||
	    judge_mounts(p, &r->mounts, err) != 0 ||
	    copy_names(p, r->hostname, r->domainname, err) != 0 ||
	    submounts_below(&lk->submounts, p->path, m->texts,
	    sizeof m->texts, &text_len, &r->readonly_count, err) != 0)
		return -1;
	r->own_net = !inherit;
	/* Inheriting from the host: a copy of its names. */
	r->keep_names = p->host == JAIL_SYS_INHERIT && p->parent == 0;
	r->text_len = (uint32_t)text_len;
	snprintf(r->title, sizeof r->title, "jail: %s", p->name);
	snprintf(r->path, sizeof r->path, "%s", p->path);
	return 0;
}

/*
 * Lets the spawner make the jail; `parent` is its parent's init, or -1.
 * Returns the pid of the new init; -1 with err.
 */
static int
ask_spawner(struct linux_kernel *lk, const struct create_message *m,
    int parent, struct error *err)
{
	int fds[3] = { -1, -1, parent }, release[2], init = -1, pid;

	fds[0] = clone_tree(m->head.path, err);
	if (fds[0] < 0)
		return -1;
	if (pipe2(release, O_CLOEXEC) != 0) {
		error_sys(err, errno, "a pipe to the jail's init");
		close_fd(&fds[0]);
		return -1;
	}
	fds[1] = release[0];
	pid = spawner_call(&lk->spawner, m, sizeof m->head + m->head.text_len,
	    fds, parent >= 0 ? 3 : 2, &init, err);
	close_fd(&fds[0]);
	close_fd(&release[0]);
	if (pid == 0 && (pid = process_pid(init)) < 0)
		error_sys(err, errno, "the jail's init");
	close_fd(&init);
	if (pid < 0)
		close_fd(&release[1]);
	else
		lk->release = release[1];
	return pid;
}

static int
make_holder(struct linux_kernel *lk, const struct create_message *m,
    struct prison *p, const struct prison *parent, struct error *err)
{
	int outer = -1, pid;
	bool nested;

	if (parent != NULL && parent->jid != 0) {
		outer = process_open(&parent->holder);
		if (outer < 0)
			return error_sys(err, errno, "the init of jail %s",
			    parent->name);
	}
	pid = ask_spawner(lk, m, outer, err);
	nested = outer >= 0;
	close_fd(&outer);
	if (pid < 0)
		return -1;
	if (prison_proc_id(pid, &p->holder) == 0 &&
	    (nested || inits_add(&lk->inits, pid) == 0))
		return 0;
	error_sys(err, errno, "the jail's init");
	close_fd(&lk->release); /* it ends */
	return -1;
}

static int
effect_create(void *arg, struct prison *p, const struct prison *parent,
    struct error *err)
{
	struct linux_kernel *lk = arg;
	struct create_message m;
	struct error why = { 0 };

	memset(&m.head, 0, sizeof m.head);
	lk->release = -1;
	if (fill_request(lk, &m, p, &why) == 0 &&
	    make_holder(lk, &m, p, parent, &why) == 0)
		return 0;
	error_set(err, why.code, "%s", why.text);
	errno = why.code;
	return -1;
}

static void
effect_created(void *arg, const struct prison *p)
{
	struct linux_kernel *lk = arg;
	char byte = p->persist ? 'p' : 'n';

	/* A holder that has died meanwhile is noticed by everybody. */
	if (lk->release >= 0 && write(lk->release, &byte, 1) < 0)
		close_fd(&lk->release);
	close_fd(&lk->release);
}

/*
 * A jail ends when all its processes have been waited for.  Those that the
 * caller has started are its own to wait for: then there is no use in waiting
 * here.
 */
static bool
wait_for_end(int init)
{
	siginfo_t info = { 0 };

	if (process_wait_end(init, KILL_FIRST_MS))
		return true;
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid != 0)
		return process_ended(init);
	return process_wait_end(init, KILL_WAIT_MS);
}

/* Kills one process, and waits for it if it is a jail's init. */
static void
kill_process(struct linux_kernel *lk, const struct prison_proc *proc,
    bool wait)
{
	int fd = process_open(proc);

	if (fd < 0)
		return;
	pidfd_send_signal(fd, SIGKILL, NULL, 0);
	if (wait && wait_for_end(fd))
		inits_reap(&lk->inits, proc->pid, fd);
	close_fd(&fd);
}

static void
effect_abandon(void *arg, const struct prison *p)
{
	struct linux_kernel *lk = arg;

	close_fd(&lk->release);
	kill_process(lk, &p->holder, true);
}

static void
effect_kill(void *arg, const struct prison *p,
    const struct prison_proc *procs, size_t nprocs)
{
	struct linux_kernel *lk = arg;

	for (size_t i = 0; i < nprocs; i++)
		kill_process(lk, &procs[i], false);
	kill_process(lk, &p->holder, true);
}

/* With the jail's init; changes what processes inside can see. */
static int
change_names(struct linux_kernel *lk, const struct prison *after, int init,
    struct error *err)
{
	struct hostname_request r = { .type = REQUEST_HOSTNAME };

	if (copy_names(after, r.hostname, r.domainname, err) != 0)
		return -1;
	return spawner_call(&lk->spawner, &r, sizeof r, &init, 1, NULL,
	    err);
}

static int
change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, int init, struct error *err)
{
	bool was, is;
	uint32_t mounts;

	if (judge_network(before, &was, err) != 0 ||
	    judge_network(after, &is, err) != 0 ||
	    judge_mounts(after, &mounts, err) != 0)
		return -1;
	if (was != is)
		return error_set(err, EOPNOTSUPP, "the network of a running "
		    "jail cannot be changed on Linux; restart the jail");
	if (before->extra != after->extra)
		return error_set(err, EOPNOTSUPP, "mount.devfs, mount.fdescfs "
		    "and mount.procfs of a running jail cannot be changed on "
		    "Linux; restart the jail");
	if ((strcmp(before->hostname, after->hostname) != 0 ||
	    strcmp(before->domainname, after->domainname) != 0) &&
	    change_names(lk, after, init, err) != 0)
		return -1;
	if (before->persist != after->persist &&
	    pidfd_send_signal(init, after->persist ? JAIL_INIT_PERSIST :
	    JAIL_INIT_NOPERSIST, NULL, 0) != 0)
		return error_sys(err, errno, "telling the jail's init");
	return 0;
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
attach_to(int init, struct error *err)
{
	/* The processes to come; the caller itself stays where it is. */
	if (setns(init, ENTER_NAMESPACES | CLONE_NEWPID) != 0)
		return error_sys(err, errno, "entering the jail");
	if (chdir("/") != 0)
		return error_sys(err, errno, "entering the jail's root");
	if (rights_filter(FILTER_JAILED, err) != 0)
		return -1;
	return rights_drop(err);
}

static int
effect_attach(void *arg, const struct prison *p, struct error *err)
{
	struct error why = { 0 };
	int init, rc;

	(void)arg;
	init = process_open(&p->holder);
	if (init < 0)
		return error_sys(err, errno, "the init of jail %s", p->name);
	rc = attach_to(init, &why);
	close_fd(&init);
	if (rc == 0)
		return 0;
	error_set(err, why.code, "%s", why.text);
	errno = why.code;
	return -1;
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
	.create = effect_create,
	.created = effect_created,
	.abandon = effect_abandon,
	.update = effect_update,
	.kill = effect_kill,
	.attach = effect_attach,
	.running = effect_running,
};
