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

#include <arpa/inet.h>

#include <dirent.h>
#include <sched.h>

#include "linux_jail.h"
#include "linux_probes.h"

/* Connects to, or binds to, a port of an address of 127/8. */
static int
try_loopback(unsigned char last, bool bound, struct sockaddr_in *name)
{
	socklen_t len = sizeof *name;
	int fd = socket(AF_INET, SOCK_STREAM, 0), code = 0;

	memset(name, 0, sizeof *name);
	name->sin_family = AF_INET;
	name->sin_port = htons(bound ? 0 : 80);
	name->sin_addr.s_addr = htonl(0x7f000000U | last);
	if (fd < 0 || (bound ? bind : connect)(fd, (void *)name, len) != 0)
		code = errno;
	else if (getsockname(fd, (void *)name, &len) != 0)
		code = errno;
	if (fd >= 0)
		close(fd);
	return code;
}

static int
count_interfaces(void)
{
	char text[512];
	FILE *f = fopen("/proc/net/dev", "r");
	int lines = 0;

	while (f != NULL && fgets(text, sizeof text, f) != NULL)
		lines++;
	if (f != NULL)
		fclose(f);
	return lines - 2; /* two of headings */
}

/* Neither interfaces nor sockets; without cgroups, sockets of no use. */
static int
probe_no_network(const char *arg)
{
	struct sockaddr_in name;
	int code = try_loopback(1, false, &name);

	(void)arg;
	if (count_interfaces() != 1)
		return wrong("/proc/net/dev", "more than lo");
	return code == EPROTONOSUPPORT || code == ENETUNREACH ? 0 :
	    wrong("socket", strerror(code));
}

static int
probe_own_stack(const char *arg)
{
	struct sockaddr_in name;

	(void)arg;
	if (count_interfaces() != 1)
		return wrong("/proc/net/dev", "more than lo");
	return try_loopback(1, false, &name) == ECONNREFUSED ? 0 :
	    wrong("lo", "is not up");
}

/* The jail has 127.0.0.2 alone. */
static int
probe_one_address(const char *arg)
{
	struct sockaddr_in name;

	(void)arg;
	if (try_loopback(2, true, &name) != 0)
		return wrong("bind", "not to the own address");
	if (try_loopback(3, true, &name) != EADDRNOTAVAIL)
		return wrong("bind", "to a foreign address");
	if (try_loopback(1, true, &name) != 0 ||
	    name.sin_addr.s_addr != htonl(0x7f000002U))
		return wrong("bind", "127.0.0.1 is not the own address");
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
	{ "one-address", probe_one_address },
	{ "own-stack", probe_own_stack },
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

static void
test_restricted_network(void **state)
{
	const unsigned char address[4] = { 127, 0, 0, 2 };
	struct fixture *f = *state;
	struct jail_call c = { 0 };
	struct error why = { 0 };

	NEEDS_ROOT();
	if (f->k->backend->addresses(f->k, &why) != 0) {
		print_message("skip: %s\n", why.text);
		skip();
	}
	call_add(&c, "ip4.addr", address, sizeof address);
	call_add_int(&c, "ip6", JAIL_SYS_INHERIT);
	call_add_bool(&c, "mount.procfs", true);
	probe(f, create_with(f->k, &c, "listed", f->root), "one-address",
	    NULL);
	c = (struct jail_call){ 0 };
	call_add_int(&c, "vnet", JAIL_SYS_NEW);
	call_add_bool(&c, "mount.procfs", true);
	probe(f, create_with(f->k, &c, "stack", f->root), "own-stack", NULL);
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

/* A table that others could have written is not opened, not even to read. */
static void
test_dir_of_others(void **state)
{
	static const struct kernel_options look = { .read_only = true };
	struct fixture *f = *state;
	char *table = f->kernel + strlen("linux:");
	struct error err;

	NEEDS_ROOT();
	assert_int_equal(chmod(table, 0777), 0);
	error_clear(&err);
	assert_null(kernel_open(f->kernel, NULL, &err));
	assert_int_equal(err.code, EPERM);
	assert_int_equal(chmod(table, 0700) | chown(table, 65534, 0), 0);
	error_clear(&err);
	assert_null(kernel_open(f->kernel, &look, &err));
	assert_int_equal(err.code, EPERM);
	assert_int_equal(chown(table, 0, 0), 0);
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
		TEST(test_dir_of_others),
	};

	if (argc > 2 && strcmp(argv[1], "--probe") == 0)
		_exit(run_probe(argv[2], argc > 3 ? argv[3] : ""));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
