/* SPDX-License-Identifier: BSD-2-Clause */
/* The table itself: opening, generations, boots, forks, processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "prison_fixture.h"

static struct prison_table *
reopen(struct prison_fixture *f, const char *boot, int generation,
    bool read_only, struct error *err)
{
	struct kernel_options opt = { .generation = generation,
		.read_only = read_only };

	prison_close(f->t);
	error_clear(err);
	f->t = prison_open(f->dir.path, boot, &opt, NULL, NULL, err);
	if (f->t == NULL)
		print_message("# %s\n", err->text);
	return f->t;
}

static void
jails_outlive_the_handle(void **state)
{
	struct prison_fixture f;
	struct error err;
	int jid;

	(void)state;
	fixture_start(&f, NULL, NULL);
	jid = fixture_set(&f, JAIL_CREATE, "name=a", "persist", "meta.k=v",
	    NULL);
	assert_true(jid > 0);
	assert_non_null(reopen(&f, "boot", 15, false, &err));
	assert_int_equal(fixture_jid(&f, "a"), jid);
	fixture_end(&f);
}

static void
another_boot_has_no_jails(void **state)
{
	struct prison_fixture f;
	struct error err;

	(void)state;
	fixture_start(&f, NULL, NULL);
	assert_true(fixture_set(&f, JAIL_CREATE, "name=a", "persist", NULL) >
	    0);
	assert_non_null(reopen(&f, "next boot", 0, true, &err));
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_non_null(reopen(&f, "next boot", 15, false, &err));
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=b", "persist",
	    NULL), 1);
	fixture_end(&f);
}

static void
generation_is_kept_while_there_are_jails(void **state)
{
	struct prison_fixture f;
	struct error err;

	(void)state;
	fixture_start(&f, NULL, NULL);
	assert_int_equal(prison_generation(f.t), JAIL_GEN_15);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	assert_null(reopen(&f, "boot", 13, false, &err));
	assert_int_equal(err.code, EBUSY);
	assert_non_null(reopen(&f, "boot", 0, false, &err));
	assert_int_equal(prison_generation(f.t), JAIL_GEN_15);
	assert_int_equal(prison_remove(f.t, 1), 0);
	assert_non_null(reopen(&f, "boot", 13, false, &err));
	assert_int_equal(prison_generation(f.t), JAIL_GEN_13);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "meta=x", NULL), -1);
	assert_string_equal(f.errmsg, "unknown parameter: meta");
	fixture_end(&f);
}

static void
reading_creates_nothing(void **state)
{
	struct prison_fixture f = { .t = NULL };
	struct error err;

	(void)state;
	temp_dir_make(&f.dir);
	assert_non_null(reopen(&f, "boot", 0, true, &err));
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fixture_next(&f, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "persist", NULL), -1);
	assert_int_equal(errno, EROFS);
	prison_close(f.t);
	assert_int_equal(rmdir(f.dir.path), 0);
}

static void
reading_sees_jails_and_changes_none(void **state)
{
	struct prison_fixture f;
	struct error err;
	int jid;

	(void)state;
	fixture_start(&f, NULL, NULL);
	jid = fixture_set(&f, JAIL_CREATE, "name=a", "persist", NULL);
	assert_non_null(reopen(&f, "boot", 0, true, &err));
	assert_int_equal(fixture_jid(&f, "a"), jid);
	assert_int_equal(prison_remove(f.t, jid), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(prison_attach(f.t, jid), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(fixture_jid(&f, "a"), jid);
	fixture_end(&f);
}

static void
one_handle_in_a_process(void **state)
{
	struct kernel_options opt = { 0 };
	struct prison_fixture f;
	struct error err = { 0 };

	(void)state;
	fixture_start(&f, NULL, NULL);
#ifdef F_OFD_SETLK
	assert_null(prison_open(f.dir.path, "boot", &opt, NULL, NULL, &err));
	assert_int_equal(err.code, EBUSY);
#endif
	assert_true(fixture_set(&f, JAIL_CREATE, "name=a", "persist", NULL) >
	    0);
	(void)opt;
	(void)err;
	fixture_end(&f);
}

static void
no_handle_across_fork(void **state)
{
	struct prison_fixture f;
	int status;
	pid_t pid;

	(void)state;
	fixture_start(&f, NULL, NULL);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	pid = fork();
	if (pid == 0) {
		bool refused = fixture_jid(&f, "a") == -1 && errno == ECHILD &&
		    prison_remove(f.t, 1) == -1 && errno == ECHILD;

		prison_close(f.t);
		_exit(refused ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fixture_jid(&f, "a"), 1);
	fixture_end(&f);
}

/* A child that attaches by a handle of its own, tells so, and sleeps. */
static pid_t
attached_child(struct prison_fixture *f, int jid)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct kernel_options opt = { 0 };
		struct prison_table *t = prison_open(f->dir.path, "boot", &opt,
		    NULL, NULL, NULL);

		alarm(20); /* should the test fail and not kill it */
		if (t == NULL || prison_attach(t, jid) != 0)
			_exit(1);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return pid;
}

