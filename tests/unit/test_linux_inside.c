/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail on Linux is from the inside: the test copies itself into the
 * jail's root and runs there as `/probe --probe NAME ARG`, with the rights of
 * the jail's root; each probe prints what is wrong and returns 1.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <linux/capability.h>

#include <dirent.h>
#include <sched.h>

#include "linux_jail.h"

#ifndef __X32_SYSCALL_BIT
#define __X32_SYSCALL_BIT 0x40000000
#endif

static int
wrong(const char *what, const char *why)
{
	fprintf(stderr, "inside: %s: %s\n", what, why);
	return 1;
}

static int
probe_hostname(const char *arg)
{
	char name[256];

	if (gethostname(name, sizeof name) != 0 || strcmp(name, arg) != 0)
		return wrong("hostname", name);
	return sethostname("x", 1) == 0 ? wrong("sethostname", "worked") : 0;
}

/* Only init, this process and those that the test runs beside: ARG many. */
static int
probe_processes(const char *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int count = 0;

	if (proc == NULL || getpid() == 1)
		return wrong("/proc", strerror(errno));
	while ((d = readdir(proc)) != NULL)
		count += d->d_name[0] >= '1' && d->d_name[0] <= '9';
	closedir(proc);
	return count == atoi(arg) ? 0 : wrong("/proc", "foreign processes");
}

/* Descriptors 0 to 2 and nothing else. */
static int
probe_descriptors(const char *arg)
{
	(void)arg;
	for (int fd = 0; fd < 1024; fd++)
		if ((fcntl(fd, F_GETFD) >= 0) != (fd < 3))
			return wrong("descriptors", fd < 3 ? "one is missing" :
			    "one leaked");
	return 0;
}

