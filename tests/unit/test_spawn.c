/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting programs as the BSD backends do; entering is played. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/spawn.h"

static const char *const path_only[] = { "PATH=/nonexistent:/bin:/usr/bin",
	NULL };

/* As the class of a user may have it; refused without the right number. */
static int
other_path(void *arg, const struct account *a, const char ***env,
    struct error *err)
{
	static const char *other[] = { "PATH=/usr/bin:/bin", NULL };

	(void)arg;
	*env = other;
	return a->uid == geteuid() ? 0 : error_set(err, EPERM, "class");
}

/* Runs a program; its output goes to buf. Returns the exit status, or -1. */
static int
run(struct jail_exec *x, spawn_enter *enter, char *buf, size_t size,
    struct error *err)
{
	int ends[2], status;
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	x->fd[0] = x->fd[2] = -1;
	x->fd[1] = ends[1];
	x->envp = path_only;
	pid = spawn_program(x, enter, x->login ? other_path : NULL, x, err);
	close(ends[1]);
	while (len + 1 < size &&
	    (n = read(ends[0], buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(ends[0]);
	if (pid < 0)
		return -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_program(void **state)
{
	static const char *const argv[] = { "sh", "-c",
		"echo $PATH; pwd; ls /proc/self/fd | wc -l; exit 3", NULL };
	struct jail_exec x = { .argv = argv, .dir = "/usr", .session = true };
	struct error err;
	char out[256];
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */

	(void)state;
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), 3);
	/* Three and the one that ls itself reads. */
	assert_string_equal(out, "/nonexistent:/bin:/usr/bin\n/usr\n4\n");
	close(leak);
}

static void
test_failures(void **state)
{
	static const char *const none[] = { "no-such-program", NULL };
	static const char *const directory[] = { "/", NULL };
	static const char *const good[] = { "true", NULL };
	struct jail_exec x = { .argv = none };
	struct error err;
	char out[16];

	(void)state;
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_non_null(strstr(err.text, "no-such-program"));
	x.argv = directory;
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), -1);
	assert_int_equal(err.code, EACCES);
	x.argv = good;
	x.dir = "/no/such/directory";
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), -1);
	assert_non_null(strstr(err.text, "/no/such/directory"));
	x.dir = NULL;
	x.user = "no-such-user";
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), -1);
	assert_non_null(strstr(err.text, "no-such-user"));
	/* No child is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int
refuse(void *arg, struct error *err)
{
	const struct jail_exec *x = arg;

	return error_set(err, ESRCH, "jail %d ended", x->jid);
}

static int
go_in(void *arg, struct error *err)
{
	(void)arg;
	return chdir("/etc") == 0 ? 0 : error_sys(err, errno, "/etc");
}

static void
test_entering(void **state)
{
	static const char *const argv[] = { "pwd", NULL };
	struct jail_exec x = { .argv = argv, .jid = 7 };
	struct error err;
	char out[64];

	(void)state;
	assert_int_equal(run(&x, refuse, out, sizeof out, &err), -1);
	assert_string_equal(err.text, "jail 7 ended");
	assert_int_equal(err.code, ESRCH);
	/* In a jail a program starts at the root unless it is told. */
	assert_int_equal(run(&x, go_in, out, sizeof out, &err), 0);
	assert_string_equal(out, "/\n");
	x.dir = "/usr";
	assert_int_equal(run(&x, go_in, out, sizeof out, &err), 0);
	assert_string_equal(out, "/usr\n");
}

/* A directory of the host would be a way out. */
static void
test_directory_refused(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct jail_exec x = { .argv = argv, .envp = path_only, .jid = 7,
		.fd = { -1, -1, -1 } };
	struct error err;

	(void)state;
	x.fd[0] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(x.fd[0] >= 0);
	assert_int_equal(spawn_program(&x, go_in, NULL, NULL, &err), -1);
	assert_int_equal(err.code, EPERM);
	close(x.fd[0]);
}

static void
test_class(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo $PATH", NULL };
	static const char lines[] = "root:*:0:0::0:0:R:/root:/bin/sh\n"
	    "short:x\njoe:*:1001:1001:small:0:0:J:/home/joe:/bin/sh\n";
	struct jail_exec x = { .argv = argv, .login = true };
	char out[64], dir[] = "class.XXXXXX";
	struct error err;
	int fd, status;
	pid_t pid;

	(void)state;
	assert_int_equal(run(&x, NULL, out, sizeof out, &err), 0);
	assert_string_equal(out, "/usr/bin:/bin\n");
	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0) {
		if (chdir(dir) != 0 || mkdir("etc", 0700) != 0 ||
		    (fd = open("etc/master.passwd", O_WRONLY | O_CREAT,
		    0600)) < 0 || write(fd, lines, sizeof lines - 1) < 0 ||
		    chroot(".") != 0)
			_exit(1);
		account_class("joe", out, sizeof out);
		if (strcmp(out, "small") != 0)
			_exit(2);
		account_class("root", out, sizeof out);
		if (out[0] != '\0')
			_exit(3);
		account_class("none", out, sizeof out);
		unlink("etc/master.passwd");
		rmdir("etc");
		_exit(out[0] != '\0' ? 4 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_entering),
		cmocka_unit_test(test_directory_refused),
		cmocka_unit_test(test_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
