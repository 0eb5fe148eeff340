/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroups of tables, which share one directory.
 *
 * needs: root
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "kernel/error.h"

#include "kernel/linux/cgroup.h"

/* Whoever removes a table, for ever. */
static void
remove_tables(int root)
{
	for (;;)
		cgroup_table_remove(root, "other");
}

/* One that goes takes nothing away from one that comes. */
static void
test_tables_at_once(void **state)
{
	char name[64];
	struct error err;
	int host, root, made = 0;
	pid_t pid;

	(void)state;
	if ((host = cgroup_root(&err)) < 0) {
		print_message("skip: %s\n", err.text);
		skip();
	}
	/* Where no other tables are. */
	snprintf(name, sizeof name, "test-%ld", (long)getpid());
	assert_int_equal(mkdirat(host, name, 0755), 0);
	root = openat(host, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if ((pid = fork()) == 0)
		remove_tables(root);
	for (int i = 0; i < 1000; i++) {
		int fd = cgroup_table(root, "mine", true);

		if (fd >= 0) {
			made++;
			close(fd);
		}
		cgroup_table_remove(root, "mine");
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(root);
	assert_int_equal(unlinkat(host, name, AT_REMOVEDIR), 0);
	close(host);
	assert_int_equal(made, 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