static bool
same_place(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* Climbs as far as `..` goes from the current directory. */
static void
climb(void)
{
	for (int i = 0; i < 64; i++)
		if (chdir("..") != 0)
			break;
}

/* Whether the current directory is the jail's root, or empty and read-only. */
static int
look_at_end(const char *what, bool may_be_below)
{
	struct statvfs fs;
	struct dirent *d;
	DIR *dir;
	int rc = 0;

	if (access("probe", F_OK) == 0)
		return 0;
	if (!may_be_below)
		return wrong(what, "left the root");
	if (statvfs(".", &fs) != 0 || (fs.f_flag & ST_RDONLY) == 0 ||
	    (dir = opendir(".")) == NULL)
		return wrong(what, "what is below is not read-only");
	while ((d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 &&
		    strcmp(d->d_name, "dev") != 0)
			rc = wrong(what, "what is below is not empty");
	closedir(dir);
	dir = opendir("dev");
	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = wrong(what, "dev below is not empty");
	if (dir != NULL)
		closedir(dir);
	if (mkdir("new", 0700) == 0 || errno != EROFS)
		rc = wrong(what, "mkdir below");
	return rc;
}

static int
probe_dotdot(const char *arg)
{
	(void)arg;
	if (!same_place("/", "/..") || !same_place("/", "/../../.."))
		return wrong("..", "is not the root");
	if (chdir("/sub/deep") != 0)
		return wrong("chdir", strerror(errno));
	climb();
	return look_at_end("..", false);
}

/* The old trick: a directory kept open outside of a second root. */
static int
probe_chroot(const char *arg)
{
	int root = open("/", O_RDONLY | O_DIRECTORY);

	(void)arg;
	if (root < 0 || chroot("/sub") != 0 || fchdir(root) != 0)
		return wrong("chroot", strerror(errno));
	climb();
	if (look_at_end("second chroot", true) != 0)
		return 1;
	if (chroot(".") != 0)
		return wrong("chroot", strerror(errno));
	climb();
	if (chdir("/") != 0)
		return wrong("chdir", strerror(errno));
	return look_at_end("third chroot", true);
}

static int
probe_proc_root(const char *arg)
{
	(void)arg;
	if (chdir("/proc/1/root") == 0) {
		climb();
		return look_at_end("/proc/1/root", false);
	}
	if (open("/proc/1/root/etc/passwd", O_RDONLY) >= 0 ||
	    chdir("/proc/1/cwd") == 0)
		return wrong("/proc/1", "can be entered");
	return chdir("/proc/self/root") == 0 ?
	    look_at_end("/proc/self/root", false) : 0;
}

static int
probe_proc_writes(const char *arg)
{
	static const char *const files[] = {
		"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
		"/proc/sys/kernel/hostname", "/proc/sys/vm/drop_caches",
	};

	(void)arg;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (open(files[i], O_WRONLY) >= 0)
			return wrong(files[i], "can be written");
	if (open("/proc/kcore", O_RDONLY) >= 0)
		return wrong("/proc/kcore", "can be read");
	return 0;
}

static int
probe_no_host(const char *arg)
{
	(void)arg;
	if (access("/proc/self", F_OK) == 0)
		return wrong("/proc", "is the host's");
	if (access("/sys/kernel", F_OK) == 0)
		return wrong("/sys", "is the host's");
	return 0;
}

static int
probe_rights(const char *arg)
{
	(void)arg;
	if (prctl(PR_CAPBSET_READ, CAP_AUDIT_WRITE, 0, 0, 0) != 0)
		return wrong("rights", "the host's audit log can be written");
	return 0;
}

/* Calls that must be refused with one error. */
struct call {
	const char *name;
	long nr, a, b, c, d;
	int error;
};

#define REFUSED(name, ...) { #name, SYS_##name, __VA_ARGS__ }

static const char here[] = "/tmp";

static const struct call calls[] = {
	REFUSED(mount, (long)here, (long)here, (long)"tmpfs", 0, EPERM),
	REFUSED(umount2, (long)"/", 2, 0, 0, EPERM),
	REFUSED(pivot_root, (long)here, (long)here, 0, 0, EPERM),
	REFUSED(mknod, (long)"/tmp/node", S_IFBLK | 0600, 0xfe00, 0, EPERM),
	REFUSED(unshare, CLONE_NEWUSER, 0, 0, 0, EPERM),
	REFUSED(unshare, CLONE_NEWNS, 0, 0, 0, EPERM),
	REFUSED(unshare, CLONE_NEWPID, 0, 0, 0, EPERM),
	REFUSED(unshare, CLONE_NEWNET | CLONE_FILES, 0, 0, 0, EPERM),
	REFUSED(setns, 0, 0, 0, 0, EPERM),
	REFUSED(setns, 0, CLONE_NEWUSER, 0, 0, EPERM),
	REFUSED(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, EPERM),
	REFUSED(clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, EPERM),
	REFUSED(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, EPERM),
	REFUSED(clone, CLONE_NEWCGROUP | SIGCHLD, 0, 0, 0, EPERM),
	REFUSED(clone3, 0, 0, 0, 0, ENOSYS),
	REFUSED(reboot, (long)0xfee1dead, 672274793, 0, 0, EPERM),
	REFUSED(clock_settime, 0, (long)here, 0, 0, EPERM),
	REFUSED(settimeofday, 0, 0, 0, 0, EPERM),
	REFUSED(kexec_load, 0, 0, 0, 0, EPERM),
	REFUSED(init_module, (long)here, 0, (long)"", 0, EPERM),
	REFUSED(finit_module, 0, (long)"", 0, 0, EPERM),
	REFUSED(delete_module, (long)"x", 0, 0, 0, EPERM),
	REFUSED(keyctl, 0, 0, 0, 0, EPERM),
	REFUSED(add_key, (long)"user", (long)"x", (long)"x", 1, EPERM),
	REFUSED(request_key, (long)"user", (long)"x", 0, 0, EPERM),
	REFUSED(bpf, 0, 0, 0, 0, EPERM),
	REFUSED(perf_event_open, 0, 0, 0, 0, EPERM),
	REFUSED(open_by_handle_at, 3, (long)here, 0, 0, EPERM),
	REFUSED(name_to_handle_at, -100, (long)here, 0, 0, EPERM),
	REFUSED(userfaultfd, 0, 0, 0, 0, EPERM),
	REFUSED(swapon, (long)here, 0, 0, 0, EPERM),
	REFUSED(syslog, 3, (long)here, 1, 0, EPERM),
	REFUSED(acct, 0, 0, 0, 0, EPERM),
	REFUSED(quotactl, 0, 0, 0, 0, EPERM),
	REFUSED(vhangup, 0, 0, 0, 0, EPERM),
	REFUSED(process_vm_readv, 1, 0, 0, 0, EPERM),
	REFUSED(process_vm_writev, 1, 0, 0, 0, EPERM),
	REFUSED(kcmp, 1, 1, 0, 0, EPERM),
	REFUSED(io_uring_setup, 1, (long)here, 0, 0, EPERM),
	REFUSED(fsopen, (long)"tmpfs", 0, 0, 0, EPERM),
	REFUSED(fspick, -100, (long)here, 0, 0, EPERM),
	REFUSED(open_tree, -100, (long)here, 1, 0, EPERM),
	REFUSED(move_mount, -100, (long)here, -100, (long)here, EPERM),
	REFUSED(ioctl, 0, TIOCSTI, (long)"x", 0, EPERM),
	REFUSED(ioctl, 0, TIOCLINUX, (long)"x", 0, EPERM),
	REFUSED(personality, READ_IMPLIES_EXEC, 0, 0, 0, EPERM),
	REFUSED(personality, (long)0x80000000, 0, 0, 0, EPERM),
	REFUSED(socket, AF_PACKET, SOCK_RAW, 0, 0, EAFNOSUPPORT),
	REFUSED(socket, AF_VSOCK, SOCK_STREAM, 0, 0, EAFNOSUPPORT),
	REFUSED(socket, 0x100000001, SOCK_STREAM, 0, 0, EAFNOSUPPORT),
	REFUSED(socket, AF_INET, SOCK_RAW, 1, 0, EPERM),
	REFUSED(ptrace, PTRACE_ATTACH, 1, 0, 0, EPERM),
	REFUSED(setpriority, PRIO_PROCESS, 0, -5, 0, EACCES),
	REFUSED(sethostname, (long)"x", 1, 0, 0, EPERM),
#ifdef __x86_64__
	REFUSED(iopl, 3, 0, 0, 0, EPERM),
	REFUSED(ioperm, 0x80, 1, 1, 0, EPERM),
	{ "x32 getpid", __X32_SYSCALL_BIT | SYS_getpid, 0, 0, 0, 0, ENOSYS },
	{ "x32 mount", __X32_SYSCALL_BIT | SYS_mount, 0, 0, 0, 0, ENOSYS },
#endif
};

static int
probe_calls(const char *arg)
{
	int bad = 0;

	(void)arg;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const struct call *c = &calls[i];
		long rc;

		errno = 0;
		rc = syscall(c->nr, c->a, c->b, c->c, c->d, 0L);
		if (rc == 0 && c->nr == SYS_clone)
			_exit(0);
		if (rc != -1 || errno != c->error) {
			fprintf(stderr, "%zu: ", i);
			bad = wrong(c->name, rc != -1 ? "is allowed" :
			    strerror(errno));
		}
	}
	return bad;
}

/* What must go on working. */
static int
probe_allowed(const char *arg)
{
	int fd[2];

	(void)arg;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0)
		return wrong("no_new_privs", "is set");
	if (personality(0xffffffff) == -1 ||
	    personality(ADDR_NO_RANDOMIZE) == -1)
		return wrong("personality", strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0 ||
	    socket(AF_INET, SOCK_STREAM, 0) < 0 ||
	    socket(AF_NETLINK, SOCK_RAW, 0) < 0)
		return wrong("socket", strerror(errno));
	if (mkdir("/tmp/mine", 0700) != 0 || chown("/tmp/mine", 7, 7) != 0 ||
	    chroot("/tmp/mine") != 0)
		return wrong("root's work", strerror(errno));
	if (setgid(7) != 0 || setuid(7) != 0)
		return wrong("setuid", strerror(errno));
	return setuid(0) == 0 ? wrong("setuid", "came back") : 0;
}

