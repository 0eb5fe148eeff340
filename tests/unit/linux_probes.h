/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process in a jail tries, for test_linux_inside.c: each probe returns 0
 * when the jail holds, and says on standard error what does not.
 */
#ifndef TEST_LINUX_PROBES_H
#define TEST_LINUX_PROBES_H

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

#endif
