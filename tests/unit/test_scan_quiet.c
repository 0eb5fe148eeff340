/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where there are no leases: files written in place are used after a second of
 * quiet, renamed ones at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan_world.h"

#define TEXT "name: a\npath: /\npersist: true\nhost.hostname: "

static int
setup(void **state)
{
	struct world *w;

	if (world_setup(state) != 0)
		return -1;
	w = *state;
	w->r.no_leases = true;
	return 0;
}

static void
test_written_in_place(void **state)
{
	struct world *w = *state;
	struct timespec start, now;
	int scans = 0;

	write_in_place(w, "a.yaml", "w", TEXT "one\n");
	clock_gettime(CLOCK_MONOTONIC, &start);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	while (w->s.state == SCAN_UNSETTLED && scans++ < 50) {
		assert_true(w->s.again_ms > 0);
		usleep(w->s.again_ms * 1000);
		scan(w);
	}
	expect(w, SCAN_OK, "+a ");
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_in_range((now.tv_sec - start.tv_sec) * 1000 +
	    (now.tv_nsec - start.tv_nsec) / 1000000, 900, 1400);
	/* What it held stays in use while it is written again. */
	write_in_place(w, "a.yaml", "w", TEXT "two\n");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_int_equal(w->s.jails, 1);
}

static void
test_renamed(void **state)
{
	struct world *w = *state;

	write_jail(w, ".tmp", "a", "one");
	usleep(20000); /* so that the two times differ */
	assert_int_equal(rename(spec_path(w, ".tmp"),
	    spec_path(w, "a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	write_jail(w, ".tmp", "a", "two");
	usleep(20000);
	assert_int_equal(rename(spec_path(w, ".tmp"),
	    spec_path(w, "a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
}

/* A change of mode does not mean that the writer is done. */
static void
test_mode_changed(void **state)
{
	struct world *w = *state;

	write_in_place(w, "a.yaml", "w", TEXT "one\n");
	scan(w);
	usleep(20000);
	assert_int_equal(chmod(spec_path(w, "a.yaml"), 0600), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
}

/* Old files are used at once when the agent starts. */
static void
test_old(void **state)
{
	struct world *w = *state;
	struct error err;

	write_jail(w, "a.yaml", "a", "one");
	sleep(1);
	usleep(50000);
	reader_finish(&w->r);
	assert_int_equal(reader_init(&w->r, &w->opt, &err), 0);
	w->r.no_leases = true;
	scan(w);
	expect(w, SCAN_OK, "+a ");
}

/* Where a lease is refused to all, a refused one is no writer. */
static void
test_remote(void **state)
{
	struct world *w = *state;
	int fd;

	w->r.no_leases = false;
	w->r.remote = true;
	write_jail(w, "b.yaml", "b", "one");
	scan(w);
	fd = open(spec_path(w, "a.yaml"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, TEXT "one\n", sizeof TEXT "one\n" - 1),
	    (ssize_t)sizeof TEXT "one\n" - 1);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1020000);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_written_in_place),
		TEST(test_renamed),
		TEST(test_mode_changed),
		TEST(test_old),
		TEST(test_remote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
