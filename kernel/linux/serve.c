/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <malloc.h>
#include <poll.h>
#include <signal.h>

#include "exe.h"
#include "kernel/fslinux.h"
#include "haste.h"
#include "init_image.h"
#include "server.h"
#include "sys.h"
#include "tree.h"

/* Descriptors 0 to 2 are /dev/null, then the socket. */
#define SOCKET_FD 3

/* Keeps the socket; everything else of the opener is closed. */
static int
isolate(int sock, const struct spawner *start, struct error *err)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t all;
	int null;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != start->opener)
		_exit(0);
	setrlimit(RLIMIT_NOFILE, &start->files);
	prctl(PR_SET_NAME, "jail spawner");
	/* No one may look into children that still have all rights. */
	prctl(PR_SET_DUMPABLE, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sock = fcntl(sock, F_DUPFD_CLOEXEC, SOCKET_FD + 1);
	if (null < 0 || sock < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0 || dup3(sock, SOCKET_FD, O_CLOEXEC) < 0 ||
	    close_range(SOCKET_FD + 1, ~0U, 0) != 0)
		return error_sys(err, errno, "isolating the spawner of jails%s",
		    errno == ENOSYS ? " (Linux 5.12 or later is needed)" : "");
	return 0;
}

static int
load_init(struct error *err)
{
	size_t len = (size_t)(jail_init_image_end - jail_init_image);
	int fd;

	fd = memfd_create("jail-init", MFD_CLOEXEC | MFD_ALLOW_SEALING |
	    MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("jail-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || write(fd, jail_init_image, len) != (ssize_t)len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK |
	    F_SEAL_SEAL) != 0)
		return error_sys(err, errno, "loading the init of jails");
	return fd;
}

static int
prepare(struct server *s, const char *key, struct error *err)
{
	s->message = mmap(NULL, MESSAGE_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->message == MAP_FAILED)
		return error_sys(err, errno, "memory for messages");
	s->init = load_init(err);
	if (s->init < 0 || exe_replace(s->init, err) != 0)
		return -1;
	s->pid_ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	s->uts_ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (s->pid_ns < 0 || s->uts_ns < 0)
		return error_sys(err, errno, "/proc/self/ns");
	s->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->proc < 0)
		return error_sys(err, errno, "/proc");
	if (stack_open(&s->stack, s->proc, err) != 0 ||
	    rights_pass_make(&s->pass, err) != 0)
		return -1;
	controls_open(&s->controls, key);
	net_open(&s->net, key, controls_tree(&s->controls), &s->pass);
	if (seed_make(&s->seed, err) != 0)
		return -1;
	s->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s->null < 0)
		return error_sys(err, errno, "/dev/null of jails");
	if (rights_bound(err) != 0 ||
	    rights_filter(FILTER_SPAWNER, &s->pass, err) != 0)
		return -1;
	malloc_trim(0); /* building the filter took 2 MiB */
	return 0;
}

/*
 * Clones a child of the opener, which is told its pid before the child runs.
 * Returns the pid; -1 with err: a child that has failed is the opener's.
 */
static pid_t
run(struct server *s, const struct child_start *how,
    void (*body)(void *arg, struct error *err), void *arg, struct error *err)
{
	struct child_start start = *how;
	pid_t pid;

	start.flags |= CLONE_PARENT | CLONE_PARENT_SETTID;
	start.pass = &s->pass;
	start.id = s->starting;
	pid = child_run(&start, body, arg, err);
	__atomic_store_n(s->starting, 0, __ATOMIC_RELEASE);
	if (pid > 0 && err->code != 0)
		s->reap = pid;
	return err->code != 0 ? -1 : pid;
}

pid_t
server_run_in(struct server *s, int target, const struct child_start *how,
    void (*body)(void *arg, struct error *err), void *arg, struct error *err)
{
	pid_t pid;

	if (setns(target, CLONE_NEWPID) != 0)
		return error_sys(err, errno, "entering the jail's processes");
	pid = run(s, how, body, arg, err);
	/* The next child would otherwise land in this jail. */
	if (setns(s->pid_ns, CLONE_NEWPID) != 0)
		_exit(1);
	return pid;
}

/* Whether `count` texts with their NULs fill exactly `len` bytes. */
static bool
texts_valid(const char *texts, size_t len, uint64_t count)
{
	uint64_t nuls = 0;

	if (len > 0 && texts[len - 1] != '\0')
		return false;
	for (size_t i = 0; i < len; i++)
		nuls += texts[i] == '\0';
	return nuls == count;
}

int
server_refuse(struct error *err)
{
	return error_set(err, EPROTO, "the spawner got a malformed request");
}

