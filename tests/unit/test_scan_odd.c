/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader before things that are no proper spec files, that may not be
 * trusted (promise trusted-input), or that are many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "scan_world.h"

static void
test_not_a_file(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	assert_int_equal(mkdir(spec_path(w, "a.yaml"), 0755), 0);
	assert_int_equal(mkfifo(spec_path(w, "fifo.yaml"), 0644), 0);
	assert_int_equal(symlink("nowhere", spec_path(w, "link.yaml")), 0);
	assert_int_equal(symlink("loop.yaml", spec_path(w, "loop.yaml")), 0);
	if (geteuid() == 0) {
		assert_int_equal(mknod(spec_path(w, "null.yaml"),
		    S_IFCHR | 0644, makedev(1, 3)), 0);
	}
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "a.yaml", "directory");
	expect_error(w, "fifo.yaml", "FIFO");
	expect_error(w, "link.yaml", "nowhere");
	expect_error(w, "loop.yaml", "");
	if (geteuid() == 0)
		expect_error(w, "null.yaml", "device");
	assert_true(file_of(w, "a.yaml")->has_last_good);
	assert_int_equal(w->s.jails, 1);
}

static int
open_to_write(const struct world *w, const char *name)
{
	int fd = open(spec_path(w, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_not_equal(fd, -1);
	return fd;
}

/* How old what is in use may be, while some file is always being written. */
static void
test_always_some_writer(void **state)
{
	struct world *w = *state;
	int a, b, c;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	a = open_to_write(w, "a.yaml");
	scan(w);
	expect(w, SCAN_UNSETTLED, "+b ");
	assert_true(w->s.behind_ms == SCAN_NEVER);
	close(a);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.behind_ms, 0);
	b = open_to_write(w, "b.yaml");
	assert_int_equal(futimens(b, NULL), 0);
	usleep(200000);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_in_range(w->s.behind_ms, 200, 10000);
	a = open_to_write(w, "a.yaml");
	assert_int_equal(futimens(a, NULL), 0);
	close(b);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_in_range(w->s.behind_ms, 0, 190);
	/* A new one was not there at the last look. */
	c = open_to_write(w, "c.yaml");
	close(a);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_in_range(w->s.behind_ms, 0, 400);
	close(c);
	/* What could not be read may be about anything when it is written. */
	write_jail(w, "c.yaml", "c", "one");
	assert_int_equal(symlink("nowhere", spec_path(w, "d.yaml")), 0);
	scan(w);
	assert_int_equal(w->s.behind_ms, 0);
	assert_int_equal(unlink(spec_path(w, "d.yaml")), 0);
	c = open_to_write(w, "d.yaml");
	scan(w);
	assert_int_equal(w->s.state, SCAN_UNSETTLED);
	assert_true(w->s.behind_ms == SCAN_NEVER);
	close(c);
}

static void
test_odd_names_and_sizes(void **state)
{
	struct world *w = *state;

	write_jail(w, "new\nline.yaml", "a", "one");
	write_jail(w, "\xff\xfe.yaml", "b", "one");
	write_jail(w, "\xc3\xa4.yaml", "c", "one");
	write_text(w, "big.yaml", "");
	assert_int_equal(truncate(spec_path(w, "big.yaml"), 100 << 20), 0);
	scan(w);
	expect(w, SCAN_OK, "+c ");
	expect_error(w, "big.yaml", "larger");
	expect_error(w, "new?line.yaml", "name");
	expect_error(w, "??.yaml", "name");
}

static void
test_unreadable(void **state)
{
	struct world *w = *state;

	if (geteuid() == 0) {
		print_message("skip: root may read every file\n");
		skip();
	}
	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(chmod(spec_path(w, "a.yaml"), 0), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "a.yaml", "cannot be read");
	assert_int_equal(chmod(spec_path(w, "a.yaml"), 0644), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	assert_int_equal(chmod(w->opt.dir, 0), 0);
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_int_equal(chmod(w->opt.dir, 0755), 0);
}

static void
test_untrusted(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	assert_int_equal(chmod(spec_path(w, "b.yaml"), 0664), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	expect_error(w, "b.yaml", "chmod go-w");
	assert_int_equal(chmod(spec_path(w, "b.yaml"), 0644), 0);
	scan(w);
	expect(w, SCAN_OK, "+b ");
	/* One that holds what is in use is about no other jail, */
	assert_int_equal(chmod(spec_path(w, "b.yaml"), 0664), 0);
	scan(w);
	assert_false(file_of(w, "b.yaml")->valid);
	assert_true(file_of(w, "b.yaml")->has_last_good);
	assert_string_equal(file_of(w, "b.yaml")->words, "");
	/* one that was written since may be about any. */
	write_in_place(w, "b.yaml", "w", "name: c\npath: /\npersist: true\n");
	scan(w);
	assert_null(file_of(w, "b.yaml")->words);
	assert_int_equal(chmod(spec_path(w, "b.yaml"), 0644), 0);
	write_jail(w, "b.yaml", "b", "one");
	scan(w);
	assert_int_equal(chmod(w->opt.dir, 0775), 0);
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, "chmod go-w"));
	assert_int_equal(chmod(w->opt.dir, 0755), 0);
	assert_int_equal(chmod(w->top.path, 0777), 0);
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, w->top.path));
	/* Sticky, and the next component is ours. */
	assert_int_equal(chmod(w->top.path, 01777), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	w->opt.trust = false;
	assert_int_equal(chmod(w->top.path, 0777), 0);
	assert_int_equal(chmod(w->opt.dir, 0777), 0);
	scan(w);
	expect(w, SCAN_OK, "");
}

static void
test_foreign_owner(void **state)
{
	struct world *w = *state;

	if (geteuid() != 0) {
		print_message("skip: only root can give files away\n");
		skip();
	}
	write_jail(w, "a.yaml", "a", "one");
	assert_int_equal(chown(spec_path(w, "a.yaml"), 12345, 12345), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "a.yaml", "belongs to user 12345");
	assert_int_equal(chown(spec_path(w, "a.yaml"), 0, 0), 0);
	assert_int_equal(chmod(w->top.path, 01777), 0);
	assert_int_equal(chown(w->opt.dir, 12345, 12345), 0);
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, "12345"));
}

static void
test_another_device(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	w->r.places.place[0].origin.dev++;
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, "another device"));
	w->r.seen = false;
	scan(w);
	expect(w, SCAN_OK, "");
}

/* How long that takes is told by tests/bench/rescan. */
static void
test_ten_thousand(void **state)
{
	struct world *w = *state;
	char file[32], name[32];

	for (int i = 0; i < 10000; i++) {
		snprintf(file, sizeof file, "j%d.yaml", i);
		snprintf(name, sizeof name, "j%d", i);
		write_jail(w, file, name, "one");
	}
	usleep(100000); /* past the time in which files are read twice */
	scan(w);
	assert_int_equal(w->s.changed_count, 10000);
	scan(w);
	expect(w, SCAN_OK, "");
}

int
main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_not_a_file),
		TEST(test_always_some_writer),
		TEST(test_odd_names_and_sizes),
		TEST(test_unreadable),
		TEST(test_untrusted),
		TEST(test_foreign_owner),
		TEST(test_another_device),
		TEST(test_ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