/* A node that the host has made in the tree does not work. */
static int
probe_node(const char *arg)
{
	int fd = open(arg, O_RDONLY);

	if (fd >= 0)
		return wrong(arg, "a device of the tree can be opened");
	return errno == EACCES ? 0 : wrong(arg, strerror(errno));
}

static int
probe_devices(const char *arg)
{
	char byte = 1;
	int fd;

	(void)arg;
	if ((fd = open("/dev/zero", O_RDWR)) < 0 || read(fd, &byte, 1) != 1 ||
	    byte != 0)
		return wrong("/dev/zero", strerror(errno));
	if ((fd = open("/dev/null", O_WRONLY)) < 0 || write(fd, "x", 1) != 1)
		return wrong("/dev/null", strerror(errno));
	if (open("/dev/new", O_CREAT | O_WRONLY, 0600) >= 0 ||
	    unlink("/dev/null") == 0 || chmod("/dev/null", 0600) == 0)
		return wrong("/dev", "can be written");
	fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 ||
	    strcmp(ptsname(fd), "/dev/pts/0") != 0)
		return wrong("/dev/ptmx", strerror(errno));
	if (open("/dev/shm/file", O_CREAT | O_RDWR, 0600) < 0)
		return wrong("/dev/shm", strerror(errno));
	return access("/dev/fd/0", F_OK) == 0 ? 0 :
	    wrong("/dev/fd", strerror(errno));
}