static bool
addresses_valid(const struct net_addresses *a)
{
	return server_line_valid(&a->line) && net_count(a, 0) <= NET_ADDRESSES &&
	    net_count(a, 1) <= NET_ADDRESSES;
}

/* Returns the pid of the init, -1 with err. */
static int
create_nested(struct server *s, struct create_job *job, struct error *err)
{
	const struct child_start helper = { .flags = CLONE_FILES,
		.cgroup = -1 };
	pid_t pid = server_run_in(s, job->parent, &helper, nested_child, job, err);

	if (pid > 0)
		s->reap = pid;
	if (pid > 0 && !job->finished) {
		/* Killed while it waited: what it made has our memory still. */
		struct pollfd p = { .fd = job->pidfd, .events = POLLIN };

		error_set(err, ETIMEDOUT, "the jail's init was stopped");
		if (job->pidfd >= 0) {
			pidfd_send_signal(job->pidfd, SIGKILL, NULL, 0);
			poll(&p, 1, -1);
		}
	}
	pid = err->code == 0 ? fcntl(job->pidfd, F_GETOWN) : -1;
	if (pid <= 0 && err->code == 0)
		error_set(err, ESRCH, "the jail's init has ended");
	close_fd(&job->pidfd);
	return err->code == 0 ? pid : -1;
}

/* The tree of a jail's new root, as that of the jail which has it. */
static int
find_tree(struct server *s, const struct create_request *r, struct error *err)
{
	int jail = s->fds[0];

	if (r->inside == 0)
		return 0;
	if (setns(jail, CLONE_NEWNS) != 0)
		return error_sys(err, errno, "entering the jail's root");
	/*
	 * What is mounted in the outer jail is not for the inner one: by the
	 * outer processes in a /proc one could leave it.
	 */
	s->fds[0] = tree_clone(r->path, false, err);
	close_fd(&jail);
	if (seed_return(&s->seed) != 0)
		_exit(1);
	return s->fds[0] < 0 ? -1 : 0;
}

static int
create(struct server *s, struct create_job *job, struct error *err)
{
	const struct create_request *r = job->request;
	int rc;

	if (seed_enter(&s->seed, (r->mounts & MOUNT_DEVFS) != 0, err) != 0)
		return -1;
	controls_clean(&s->controls, &r->addresses.line);
	if (r->own_net != 0)
		job->start.flags |= CLONE_NEWNET;
	if (r->restricted != 0) {
		job->start.cgroup = net_add(&s->net, &r->addresses, err);
		if (job->start.cgroup < 0 && r->own_net == 0)
			return -1;
	}
	controls_find(&s->controls, &r->addresses.line, job->start.cgroup < 0,
	    job->procs);
	rc = job->parent < 0 ? run(s, &job->start, create_child, job, err) :
	    create_nested(s, job, err);
	close_fd(&job->start.cgroup);
	controls_let_go(job->procs);
	/* What was cloned and failed is still to be reaped by the opener. */
	return rc;
}

static int
serve_create(struct server *s, struct error *err)
{
	const struct create_request *r = (const void *)s->message;
	struct create_job job = {
		.request = r, .proc = s->proc, .tree = -1,
		.release = s->fds[1], .parent = s->fds[2], .init = s->init,
		.start = { .flags = JAIL_NAMESPACES, .cgroup = -1,
		    .pass = &s->pass },
		.pidfd = -1,
	};

	if (s->len != sizeof *r ||
	    memchr(r->path, '\0', sizeof r->path) == NULL ||
	    !addresses_valid(&r->addresses) || s->fds[0] < 0 ||
	    job.release < 0)
		return server_refuse(err);
	if (find_tree(s, r, err) != 0)
		return -1;
	job.tree = s->fds[0];
	return create(s, &job, err);
}

/* Pointers to `count` texts, NULL at the end; returns what follows them. */
static const char *
point_at(const char **array, const char *text, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		array[i] = text;
		text += strlen(text) + 1;
	}
	array[count] = NULL;
	return text;
}

/*
 * The host's /dev/null, as which standard input is given most of the time, is
 * replaced: root inside could change its mode and owner.
 */
static int
harmless(const struct server *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(1, 3))
		return s->null;
	return fd;
}

