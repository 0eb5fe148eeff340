/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals to all processes of a jail, and the haste in which a jail is ended.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "linux_jail.h"
#include "linux_procs.h"

#define FLEETING 8    /* chains of processes that pass on their life, at most */
#define FLEETING_S 5  /* how long a chain goes on by itself */
#define SIGNALS 50

#define BOMB_LIMIT 200 /* processes of a fork bomb, and how long it lives */
#define BOMB_S 15
#define BOMB_USER 54320
#define BOMB_END_MS 1000 /* what its end may take, stop.timeout aside */

static int
make(struct fixture *f, const char *name)
{
	return create(f, name, &(struct wish){ .no_net = true });
}

static void
test_all(void **state)
{
	struct fixture *f = *state;
	pid_t one, two;
	int jid;

	NEEDS_ROOT();
	jid = make(f, "signals");
	assert_int_equal(f->k->backend->signal(f->k, jid, 0), 0);
	one = start_probe(f, jid, "pause", NULL, NULL);
	two = start_probe(f, jid, "pause", NULL, NULL);
	assert_true(f->k->backend->signal(f->k, jid, 0) > 0);
	assert_true(f->k->backend->signal(f->k, jid, SIGTERM) > 0);
	assert_int_equal(wait_for(one), SIGTERM);
	assert_int_equal(wait_for(two), SIGTERM);
	assert_int_equal(f->k->backend->signal(f->k, jid, 0), 0);
	assert_int_equal(f->k->backend->signal(f->k, 99999, 0), -1);
	/* It would end the jails below. */
	assert_int_equal(f->k->backend->signal(f->k, jid, SIGKILL), -1);
	assert_int_equal(errno, EINVAL);
}

/* A process lives as long as one of its threads does. */
static void
test_thread(void **state)
{
	struct fixture *f = *state;
	const struct jail_limits few = { .most = {
	    [LIMIT_PROCESSES] = 100 } };
	struct error err = { 0 };
	pid_t pid;
	int jid;

	NEEDS_ROOT();
	jid = make(f, "thread");
	pid = start_probe(f, jid, "thread", NULL, NULL);
	/* Its first thread is a zombie by then. */
	sleep_ms(100);
	if (f->k->backend->limit(f->k, jid, "thread", &few, &err) != 0)
		assert_int_equal(err.code, EOPNOTSUPP);
	assert_true(f->k->backend->signal(f->k, jid, 0) > 0);
	assert_true(f->k->backend->signal(f->k, jid, SIGTERM) > 0);
	assert_int_equal(wait_for(pid), SIGTERM);
	assert_int_equal(f->k->backend->signal(f->k, jid, 0), 0);
}

/* What multiplies cannot escape from a signal by that. */
static void
test_fleeting(void **state)
{
	struct fixture *f = *state;
	int jid;

	NEEDS_ROOT();
	jid = make(f, "fleeting");
	for (int i = 0; i < SIGNALS; i++) {
		const int chains = i % 2 == 0 ? 1 : FLEETING;
		pid_t pid[FLEETING];
		int left = 1;

		for (int n = 0; n < chains; n++)
			pid[n] = start_probe(f, jid, "fleeting", NULL, NULL);
		assert_true(f->k->backend->signal(f->k, jid, SIGTERM) > 0);
		for (int n = 0; n < chains; n++)
			wait_for(pid[n]);
		/* Those that have it may need a moment to end. */
		for (int ms = 0; left > 0 && ms < 1000 * FLEETING_S / 2; ms++) {
			left = f->k->backend->signal(f->k, jid, 0);
			if (left > 0)
				sleep_ms(1);
		}
		assert_int_equal(left, 0);
	}
}

/*
 * Also for who runs the tests with nice(1), but not where the host does not
 * allow it.
 */
static void
make_haste(struct fixture *f)
{
	int before = sched_getscheduler(0);

	(void)setpriority(PRIO_PROCESS, 0, 0);
	f->k->backend->haste(f->k, true);
	if (sched_getscheduler(0) == before) {
		print_message("skip: no real-time priority can be had\n");
		skip();
	}
}

