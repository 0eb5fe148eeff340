/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A jail whose init cannot finish, since a process that somebody else started
 * in it and never waits for is still in its way: it is dying, not alive.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/prctl.h>

#include "agent/plan/observe.h"
#include "linux_jail.h"
#include "linux_procs.h"

/* What an agent does before it is killed: its program becomes an orphan. */
static void
be_agent(struct fixture *f, int tell)
{
	static const char *const argv[] = { "/probe", "--probe", "sleep",
		NULL };
	static const char *const env[] = { NULL };
	struct jail_kernel *k = open_kernel(f->kernel);
	struct error err = { 0 };
	struct jail_exec x = { .argv = argv, .envp = env,
		.fd = { -1, -1, 2 } };
	pid_t pid;

	x.jid = try_create(f, k, "orphaned", &(struct wish){ .no_net = true },
	    &err);
	pid = x.jid > 0 ? k->backend->spawn(k, &x, &err) : -1;
	if (pid < 0)
		fprintf(stderr, "%s\n", err.text);
	_exit(write(tell, &pid, sizeof pid) != sizeof pid);
}

static void
count_dying(void *arg, const struct seen *s)
{
	*(unsigned *)arg += s->dying && strcmp(s->name, "orphaned") == 0;
}

/* So does whoever looks at all jails see it. */
static void
is_seen_dying(struct fixture *f)
{
	struct observer o;
	struct error err;
	unsigned n = 0;

	assert_int_equal(observer_init(&o, f->k, &err), 0);
	assert_true(observe_all(&o, count_dying, &n, &err) > 0);
	assert_int_equal(n, 1);
	observer_free(&o);
}

static void
is_dying(void **state)
{
	struct fixture *f = *state;
	pid_t agent, orphan, init;
	int fd[2], status;

	NEEDS_ROOT();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(fd), 0);
	agent = fork();
	if (agent == 0)
		be_agent(f, fd[1]);
	assert_int_equal(read(fd[0], &orphan, sizeof orphan), sizeof orphan);
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_int_equal(status, 0);
	assert_true(orphan > 0);
	init = await_init("orphaned");
	assert_true(get_jid(f->k, "orphaned") > 0);

	assert_int_equal(kill(init, SIGKILL), 0);
	sleep_ms(200);
	/* It is there still, but no jail that somebody could use. */
	assert_int_equal(kill(init, 0), 0);
	assert_int_equal(get_jid(f->k, "orphaned"), -1);
	assert_int_equal(errno, ENOENT);
	assert_true(first_jail(f->k) > 0);
	is_seen_dying(f);
	/* It blocks nobody. */
	assert_true(create(f, "orphaned", &(struct wish){ .no_net = true }) >
	    0);

	assert_int_equal(waitpid(orphan, NULL, 0), orphan);
	assert_int_equal(waitpid(init, NULL, 0), init);
	close(fd[0]);
	close(fd[1]);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_dying, fixture_make,
		    fixture_remove),
	};

	(void)argv;
	if (argc > 2) { /* the program in the jail */
		sleep(100);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