/* `pointers` has room for all arguments and variables with their NULLs. */
static int
exec_in_jail(struct server *s, const struct exec_request *r,
    const char **pointers, struct error *err)
{
	const char *dir = s->message + sizeof *r;
	const char *user = dir + strlen(dir) + 1;
	const char **envp = pointers + r->argc + 1;
	struct exec_job job = {
		.jail = s->fds[0],
		.dir = dir[0] != '\0' ? dir : NULL,
		.user = user[0] != '\0' ? user : NULL,
		.argv = r->argc > 0 ? pointers : NULL, .envp = envp,
		.login = r->login != 0, .home = r->home != 0,
		.has_ids = r->has_ids != 0, .raw = r->raw != 0,
		.uid = r->uid, .gid = r->gid,
		.groups = r->groups, .group_count = r->group_count,
		.fd = { harmless(s, s->fds[1]), harmless(s, s->fds[2]),
		    harmless(s, s->fds[3]) },
		.gate = s->fds[4], .self = s->starting, .cgroup = -1,
	};
	struct child_start start = { .cgroup = -1 };
	const char *next;
	int pid;

	next = point_at(pointers, user + strlen(user) + 1, r->argc);
	point_at(envp, next, r->envc);
	if (server_cgroups(s, &r->cgroup, &start.cgroup, job.procs,
	    err) != 0)
		return -1;
	pid = server_run_in(s, s->fds[0], &start, exec_child, &job, err);
	/* A jail that has all its processes can still be entered. */
	if (pid < 0 && err->code == EAGAIN && s->reap == 0 &&
	    start.cgroup >= 0) {
		job.cgroup = start.cgroup;
		start.cgroup = -1;
		pid = server_run_in(s, s->fds[0], &start, exec_child, &job,
		    err);
		start.cgroup = job.cgroup;
	}
	close_fd(&start.cgroup);
	controls_let_go(job.procs);
	return pid;
}

static int
serve_exec(struct server *s, struct error *err)
{
	const struct exec_request *r = (const void *)s->message;
	const char **pointers;
	size_t size;
	int rc;

	if (s->len < sizeof *r || s->len - sizeof *r != r->text_len ||
	    !server_line_valid(&r->cgroup.line) || (r->argc == 0 && r->login == 0) ||
	    r->group_count > ACCOUNT_GROUPS_MAX ||
	    !texts_valid(s->message + sizeof *r, r->text_len,
	    (uint64_t)r->argc + r->envc + 2) ||
	    s->fds[0] < 0 || s->fds[1] < 0 || s->fds[2] < 0 || s->fds[3] < 0)
		return server_refuse(err);
	size = ((size_t)r->argc + r->envc + 2) * sizeof *pointers;
	pointers = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pointers == MAP_FAILED)
		return error_sys(err, errno, "memory for arguments");
	rc = exec_in_jail(s, r, pointers, err);
	munmap(pointers, size);
	return rc;
}

static int
serve_signal(struct server *s, struct error *err)
{
	const struct signal_request *r = (const void *)s->message;
	const struct child_start start = { .cgroup = -1 };
	struct signal_job job = { 0 };
	bool shared;
	pid_t pid;

	if (s->len != sizeof *r || s->fds[0] < 0)
		return server_refuse(err);
	job.sig = r->sig;
	shared = haste_share();
	pid = server_run_in(s, s->fds[0], &start, signal_child, &job, err);
	if (shared)
		haste_begin(0);
	if (pid < 0)
		return -1;
	s->reap = pid;
	return job.any;
}

static int
set_names(const struct hostname_request *r, struct error *err)
{
	if (sethostname(r->hostname, strlen(r->hostname)) != 0)
		return error_sys(err, errno, "host.hostname: %s", r->hostname);
	if (setdomainname(r->domainname, strlen(r->domainname)) != 0)
		return error_sys(err, errno, "host.domainname: %s",
		    r->domainname);
	return 0;
}

static int
serve_hostname(struct server *s, struct error *err)
{
	const struct hostname_request *r = (const void *)s->message;
	int rc;

	if (s->len != sizeof *r || s->fds[0] < 0 ||
	    memchr(r->hostname, '\0', sizeof r->hostname) == NULL ||
	    memchr(r->domainname, '\0', sizeof r->domainname) == NULL)
		return server_refuse(err);
	if (setns(s->fds[0], CLONE_NEWUTS) != 0)
		return error_sys(err, errno, "entering the jail's host name");
	rc = set_names(r, err);
	if (setns(s->uts_ns, CLONE_NEWUTS) != 0)
		_exit(1);
	return rc;
}