/* No interface is up. */
static int
probe_no_network(const char *arg)
{
	struct sockaddr_storage any = { .ss_family = AF_INET };
	char text[512] = "";
	FILE *f = fopen("/proc/net/dev", "r");
	int fd, lines = 0;

	(void)arg;
	while (f != NULL && fgets(text, sizeof text, f) != NULL)
		lines++;
	if (lines != 3) /* two of headings, and lo */
		return wrong("/proc/net/dev", "more than lo");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	((unsigned char *)&any)[3] = 80;
	((unsigned char *)&any)[4] = 127;
	((unsigned char *)&any)[7] = 1;
	if (connect(fd, (void *)&any, 16) == 0 || errno != ENETUNREACH)
		return wrong("connect", strerror(errno));
	return 0;
}

static int
probe_no_proc(const char *arg)
{
	(void)arg;
	return access("/proc/1", F_OK) != 0 ? 0 : wrong("/proc", "has 1");
}

static const struct {
	const char *name;
	int (*run)(const char *arg);
} probes[] = {
	{ "allowed", probe_allowed },
	{ "calls", probe_calls },
	{ "chroot", probe_chroot },
	{ "descriptors", probe_descriptors },
	{ "devices", probe_devices },
	{ "dotdot", probe_dotdot },
	{ "hostname", probe_hostname },
	{ "no-network", probe_no_network },
	{ "no-proc", probe_no_proc },
	{ "node", probe_node },
	{ "proc-root", probe_proc_root },
	{ "proc-writes", probe_proc_writes },
{ "no-host", probe_no_host },
{ "rights", probe_rights },
	{ "processes", probe_processes },
};

static int
run_probe(const char *name, const char *arg)
{
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (strcmp(probes[i].name, name) == 0)
			return probes[i].run(arg);
	return wrong(name, "no such probe");
}

