/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting programs in jails on Linux and beside them: what they get, as whom
 * they run, and what is said when they cannot be started.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <grp.h>
#include <sched.h>
#include <time.h>

#include "linux_jail.h"
#include "linux_procs.h"

/* Runs a program; what it wrote to its standard output is in `out`. */
static int
run(struct fixture *f, struct jail_exec *x, char *out, size_t size,
    struct error *err)
{
	int fd[2], status;
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	x->fd[0] = -1;
	x->fd[1] = fd[1];
	x->fd[2] = 2;
	error_clear(err);
	pid = f->k->backend->spawn(f->k, x, err);
	close(fd[1]);
	while (pid > 0 && (n = read(fd[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd[0]);
	if (pid < 0)
		return -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
write_accounts(const struct fixture *f)
{
	static const char passwd[] =
	    "root:x:0:0::/root:/bin/sh\n"
	    "broken\n"
	    "also:broken:\n"
	    "huge:x:99999999999:5::/:/bin/sh\n"
	    "www:x:80:81:a comment:/var/www:/bin/sh\n";
	static const char group[] =
	    "wheel:x:0:root\n"
	    "www:x:81:\n"
	    "broken\n"
	    "logs:x:300:other,www\n"
	    "wwwx:x:301:wwwx,xwww\n"
	    "mail:x:302:www,other\n"
	    "nonumber:x:y:www\n";
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/etc/passwd", f->root);
	temp_write(path, 0644, passwd, sizeof passwd - 1);
	snprintf(path, sizeof path, "%s/etc/group", f->root);
	temp_write(path, 0644, group, sizeof group - 1);
}

static void
test_environment(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "probe", "--probe", "show", NULL };
	const char *env[] = { "A=1", "PATH=/nowhere:/etc:/:/sub", "Z=", NULL };
	struct jail_exec x = { .argv = argv, .envp = env };
	struct error err;
	char out[4096];

	NEEDS_ROOT();
	x.jid = create(f, "env", &(struct wish){ .hostname = "env.example" });
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_string_equal(out, "dir=/ uid=0 gid=0 groups= session=1 umask=26 "
	    "A=1 PATH=/nowhere:/etc:/:/sub Z= ");
	x.dir = "/sub/deep";
	x.session = true;
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "dir=/sub/deep "));
	assert_non_null(strstr(out, "session=1 "));
}

static void
test_users(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/probe", "--probe", "show", NULL };
	const char *env[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .user = "www" };
	struct error err;
	char out[4096];

	NEEDS_ROOT();
	x.jid = create(f, "users", &(struct wish){ .no_net = true });
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_non_null(strstr(err.text, "/etc/passwd"));
	write_accounts(f);
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_string_equal(out, "dir=/ uid=80 gid=81 groups=81,300,302, "
	    "session=1 umask=26 ");
	x.user = "nobody-here";
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_non_null(strstr(err.text, "user nobody-here: not in"));
	x.user = "huge";
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	x.user = "broken";
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	x.user = "";
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	x.user = "daemon";
	x.host_user = true;
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "uid=1 gid=1 groups=1, "));
}

/* Empty USER, HOME and SHELL are the user's; a home may be missing. */
static void
test_login(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/probe", "--probe", "show", NULL };
	const char *env[] = { "USER=", "HOME=", "SHELL=/x", "A=", NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .login = true };
	struct error err;
	char out[4096];

	NEEDS_ROOT();
	x.jid = create(f, "login", &(struct wish){ .no_net = true });
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "dir=/ uid=0 gid=0 groups= "));
	assert_non_null(strstr(out, " USER=root HOME=/ SHELL=/x A= "));
	write_accounts(f);
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, " USER=root HOME=/root SHELL=/x A= "));
	x.user = "www";
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "dir=/ uid=80 "));
	assert_non_null(strstr(out, " USER=www HOME=/var/www SHELL=/x A= "));
	x.home = true;
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_string_equal(err.text,
	    "directory /var/www: No such file or directory");
	x.user = "daemon";
	x.host_user = true;
	x.home = false;
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, " USER=daemon HOME=/"));
	x.jid = 0;
	x.user = NULL;
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1); /* no /probe */
	x.argv = NULL;
	x.login = false;
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_string_equal(err.text, "there is no program to run");
}

/* The jail's files are not trusted. */
static void
test_hostile_accounts(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/probe", "--probe", "show", NULL };
	const char *env[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .user = "daemon" };
	char path[PATH_MAX + 16], out[4096];
	struct error err;

	NEEDS_ROOT();
	x.jid = create(f, "hostile", &(struct wish){ .no_net = true });
	snprintf(path, sizeof path, "%s/etc/passwd", f->root);
	/* A link to the host's file ends in the jail's own root. */
	assert_int_equal(symlink("../../../../../../etc/passwd", path), 0);
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_int_equal(unlink(path), 0);
	/* A pipe does not stop the caller. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_int_equal(unlink(path), 0);
	/* Nor does a file that it would take minutes to read. */
	temp_write(path, 0644, "", 0);
	assert_int_equal(truncate(path, (off_t)1 << 38), 0);
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_int_equal(err.code, EFBIG);
	assert_int_equal(unlink(path), 0);
}

