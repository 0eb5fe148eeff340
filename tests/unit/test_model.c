/* SPDX-License-Identifier: BSD-2-Clause */
/* The backend "model": its directory, and what it does beside the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "kernel/call.h"
#include "temp_dir.h"

static struct jail_kernel *
open_model(const char *dir, bool read_only, struct error *err)
{
	struct kernel_options opt = { .read_only = read_only };
	char name[PATH_MAX];

	snprintf(name, sizeof name, "model:%s", dir);
	error_clear(err);
	return kernel_open(name, &opt, err);
}

static int
create(struct jail_kernel *k, const char *name)
{
	struct jail_call c = { 0 };
	struct error err;
	int jid;

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_bool(&c, "persist", true), 0);
	jid = call_set(k, &c, JAIL_CREATE, &err);
	call_finish(&c);
	return jid;
}

static void
missing_directories_are_made(void **state)
{
	struct temp_dir dir;
	struct jail_kernel *k;
	struct error err;
	struct stat st;

	(void)state;
	temp_dir_make(&dir);
	k = open_model(temp_file(&dir, "x/y"), false, &err);
	assert_non_null(k);
	assert_int_equal(stat(temp_file(&dir, "x/y"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(create(k, "a"), 1);
	kernel_close(k);
	temp_dir_remove(&dir);
}

static void
reading_makes_no_directory(void **state)
{
	struct temp_dir dir;
	struct jail_kernel *k;
	struct error err;
	struct stat st;

	(void)state;
	temp_dir_make(&dir);
	k = open_model(temp_file(&dir, "x"), true, &err);
	assert_non_null(k);
	assert_int_equal(create(k, "a"), -1);
	kernel_close(k);
	assert_int_equal(stat(temp_file(&dir, "x"), &st), -1);
	temp_dir_remove(&dir);
}

static void
directories_of_others_are_refused(void **state)
{
	struct temp_dir dir;
	struct error err;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(chmod(dir.path, 0777), 0);
	assert_null(open_model(dir.path, false, &err));
	assert_int_equal(err.code, EPERM);
	assert_non_null(strstr(err.text, dir.path));
	assert_int_equal(chmod(dir.path, 0700), 0);
	temp_write(temp_file(&dir, "file"), 0600, "", 0);
	assert_null(open_model(temp_file(&dir, "file"), false, &err));
	assert_int_equal(err.code, ENOTDIR);
	temp_dir_remove(&dir);
}

static void
programs_are_not_run(void **state)
{
	const char *argv[] = { "/bin/false", NULL }, *envp[] = { NULL };
	struct jail_exec x = { .jid = 1, .argv = argv, .envp = envp,
		.fd = { -1, -1, -1 } };
	struct temp_dir dir;
	struct jail_kernel *k;
	struct error err;
	int status;
	pid_t pid;

	(void)state;
	temp_dir_make(&dir);
	k = open_model(dir.path, false, &err);
	assert_non_null(k);
	assert_int_equal(k->backend->spawn(k, &x, &err), -1);
	assert_string_equal(err.text, "jail 1 not found");
	assert_int_equal(create(k, "a"), 1);
	pid = k->backend->spawn(k, &x, &err);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	kernel_close(k);
	temp_dir_remove(&dir);
}

static void
signals_reach_registered_processes(void **state)
{
	struct temp_dir dir;
	struct jail_kernel *k;
	struct error err;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	temp_dir_make(&dir);
	k = open_model(dir.path, false, &err);
	assert_non_null(k);
	assert_int_equal(create(k, "a"), 1);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		k = open_model(dir.path, false, &err);
		if (k == NULL || k->backend->attach(k, 1) != 0)
			_exit(1);
		alarm(20);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	assert_int_equal(k->backend->signal(k, 1, 0), 1);
	assert_int_equal(k->backend->signal(k, 1, SIGTERM), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(k->backend->signal(k, 1, 0), 0);
	assert_int_equal(k->backend->signal(k, 2, 0), -1);
	assert_int_equal(errno, EINVAL);
	kernel_close(k);
	temp_dir_remove(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_directories_are_made),
		cmocka_unit_test(reading_makes_no_directory),
		cmocka_unit_test(directories_of_others_are_refused),
		cmocka_unit_test(programs_are_not_run),
		cmocka_unit_test(signals_reach_registered_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