static void
kill_and_reap(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_jail_ends_with_its_last_process(void **state)
{
	struct prison_fixture f;
	pid_t pid;
	int jid;

	(void)state;
	fixture_start(&f, NULL, NULL);
	jid = fixture_set(&f, JAIL_CREATE, "name=a", "persist", NULL);
	pid = attached_child(&f, jid);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "nopersist",
	    NULL), jid);
	assert_int_equal(fixture_jid(&f, "a"), jid);
	kill_and_reap(pid);
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_int_equal(fixture_next(&f, 0), -1);
	fixture_end(&f);
}

/* The readers of a table see its dead processes, though they write nothing. */
static void
reading_sees_the_end_of_a_jail(void **state)
{
	struct prison_fixture f;
	struct error err;
	pid_t pid;
	int jid;

	(void)state;
	fixture_start(&f, NULL, NULL);
	jid = fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    "children.max#3", NULL);
	assert_true(fixture_set(&f, JAIL_CREATE, "name=b", "persist",
	    NULL) > 0);
	pid = attached_child(&f, jid);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", "nopersist",
	    NULL), jid);
	assert_non_null(reopen(&f, "boot", 0, true, &err));
	assert_int_equal(fixture_jid(&f, "a"), jid);
	kill_and_reap(pid);
	assert_int_equal(fixture_jid(&f, "a"), -1);
	assert_true(fixture_jid(&f, "b") > 0);
	assert_int_equal(fixture_next(&f, 0), fixture_jid(&f, "b"));
	fixture_end(&f);
}

static void
own_changes_are_no_news(void **state)
{
	struct prison_fixture f;
	struct error err;

	(void)state;
	fixture_start(&f, NULL, NULL);
	assert_false(prison_changed(f.t));
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a", NULL), 1);
	assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=b", NULL), -1);
	assert_int_equal(prison_remove(f.t, 1), 0);
	assert_false(prison_changed(f.t));
	assert_non_null(reopen(&f, "boot", 0, false, &err));
	assert_false(prison_changed(f.t));
	fixture_end(&f);
}

/* A process that changes jail a once, when it is let. */
static pid_t
meddler(const struct prison_fixture *f, int go[2])
{
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct kernel_options opt = { 0 };
		struct prison_fixture mine = *f;
		struct error err;
		char c;

		close(go[1]);
		mine.t = prison_open(f->dir.path, "boot", &opt, NULL, NULL,
		    &err);
		_exit(mine.t == NULL || read(go[0], &c, 1) != 1 ||
		    fixture_set(&mine, JAIL_UPDATE, "name=a",
		    "host.hostname=other", NULL) <= 0);
	}
	assert_true(pid > 0);
	close(go[0]);
	return pid;
}

/* Another's change is told, also when it falls between or into own ones. */
static void
changes_of_others_are_news(void **state)
{
	struct prison_fixture f;

	(void)state;
	fixture_start(&f, NULL, NULL);
	assert_int_equal(fixture_set(&f, JAIL_CREATE, "name=a", "persist",
	    NULL), 1);
	for (int round = 0; round < 100; round++) {
		int go[2], status;
		pid_t pid = meddler(&f, go), ended = 0;

		assert_false(prison_changed(f.t));
		assert_int_equal(write(go[1], "", 1), 1);
		while (ended == 0) {
			assert_int_equal(fixture_set(&f, JAIL_UPDATE, "name=a",
			    "host.hostname=mine", NULL), 1);
			ended = waitpid(pid, &status, WNOHANG);
		}
		assert_int_equal(ended, pid);
		assert_int_equal(status, 0);
		assert_true(prison_changed(f.t));
		assert_false(prison_changed(f.t));
		close(go[1]);
	}
	fixture_end(&f);
}

static int
count_params(void *arg, const struct jail_param_info *info)
{
	const char **last = arg;

	assert_true(*last == NULL || strcmp(*last, info->name) < 0);
	*last = info->name;
	return 0;
}

static void
parameters_are_sorted(void **state)
{
	static const char *const names[] = { "aaa", "mount.devfs", "zzz" };
	static const struct prison_effects effects = { .extra = names,
		.extra_count = 3 };
	struct prison_fixture f;
	const char *last = NULL;

	(void)state;
	fixture_start(&f, &effects, NULL);
	assert_int_equal(prison_params(f.t, count_params, &last), 0);
	assert_string_equal(last, "zzz");
	fixture_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jails_outlive_the_handle),
		cmocka_unit_test(another_boot_has_no_jails),
		cmocka_unit_test(generation_is_kept_while_there_are_jails),
		cmocka_unit_test(reading_creates_nothing),
		cmocka_unit_test(reading_sees_jails_and_changes_none),
		cmocka_unit_test(one_handle_in_a_process),
		cmocka_unit_test(no_handle_across_fork),
		cmocka_unit_test(a_jail_ends_with_its_last_process),
		cmocka_unit_test(reading_sees_the_end_of_a_jail),
		cmocka_unit_test(own_changes_are_no_news),
		cmocka_unit_test(changes_of_others_are_news),
		cmocka_unit_test(parameters_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