static void
expect_error(struct fixture *f, struct jail_exec *x, int code,
    const char *text)
{
	struct error err;
	char out[256];

	assert_int_equal(run(f, x, out, sizeof out, &err), -1);
	assert_int_equal(err.code, code);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, err.text);
	/* Nothing is left to be waited for but the spawner and the init. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
}

static void
test_errors(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "no-such-program", NULL };
	const char *env[] = { "PATH=/:/bin", NULL };
	struct jail_exec x = { .argv = argv, .envp = env };
	char *big, path[PATH_MAX + 16];
	int jid;

	NEEDS_ROOT();
	jid = create(f, "errors", &(struct wish){ .no_net = true });
	for (int i = 0; i < 2; i++) {
		x.jid = i == 0 ? jid : 0;
		argv[0] = "no-such-program";
		expect_error(f, &x, ENOENT, "no-such-program: No such file");
		argv[0] = "/no/such/program";
		expect_error(f, &x, ENOENT, "/no/such/program: No such file");
		argv[0] = "/tmp";
		expect_error(f, &x, EACCES, "/tmp: Permission denied");
		argv[0] = "";
		expect_error(f, &x, EINVAL, "no program");
		x.dir = "/no/dir";
		argv[0] = "/probe";
		expect_error(f, &x, ENOENT, "directory /no/dir: No such file");
		x.dir = NULL;
	}
	x.jid = jid;
	snprintf(path, sizeof path, "%s/etc/script", f->root);
	temp_write(path, 0755, "#!/gone\n", 8);
	argv[0] = "/etc/script";
	expect_error(f, &x, ENOENT, "/etc/script: No such file");
	x.jid = 99999;
	expect_error(f, &x, EINVAL, "jail 99999");
	big = malloc(1 << 20);
	assert_non_null(big);
	memset(big, 'x', 1 << 20);
	big[(1 << 20) - 1] = '\0';
	x.jid = jid;
	env[0] = big;
	expect_error(f, &x, E2BIG, "KiB");
	free(big);
	/* The spawner has survived all that. */
	create(f, "after", &(struct wish){ .no_net = true });
}

/* A directory of the host in a program's hand would be a way out. */
static void
test_directory_descriptor(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/probe", "--probe", "show", NULL };
	const char *env[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .fd = { -1, 1, 2 } };
	struct error err = { 0 };

	NEEDS_ROOT();
	x.jid = create(f, "dirs", &(struct wish){ .no_net = true });
	x.fd[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(f->k->backend->spawn(f->k, &x, &err), -1);
	assert_int_equal(err.code, EPERM);
	close(x.fd[0]);
	x.fd[0] = open("/", O_PATH | O_CLOEXEC);
	assert_int_equal(f->k->backend->spawn(f->k, &x, &err), -1);
	close(x.fd[0]);
}

static void
test_host(void **state)
{
	struct fixture *f = *state;
	char self[PATH_MAX + 16], out[4096];
	const char *argv[] = { self, "--probe", "show", NULL };
	const char *env[] = { "B=2", NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .dir = "/tmp" };
	struct error err;
	struct rlimit before, after;

	NEEDS_ROOT();
	snprintf(self, sizeof self, "%s/probe", f->root);
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "dir=/tmp uid=0 "));
	assert_non_null(strstr(out, "session=0 umask=26 B=2 "));
	x.user = "daemon";
	assert_int_equal(chmod(f->dir.path, 0755), 0);
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	assert_non_null(strstr(out, "uid=1 gid=1 "));
	/* It keeps the limit that was there before the kernel was opened. */
	kernel_close(f->k);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	after = before;
	after.rlim_cur = 123;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &after), 0);
	f->k = open_kernel(f->kernel);
	x.user = NULL;
	argv[2] = "files";
	for (int i = 0; i < 2; i++) {
		x.jid = i == 0 ? 0 : create(f, "limit",
		    &(struct wish){ .no_net = true });
		if (x.jid != 0)
			argv[0] = "/probe";
		assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
		assert_string_equal(out, "123");
		x.dir = NULL;
	}
	setrlimit(RLIMIT_NOFILE, &before);
}

/* jail_attach(2): the caller and its children are in the jail for good. */
static void
test_attach(void **state)
{
	struct fixture *f = *state;
	pid_t pid;
	int status, jid;

	NEEDS_ROOT();
	jid = create(f, "attach", &(struct wish){ .hostname = "in.example",
	    .procfs = true });
	kernel_close(f->k);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		char name[64];

		f->k = kernel_open(f->kernel, NULL, &err);
		if (f->k == NULL || f->k->backend->attach(f->k, jid) != 0)
			_exit(1);
		if (gethostname(name, sizeof name) != 0 ||
		    strcmp(name, "in.example") != 0)
			_exit(2);
		if (access("/probe", F_OK) != 0 ||
		    access(f->root, F_OK) == 0)
			_exit(3);
		if (sethostname("x", 1) == 0 || mount("x", "/tmp", "tmpfs", 0,
		    NULL) == 0 || setns(0, 0) == 0 || chroot("/sub") != 0 ||
		    syscall(SYS_unshare, 0x10000000) == 0)
			_exit(4);
		pid = fork();
		if (pid == 0)
			_exit(getpid() < 10 ? 7 : 8);
		if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
			_exit(5);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	f->k = open_kernel(f->kernel);
}