static void
test_plain(void **state)
{
	struct fixture *f = *state;
	char node[PATH_MAX + 16];
	int jid;

	NEEDS_ROOT();
	snprintf(node, sizeof node, "%s/dev/disk", f->root);
	assert_int_equal(mknod(node, S_IFCHR | 0666, makedev(1, 5)), 0);
	jid = create(f, "plain", &(struct wish){ .hostname = "a.example" });
	probe(f, jid, "hostname", "a.example");
	probe(f, jid, "descriptors", NULL);
	probe(f, jid, "dotdot", NULL);
	probe(f, jid, "chroot", NULL);
	probe(f, jid, "node", "/dev/disk");
	probe(f, jid, "calls", NULL);
	probe(f, jid, "allowed", NULL);
	probe(f, jid, "rights", NULL);
}

static void
test_mounts(void **state)
{
	struct fixture *f = *state;
	int jid;

	NEEDS_ROOT();
	jid = create(f, "mounts", &(struct wish){ .devfs = true,
	    .procfs = true, .fdescfs = true });
	probe(f, jid, "processes", "2");
	probe(f, jid, "descriptors", NULL);
	probe(f, jid, "devices", NULL);
	probe(f, jid, "proc-root", NULL);
	probe(f, jid, "proc-writes", NULL);
	probe(f, jid, "dotdot", NULL);
	probe(f, jid, "chroot", NULL);
	probe(f, jid, "calls", NULL);
}

static void
test_fdescfs_alone(void **state)
{
	struct fixture *f = *state;
	int jid;

	NEEDS_ROOT();
	jid = create(f, "fdesc", &(struct wish){ .devfs = true,
	    .fdescfs = true });
	probe(f, jid, "devices", NULL);
}

static void
test_no_network(void **state)
{
	struct fixture *f = *state;
	int jid;

	NEEDS_ROOT();
	jid = create(f, "lonely", &(struct wish){ .procfs = true,
	    .no_net = true });
	probe(f, jid, "no-network", NULL);
}

static int
create_with(struct jail_kernel *k, struct jail_call *c, const char *name,
    const char *path)
{
	struct error err = { 0 };
	int jid;

	call_add_text(c, "name", name);
	call_add_text(c, "path", path);
	call_add_bool(c, "persist", true);
	jid = call_set(k, c, JAIL_CREATE, &err);
	call_finish(c);
	if (jid <= 0)
		fail_msg("creating %s: %s", name, err.text);
	return jid;
}

/* What Linux cannot restrict is not given at all. */
static void
test_restricted_network(void **state)
{
	const unsigned char address[4] = { 127, 0, 0, 2 };
	struct fixture *f = *state;
	struct jail_call c = { 0 };

	NEEDS_ROOT();
	call_add(&c, "ip4.addr", address, sizeof address);
	call_add_int(&c, "ip6", JAIL_SYS_INHERIT);
	call_add_bool(&c, "mount.procfs", true);
	probe(f, create_with(f->k, &c, "listed", f->root), "no-network", NULL);
	c = (struct jail_call){ 0 };
	call_add_int(&c, "vnet", JAIL_SYS_NEW);
	call_add_bool(&c, "mount.procfs", true);
	probe(f, create_with(f->k, &c, "stack", f->root), "no-network", NULL);
}

/* All of it is in the table, what Linux has room for is seen inside. */
static void
test_long_hostname(void **state)
{
	char name[201], back[256] = "";
	struct iovec iov[] = {
		{ (char []){ "name" }, 5 }, { (char []){ "wordy" }, 6 },
		{ (char []){ "host.hostname" }, 14 }, { back, sizeof back },
	};
	struct fixture *f = *state;
	int jid;

	NEEDS_ROOT();
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	jid = create(f, "wordy", &(struct wish){ .hostname = name });
	assert_int_equal(f->k->backend->get(f->k, iov, 4, 0), jid);
	assert_string_equal(back, name);
	name[64] = '\0';
	probe(f, jid, "hostname", name);
}

