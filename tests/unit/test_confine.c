/* SPDX-License-Identifier: BSD-2-Clause */
/* What a confined helper can no longer do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/confine.h"

/* Runs `body` in a child after confinement; returns its exit status. */
static int
confined(enum helper_kind kind, int (*body)(const char *dir), const char *dir)
{
	pid_t pid = fork();
	int status;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct error err;

		_exit(helper_confine(kind, &err) != 0 ? 99 : body(dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
reads(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	return fd == -1 ? 1 : close(fd);
}

static int
changes_owner(const char *dir)
{
	return chown(dir, 12345, 12345) == 0 ? 0 : 1;
}

static int
writes(const char *dir)
{
	char name[128];

	snprintf(name, sizeof name, "%s/new", dir);
	if (mkdir(name, 0700) != 0)
		return 1;
	return rmdir(name) == 0 ? 0 : 2;
}

static void
test_confined(void **state)
{
	char dir[] = "/tmp/jailagent-test.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(confined(HELPER_READER, reads, dir), 0);
	assert_int_equal(confined(HELPER_READER, changes_owner, dir), 1);
	assert_int_equal(confined(HELPER_SIGNER, writes, dir), 0);
	assert_int_equal(confined(HELPER_SIGNER, changes_owner, dir), 1);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