/* How many processes there are of the bomb's user. */
static unsigned
bombs(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	struct stat st;
	unsigned n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
		    st.st_uid == BOMB_USER;
	closedir(d);
	return n;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Processes that leave no time to others are ended in no time. */
static void
test_bomb(void **state)
{
	struct fixture *f = *state;
	int64_t began, end = now_ms() + 1000 * BOMB_S;
	int jid;

	NEEDS_ROOT();
#ifdef __SANITIZE_ADDRESS__
	print_message("skip: each process takes long with sanitizers\n");
	skip();
#endif
	jid = make(f, "bomb");
	make_haste(f);
	assert_int_equal(wait_for(start_probe(f, jid, "bomb", NULL, NULL)), 0);
	while (bombs() < BOMB_LIMIT - 1 && now_ms() < end)
		sleep_ms(10);
	began = now_ms();
	assert_true(f->k->backend->signal(f->k, jid, SIGTERM) > 0);
	/* As often as one would ask in half a second. */
	for (int i = 0; i < 10; i++)
		assert_true(f->k->backend->signal(f->k, jid, 0) > 0);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	while (bombs() > 0 && now_ms() < end)
		sleep_ms(1);
	f->k->backend->haste(f->k, false);
	print_message("%d ms\n", (int)(now_ms() - began));
	assert_true(now_ms() - began < BOMB_END_MS);
	assert_int_equal(get_jid(f->k, "bomb"), -1);
}

/* The opener goes ahead of others, but not what it starts, and only then. */
static void
test_haste(void **state)
{
	struct fixture *f = *state;
	pid_t pid;
	int jid, before = sched_getscheduler(0);

	NEEDS_ROOT();
	jid = make(f, "haste");
	make_haste(f);
	pid = start_probe(f, jid, "ordinary", NULL, NULL);
	assert_int_equal(wait_for(pid), 0);
	pid = fork();
	if (pid == 0)
		_exit(sched_getscheduler(0) != before);
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	f->k->backend->haste(f->k, false);
	assert_int_equal(sched_getscheduler(0), before);
}

static int
probe_pause(void)
{
	return pause();
}

static void *
pause_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int
probe_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, pause_for_ever, NULL) != 0)
		return 1;
	/* pthread_exit(3) would load a library, which is not in the jail. */
	return (int)syscall(SYS_exit, 0);
}

static int
probe_ordinary(void)
{
	return sched_getscheduler(0) == SCHED_OTHER ? 0 : 1;
}

/* Each lives for a moment, and its child goes on. */
static int
probe_fleeting(void)
{
	time_t end = time(NULL) + FLEETING_S;

	while (time(NULL) < end)
		if (fork() > 0)
			return 0;
	return 0;
}

/*
 * Each has a session of its own, which many hosts give as much of a processor
 * as any other (autogroup, sched(7)).  The first one leaves the rest alone.
 */
static int
probe_bomb(void)
{
	const struct rlimit limit = { BOMB_LIMIT, BOMB_LIMIT };
	int64_t end = now_ms() + 1000 * BOMB_S;

	signal(SIGTERM, SIG_IGN);
	if (setrlimit(RLIMIT_NPROC, &limit) != 0 ||
	    setresuid(BOMB_USER, BOMB_USER, BOMB_USER) != 0)
		return 1;
	if (fork() > 0)
		return 0;
	while (now_ms() < end) {
		pid_t pid = fork();

		if (pid == 0)
			setsid();
		else if (pid < 0)
			usleep(200);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} probes[] = {
	{ "bomb", probe_bomb },
	{ "fleeting", probe_fleeting },
	{ "ordinary", probe_ordinary },
	{ "pause", probe_pause },
	{ "thread", probe_thread },
};

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, \
	fixture_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all),
		TEST(test_thread),
		TEST(test_fleeting),
		TEST(test_haste),
		TEST(test_bomb),
	};

	if (argc > 2 && strcmp(argv[1], "--probe") == 0)
		for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
			if (strcmp(probes[i].name, argv[2]) == 0)
				_exit(probes[i].run());
	if (argc > 2)
		_exit(99);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
