/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program runs only when who starts it has noted that it is there, in a jail
 * and beside it: jail_exec.started.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linux_jail.h"

/* What an agent may do when it is told of the pid. */
static pid_t told;

static int
note(void *arg, pid_t pid, struct error *err)
{
	(void)arg;
	(void)err;
	assert_int_equal(kill(pid, 0), 0);
	usleep(20000); /* what ran too early would be seen */
	told = pid;
	return 0;
}

static int
refuse(void *arg, pid_t pid, struct error *err)
{
	told = pid;
	return error_set(err, ENOSPC, "%s", (const char *)arg);
}

static int
die(void *arg, pid_t pid, struct error *err)
{
	(void)arg;
	(void)pid;
	(void)err;
	kill(getpid(), SIGKILL);
	return -1;
}

static void
describe(struct jail_exec *x, int out)
{
	static const char *const argv[] = { "sh", "-c", "echo ran", NULL };
	static const char *const inside[] = { "/probe", "--probe", "ran",
		NULL };
	static const char *const env[] = { "PATH=/bin:/usr/bin", NULL };

	x->argv = x->jid != 0 ? inside : argv;
	x->envp = env;
	x->fd[0] = x->fd[2] = -1;
	x->fd[1] = out;
}

/* Starts it; what it writes until everybody has closed the pipe is in out. */
static pid_t
run(struct jail_kernel *k, struct jail_exec *x, char *out, size_t size,
    struct error *err)
{
	int fd[2];
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	describe(x, fd[1]);
	pid = k->backend->spawn(k, x, err);
	close(fd[1]);
	while ((n = read(fd[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd[0]);
	return pid;
}

static void
run_and_die(const struct fixture *f, struct jail_exec *x, int out)
{
	struct error err = { 0 };
	struct jail_kernel *k = open_kernel(f->kernel);

	describe(x, out);
	x->started = die;
	(void)k->backend->spawn(k, x, &err);
	_exit(1);
}

static void
expect_gate(struct fixture *f, int jid)
{
	struct jail_exec x = { .jid = jid, .session = true, .started = note };
	struct error err;
	char out[64], text[] = "no room";
	int fd[2], status;
	pid_t pid;

	told = 0;
	pid = run(f->k, &x, out, sizeof out, &err);
	assert_true(pid > 0);
	assert_int_equal(pid, told);
	assert_string_equal(out, "ran\n");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	x.started = refuse;
	x.arg = text;
	assert_int_equal(run(f->k, &x, out, sizeof out, &err), -1);
	assert_string_equal(err.text, "no room");
	assert_int_equal(err.code, ENOSPC);
	assert_string_equal(out, "");
	assert_int_equal(waitpid(told, NULL, WNOHANG), -1); /* reaped */

	/* A user that is not there is said as ever. */
	x.started = note;
	x.user = "nobody-here";
	assert_int_equal(run(f->k, &x, out, sizeof out, &err), -1);
	assert_non_null(strstr(err.text, "nobody-here"));
	x.user = NULL;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0)
		run_and_die(f, &x, fd[1]);
	close(fd[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(read(fd[0], out, sizeof out), 0);
	close(fd[0]);
}

static void
on_the_host(void **state)
{
	NEEDS_ROOT();
	expect_gate(*state, 0);
}

static void
in_a_jail(void **state)
{
	struct fixture *f = *state;

	NEEDS_ROOT();
	expect_gate(f, create(f, "gate", &(struct wish){ .no_net = true }));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, \
	fixture_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(on_the_host),
		TEST(in_a_jail),
	};

	(void)argv;
	if (argc > 2) /* the program in the jail, which has no /proc */
		_exit(write(STDOUT_FILENO, "ran\n", 4) != 4);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