/* Made by a process of the outer jail: its root is below the outer one's. */
static void
test_made_inside(void **state)
{
	struct fixture *f = *state;
	struct jail_call c = { 0 };
	int outer, inner, status;
	pid_t pid;

	NEEDS_ROOT();
	call_add_int(&c, "children.max", 1);
	call_add_bool(&c, "mount.procfs", true);
	outer = create_with(f->k, &c, "outer", f->root);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct jail_kernel *k = open_kernel(f->kernel);

		if (k->backend->attach(k, outer) != 0)
			_exit(1);
		c = (struct jail_call){ 0 };
		inner = create_with(k, &c, "inner", "/");
		kernel_close(k);
		_exit(inner == outer + 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	probe(f, outer + 1, "dotdot", NULL);
	probe(f, outer + 1, "no-proc", NULL);
}

static void
refused(struct fixture *f, const char *path, const char *text)
{
	struct error err = { 0 };

	assert_int_equal(try_create(f, f->k, "refused",
	    &(struct wish){ .path = path }, &err), -1);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err.text, text);
}

/*
 * A procfs of the host gives its root by the processes that it shows, also
 * where its directory has got another name since it was mounted.
 */
static void
test_host_procfs(void **state)
{
	struct fixture *f = *state;
	char sub[PATH_MAX + 8], place[PATH_MAX + 16], moved[PATH_MAX + 8];

	NEEDS_ROOT();
	snprintf(sub, sizeof sub, "%s/sub", f->root);
	snprintf(place, sizeof place, "%s/deep", sub);
	snprintf(moved, sizeof moved, "%s/sub2", f->root);
	assert_int_equal(mount("proc", place, "proc", 0, NULL), 0);
	refused(f, f->root, "use mount.procfs");
	assert_int_equal(rename(sub, moved), 0);
	refused(f, f->root, "/sub2/deep: a procfs of the host");
	snprintf(place, sizeof place, "%s/deep", moved);
	refused(f, place, "cannot be the root");
	assert_int_equal(umount(place), 0);
	assert_int_equal(mount("sysfs", place, "sysfs", 0, NULL), 0);
	refused(f, f->root, "/sub2/deep: a sysfs of the host");
	assert_int_equal(umount(place), 0);
	assert_int_equal(rename(moved, sub), 0);
	create(f, "clean", &(struct wish){ 0 });
}

/* Who is in a jail does not choose where others have their roots. */
static void
test_link_of_jail(void **state)
{
	struct fixture *f = *state;
	char link[PATH_MAX + 8], below[PATH_MAX + 16];

	NEEDS_ROOT();
	snprintf(link, sizeof link, "%s/link", f->root);
	snprintf(below, sizeof below, "%s/tmp", link);
	assert_int_equal(symlink("/", link), 0);
	create(f, "outer", &(struct wish){ 0 });
	refused(f, link, "link is a symbolic link below the root of jail outer");
	refused(f, below, "is a symbolic link below the root of jail outer");
}

/* The host's own root as a jail's: its kernel file systems are not in it. */
static void
test_host_root(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];
	const char *argv[] = { path, "--probe", "no-host", NULL };
	struct jail_exec x = { .argv = argv, .fd = { -1, 1, 2 } };
	struct error err = { 0 };

	NEEDS_ROOT();
	snprintf(path, sizeof path, "%s/probe", f->root);
	x.jid = create(f, "host", &(struct wish){ .path = "/" });
	assert_int_equal(run_status(f, &x, &err), 0);
}

#define TEST(name)							\
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plain),
		TEST(test_mounts),
		TEST(test_fdescfs_alone),
		TEST(test_no_network),
		TEST(test_restricted_network),
		TEST(test_long_hostname),
		TEST(test_made_inside),
		TEST(test_host_procfs),
		TEST(test_link_of_jail),
		TEST(test_host_root),
	};

	if (argc > 2 && strcmp(argv[1], "--probe") == 0)
		_exit(run_probe(argv[2], argc > 3 ? argv[3] : ""));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