static int
serve_mount(struct server *s, struct error *err)
{
	const struct mount_request *r = (const void *)s->message;
	const struct child_start start = { .cgroup = -1 };
	struct mount_job job = { r, s->fds[0], s->fds[2] };
	pid_t pid;

	if (s->len != sizeof *r || job.jail < 0 ||
	    memchr(r->place, '\0', sizeof r->place) == NULL ||
	    r->options_len > sizeof r->options ||
	    (r->options_len > 0 && r->options[r->options_len - 1] != '\0') ||
	    (job.tree < 0 && r->unmount == 0 && r->kind == FSLINUX_BIND))
		return server_refuse(err);
	if (r->unmount == 0 && r->kind == FSLINUX_DEV) {
		if (seed_enter(&s->seed, true, err) != 0)
			return -1;
		s->fds[2] = job.tree = open_tree(AT_FDCWD, "/dev",
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (job.tree < 0)
			return error_sys(err, errno, "devices of jails");
	}
	pid = server_run_in(s, job.jail, &start, mount_child, &job, err);
	if (pid < 0)
		return -1;
	s->reap = pid;
	return 0;
}

static int
serve_addresses(struct server *s, struct error *err)
{
	const struct addresses_request *r = (const void *)s->message;

	if (s->len != sizeof *r || !addresses_valid(&r->before) ||
	    !addresses_valid(&r->after))
		return server_refuse(err);
	return net_change(&s->net, &r->before, &r->after, err);
}

static int
serve_forget(struct server *s, struct error *err)
{
	const struct forget_request *r = (const void *)s->message;

	if (s->len != sizeof *r || !addresses_valid(&r->addresses))
		return server_refuse(err);
	net_remove(&s->net, &r->addresses);
	return 0;
}

static int
serve_join(struct server *s, struct error *err)
{
	const struct join_request *r = (const void *)s->message;
	int cgroup, procs[CONTROLS], rc;

	if (s->len != sizeof *r || !server_line_valid(&r->cgroup.line))
		return server_refuse(err);
	if (server_cgroups(s, &r->cgroup, &cgroup, procs, err) != 0)
		return -1;
	rc = cgroup < 0 ? 0 : cgroup_enter(cgroup, s->opener);
	if (rc != 0)
		error_sys(err, errno, "entering the jail's cgroup");
	else
		rc = controls_enter(procs, s->opener, err);
	close_fd(&cgroup);
	controls_let_go(procs);
	return rc;
}

static int
serve_interface(struct server *s, struct error *err)
{
	const struct interface_request *r = (const void *)s->message;

	if (s->len != sizeof *r || s->fds[0] < 0 ||
	    memchr(r->name, '\0', sizeof r->name) == NULL)
		return server_refuse(err);
	return r->name[0] != '\0' ?
	    stack_take(&s->stack, s->fds[0], r->name, err) :
	    stack_return(&s->stack, s->fds[0], err);
}

static int (*const services[])(struct server *, struct error *) = {
	[REQUEST_CREATE] = serve_create,
	[REQUEST_EXEC] = serve_exec,
	[REQUEST_SIGNAL] = serve_signal,
	[REQUEST_HOSTNAME] = serve_hostname,
	[REQUEST_MOUNT] = serve_mount,
	[REQUEST_ADDRESSES] = serve_addresses,
	[REQUEST_FORGET] = serve_forget,
	[REQUEST_JOIN] = serve_join,
	[REQUEST_INTERFACE] = serve_interface,
	[REQUEST_LIMIT] = serve_limit,
	[REQUEST_UNLIMIT] = serve_unlimit,
};

static int
dispatch(struct server *s, struct error *err)
{
	uint32_t type;

	if (s->len < sizeof type)
		return server_refuse(err);
	memcpy(&type, s->message, sizeof type);
	if (type >= sizeof services / sizeof *services ||
	    services[type] == NULL)
		return server_refuse(err);
	return services[type](s, err);
}

static void
answer(int sock, int value, pid_t child, const struct error *err)
{
	struct reply r;

	memset(&r, 0, sizeof r);
	r.error = err->code;
	r.value = value;
	r.reap = child;
	if (err->code != 0)
		memcpy(r.text, err->text, strnlen(err->text,
		    sizeof r.text - 1));
	if (message_send(sock, &r, sizeof r, NULL, 0) != 0)
		_exit(1);
}

_Noreturn void
serve(int sock, const struct spawner *start)
{
	struct server s = { .sock = SOCKET_FD, .starting = start->starting,
		.opener = start->opener };
	struct error err = { 0 };
	ssize_t n;
	int value;

	if (isolate(sock, start, &err) != 0) {
		answer(sock, -1, 0, &err);
		_exit(1);
	}
	value = prepare(&s, start->key, &err);
	answer(s.sock, value, 0, &err);
	if (value != 0)
		_exit(1);
	for (;;) {
		n = message_receive(s.sock, s.message, MESSAGE_MAX, s.fds);
		if (n <= 0) {
			net_close(&s.net);
			_exit(0);
		}
		s.len = (size_t)n;
		error_clear(&err);
		s.reap = 0;
		value = dispatch(&s, &err);
		for (size_t i = 0; i < MESSAGE_FDS; i++)
			close_fd(&s.fds[i]);
		answer(s.sock, value, s.reap, &err);
	}
}
