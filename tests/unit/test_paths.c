/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of a state directory, making them, and the agent's lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/command/command.h"
#include "agent/base/paths.h"

static char top[PATH_MAX];

static int
setup(void **state)
{
	char dir[] = "/tmp/jailagent-test.XXXXXX";

	(void)state;
	if (mkdtemp(dir) == NULL || realpath(dir, top) == NULL)
		return -1;
	return setenv("XDG_RUNTIME_DIR", top, 1);
}

static int
teardown(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", top);
	return system(command);
}

static void
at(char *buf, const char *name)
{
	snprintf(buf, PATHS_MAX, "%.900s/%s", top, name);
}

static void
init(struct paths *p, const char *name)
{
	char state[PATHS_MAX];
	struct error err;

	at(state, name);
	if (paths_init(p, state, &err) != 0)
		fail_msg("%s", err.text);
	/* Of root, too, the run directory belongs into the test's own. */
	at(p->run, "run");
	snprintf(p->lock, sizeof p->lock, "%.1000s/lock", p->run);
	snprintf(p->console, sizeof p->console, "%.1000s/console", p->run);
	snprintf(p->applied, sizeof p->applied, "%.1000s/applied", p->run);
	snprintf(p->outdated, sizeof p->outdated, "%.1000s/outdated", p->run);
}

/* What is to be made may be as near to the top as it likes. */
static void
test_below_the_root(void **state)
{
	static const char *const names[] = { "/jailagent-test-none",
		"/jailagent-test-none/state" };
	struct paths p;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (paths_init(&p, names[i], &err) != 0)
			fail_msg("%s", err.text);
		assert_string_equal(p.state, names[i]);
	}
	assert_int_equal(paths_init(&p, "//.//", &err), 0);
	assert_string_equal(p.state, "/");
}

static void
test_spellings_name_one_directory(void **state)
{
	char dir[PATHS_MAX], link_path[PATHS_MAX], text[PATHS_MAX];
	struct paths a, b;
	struct error err;

	(void)state;
	at(dir, "real");
	at(link_path, "link");
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(symlink("real", link_path), 0);
	assert_int_equal(paths_init(&a, dir, &err), 0);
	at(text, "link/../real/./");
	assert_int_equal(paths_init(&b, text, &err), 0);
	assert_string_equal(a.state, dir);
	assert_string_equal(a.state, b.state);
	assert_string_equal(a.run, b.run);
	at(text, "link/not/yet/./there/");
	assert_int_equal(paths_init(&b, text, &err), 0);
	at(text, "real/not/yet/there");
	assert_string_equal(b.state, text);
	assert_string_not_equal(a.run, b.run);
}

static void
test_bad_names(void **state)
{
	char text[2 * PATHS_MAX];
	struct paths p;
	struct error err;

	(void)state;
	assert_int_equal(paths_init(&p, "", &err), -1);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(paths_init(&p, text, &err), -1);
	text[0] = '/';
	assert_int_equal(paths_init(&p, text, &err), -1);
}

static void
check_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
test_make(void **state)
{
	struct paths p;
	struct error err;

	(void)state;
	init(&p, "some/where/state");
	umask(077);
	assert_int_equal(paths_make(&p, &err), 0);
	umask(022);
	assert_int_equal(paths_make(&p, &err), 0);
	check_mode(p.state, 0755);
	check_mode(p.snapshots, 0755);
	check_mode(p.applied, 0700);
	check_mode(p.copies, 0700);
	check_mode(p.run, 0700);
	check_mode(p.console, 0700);
	assert_int_equal(chmod(p.copies, 0770), 0);
	assert_int_equal(paths_make(&p, &err), -1);
	assert_non_null(strstr(err.text, "chmod go-w"));
	assert_int_equal(chmod(p.copies, 0700), 0);
	assert_int_equal(rmdir(p.copies), 0);
	assert_int_equal(symlink("/tmp", p.copies), 0);
	assert_int_equal(paths_make(&p, &err), -1);
}

/* A child that holds the lock until it is killed. */
static pid_t
holder_start(const struct paths *p)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct error err;
		long other;

		if (paths_lock(p, &other, &err) == -1)
			_exit(1);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
test_lock(void **state)
{
	struct paths p;
	struct error err;
	long other;
	pid_t pid;
	int fd;

	(void)state;
	init(&p, "locked");
	assert_int_equal(paths_make(&p, &err), 0);
	assert_int_equal(paths_lock_holder(&p), 0);
	pid = holder_start(&p);
	assert_int_equal(paths_lock_holder(&p), pid);
	assert_int_equal(paths_lock(&p, &other, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_int_equal(other, pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(paths_lock_holder(&p), 0);
	fd = paths_lock(&p, &other, &err);
	assert_int_not_equal(fd, -1);
	close(fd);
}

static void
test_name_matches(void **state)
{
	(void)state;
	assert_true(name_matches("web", "web"));
	assert_false(name_matches("web", "web2"));
	assert_true(name_matches("*", "a.b"));
	assert_true(name_matches("a.*", "a.b"));
	assert_true(name_matches("a.*", "a.b.c"));
	assert_false(name_matches("a.*", "a"));
	assert_false(name_matches("a.*", "ab.c"));
	assert_false(name_matches(".*", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings_name_one_directory),
		cmocka_unit_test(test_below_the_root),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_name_matches),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