/* Root inside stops what comes in: the host does not stand still. */
static void
test_stopped(void **state)
{
	struct fixture *f = *state;
	const char *argv[] = { "/probe", "--probe", "stop", NULL };
	const char *env[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = env, .fd = { -1, 1, 2 } };
	struct error err = { 0 };
	int status, jid, given_up = 0;
	pid_t stopper, pid;

	NEEDS_ROOT();
	jid = x.jid = create(f, "stopped", &(struct wish){ .procfs = true });
	stopper = f->k->backend->spawn(f->k, &x, &err);
	assert_true(stopper > 0);
	argv[2] = "files";
	while (waitpid(stopper, &status, WNOHANG) == 0) {
		pid = f->k->backend->spawn(f->k, &x, &err);
		if (pid > 0) {
			kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
		} else {
			assert_int_equal(err.code, ETIMEDOUT);
			given_up++;
		}
		f->k->backend->signal(f->k, jid, 0);
		assert_int_equal(f->k->backend->remove(f->k,
		    create(f, "other", &(struct wish){ .no_net = true })), 0);
	}
	print_message("%d starts were given up\n", given_up);
	argv[2] = "show";
	assert_int_equal(run_status(f, &x, &err), 0);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
}

/* Nothing of the host is mounted below the jails' roots. */
static void
test_spawner_mounts(void **state)
{
	struct fixture *f = *state;
	char path[64], line[4096];
	FILE *mounts;
	int count = 0;

	NEEDS_ROOT();
	create(f, "one", &(struct wish){ .devfs = true });
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/%d/mountinfo",
		    (int)find_spawner());
		mounts = fopen(path, "r");
		assert_non_null(mounts);
		while (fgets(line, sizeof line, mounts) != NULL) {
			assert_non_null(strstr(line, " - tmpfs "));
			assert_non_null(strstr(line, " ro,"));
			count++;
		}
		fclose(mounts);
		/* With /dev at first, then in the other namespace. */
		assert_int_equal(count, i == 0 ? 2 : 3);
		create(f, i == 0 ? "two" : "three", &(struct wish){
		    .no_net = true });
	}
}

/* A spawner that was killed is started again. */
static void
test_spawner_killed(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };
	const char *argv[] = { "/probe", "--probe", "files", NULL };
	const char *env[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = env };
	char out[64];

	NEEDS_ROOT();
	x.jid = create(f, "kept", &(struct wish){ .no_net = true });
	assert_int_equal(kill(find_spawner(), SIGKILL), 0);
	assert_int_equal(run(f, &x, out, sizeof out, &err), -1);
	assert_int_equal(err.code, EPIPE);
	assert_int_equal(run(f, &x, out, sizeof out, &err), 0);
	create(f, "new", &(struct wish){ .devfs = true });
}

/* Says on standard output what a program was given. */
static int
probe_show(void)
{
	extern char **environ;
	char dir[PATH_MAX];
	gid_t groups[64];
	int n = getgroups(64, groups);

	if (getcwd(dir, sizeof dir) == NULL)
		return 1;
	printf("dir=%s uid=%d gid=%d groups=", dir, (int)getuid(),
	    (int)getgid());
	for (int i = 0; i < n; i++)
		if (getuid() != 0)
			printf("%d,", (int)groups[i]);
	printf(" session=%d umask=%o ", getsid(0) == getpid(),
	    (unsigned)umask(0));
	for (char **e = environ; *e != NULL; e++)
		printf("%s ", *e);
	return 0;
}

static int
probe_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 1;
	printf("%d", (int)r.rlim_cur);
	return 0;
}

/* Stops every new process of the jail for a second. */
static int
probe_stop(void)
{
	struct timespec start, t;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		kill(-1, SIGSTOP);
		clock_gettime(CLOCK_MONOTONIC, &t);
	} while (t.tv_sec * 1000 + t.tv_nsec / 1000000 <
	    start.tv_sec * 1000 + start.tv_nsec / 1000000 + 1000);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} probes[] = {
	{ "files", probe_files },
	{ "show", probe_show },
	{ "stop", probe_stop },
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, \
	fixture_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_environment),
		TEST(test_users),
		TEST(test_login),
		TEST(test_hostile_accounts),
		TEST(test_errors),
		TEST(test_directory_descriptor),
		TEST(test_host),
		TEST(test_attach),
		TEST(test_stopped),
		TEST(test_spawner_mounts),
		TEST(test_spawner_killed),
	};

	if (argc > 2)
		for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
			if (strcmp(argv[2], probes[i].name) == 0) {
				int rc = probes[i].run();

				fflush(NULL);
				_exit(rc);
			}
	umask(026); /* what programs inherit is not the usual one */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
