/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader over real directories: whatever is done to the files, the specs
 * are those of the last good ones (promises no-torn-reads and
 * invalid-never-deletes).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>

#include <cmocka.h>

#include "scan_world.h"

/*
 * Defaults that never could be read are not none: what they may concern is left
 * as it is, and what they cannot goes on.
 */
static void
test_lost_defaults(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "web.yaml", "web.one", "one");
	scan(w);
	expect(w, SCAN_OK, "+a +web.one ");
	write_text(w, "0.yaml", "name: \"web.*\"\npersist: true\n"
	    "  vnet: new\n");
	write_jail(w, "a.yaml", "a", "two");
	write_jail(w, "web.yaml", "web.one", "two");
	write_jail(w, "new.yaml", "web.two", "one");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	write_text(w, "0.yaml", "name: \"web.*\"\nvars: {}\n");
	scan(w);
	expect(w, SCAN_OK, "+web.one +web.two ");
	/* A name that is broken itself may be any. */
	write_text(w, "1.yaml", "{name: \"*, path: /");
	write_jail(w, "a.yaml", "a", "three");
	scan(w);
	expect(w, SCAN_OK, "");
	/* What only speaks of a star is no such thing. */
	write_text(w, "1.yaml", "host.hostname: \"*\n");
	scan(w);
	expect(w, SCAN_OK, "+a ");
}

static void
test_create_change_remove(void **state)
{
	struct world *w = *state;
	unsigned char digest[SPEC_DIGEST_SIZE];

	scan(w);
	expect(w, SCAN_OK, "");
	assert_string_equal(w->s.dir, w->opt.dir);
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yml", "b", "one");
	write_text(w, ".hidden.yaml", "{");
	write_text(w, "c.yaml~", "{");
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(w->s.jails, 2);
	assert_int_equal(w->s.file_count, 2);
	assert_string_equal(w->s.changed[0]->place.file,
	    spec_path(w, "a.yaml"));
	memcpy(digest, w->s.digest, sizeof digest);
	assert_int_equal(strlen(w->s.revision), 64);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_memory_equal(digest, w->s.digest, sizeof digest);
	write_jail(w, "a.yaml", "a", "two");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_memory_not_equal(digest, w->s.digest, sizeof digest);
	assert_int_equal(unlink(spec_path(w, "b.yml")), 0);
	scan(w);
	expect(w, SCAN_OK, "-b ");
	assert_int_equal(w->s.jails, 1);
}

static void
test_rename_over(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	write_jail(w, ".a.yaml.tmp", "a", "two");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(rename(spec_path(w, ".a.yaml.tmp"),
	    spec_path(w, "a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "two");
}

static void
test_moved(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(rename(spec_path(w, "a.yaml"),
	    spec_path(w, "b.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.moved_count, 1);
	assert_string_equal(w->s.moved[0]->place.file,
	    spec_path(w, "b.yaml"));
}

static void
test_slow_writer(void **state)
{
	struct world *w = *state;
	static const char text[] = "name: a\npath: /\npersist: true\n"
	    "host.hostname: slow\n";
	unsigned first, second;
	int fd;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	scan(w);
	time_passes(w);
	fd = open(spec_path(w, "a.yaml"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_not_equal(fd, -1);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	first = w->s.again_ms;
	assert_int_equal(write(fd, text, 20), 20);
	write_jail(w, "b.yaml", "b", "two");
	scan(w);
	expect(w, SCAN_UNSETTLED, "+b ");
	assert_true(file_of(w, "a.yaml")->unsettled);
	assert_true(file_of(w, "a.yaml")->valid);
	second = w->s.again_ms;
	assert_in_range(first, 1, 100);
	assert_true(second > first);
	assert_int_equal(write(fd, text + 20, sizeof text - 21),
	    sizeof text - 21);
	close(fd);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.again_ms, 0);
}

/* In steps, each of which opens and closes the file. */
static void
test_written_in_steps(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	time_passes(w);
	/* Shorter than what was there. */
	write_in_place(w, "a.yaml", "w", "name: a\n");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	/* Longer by now, but not the first step. */
	write_in_place(w, "a.yaml", "a", "path: /\npersist: true\n"
	    "host.hostname: much.longer.than.before\n");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(file_of(w, "a.yaml")->unsettled);
	usleep(1020000);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	time_passes(w);
	/* What was there, and more behind it. */
	write_in_place(w, "a.yaml", "a", "securelevel: 1\n");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1020000);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.again_ms, 0);
}

/* In one step, by whatever means: at once. */
static void
test_written_at_once(void **state)
{
	struct world *w = *state;

	write_in_place(w, "a.yaml", "w", "name: a\npath: /\npersist: true\n");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	time_passes(w);
	write_in_place(w, "a.yaml", "w", "name: a\nsecurelevel: 1\npath: /\n"
	    "persist: true\n");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	/* The same text again is nothing to wait for. */
	write_in_place(w, "a.yaml", "w", "name: a\nsecurelevel: 1\npath: /\n"
	    "persist: true\n");
	scan(w);
	expect(w, SCAN_OK, "");
	/* Another file in its place is whole, too. */
	write_text(w, "a.yaml", "name: a\npersist: true\n");
	scan(w);
	expect(w, SCAN_OK, "+a ");
}

/* Who goes on for ever is named, and keeps nobody else waiting. */
static void
test_written_again_and_again(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	write_in_place(w, "a.yaml", "a", "securelevel: 1\n");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	w->r.files.file[0].writing_ms -= 10000;
	write_in_place(w, "a.yaml", "a", "children.max: 1\n");
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "a.yaml", "again and again");
	assert_true(w->s.again_ms > 0);
	usleep(1020000);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.errors.count, 0);
	assert_int_equal(w->s.again_ms, 0);
}

static void
test_new_file_being_written(void **state)
{
	struct world *w = *state;
	int fd = open(spec_path(w, "a.yaml"), O_WRONLY | O_CREAT | O_CLOEXEC,
	    0644);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "name: a\n", 8), 8);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(file_of(w, "a.yaml")->unsettled);
	close(fd);
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "a.yaml", "");
}

static void
test_truncated_then_written(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(truncate(spec_path(w, "a.yaml"), 0), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1020000);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_false(file_of(w, "a.yaml")->valid);
	assert_true(file_of(w, "a.yaml")->has_last_good);
	write_jail(w, "a.yaml", "a", "two");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_true(file_of(w, "a.yaml")->valid);
}

static void
test_broken_then_mended(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	scan(w);
	write_text(w, "a.yaml", "name: a\npath: /\nno_such: 1\n");
	write_jail(w, "b.yaml", "b", "two");
	scan(w);
	expect(w, SCAN_OK, "+b ");
	expect_error(w, "a.yaml", "no_such");
	assert_true(file_of(w, "a.yaml")->has_last_good);
	assert_int_equal(w->s.jails, 2);
	/* Other than good ones, broken files are never remembered. */
	write_text(w, "a.yaml", "name: [\n");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_true(file_of(w, "a.yaml")->has_last_good);
	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	write_text(w, "new.yaml", "name: [\n");
	scan(w);
	assert_false(file_of(w, "new.yaml")->valid);
	assert_false(file_of(w, "new.yaml")->has_last_good);
}

static void
test_broken_defaults(void **state)
{
	struct world *w = *state;

	write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 1\n");
	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	write_text(w, "00.yaml", "name: \"*\"\nhost.domainname: ${nothing}\n");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.jails, 1);
	write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 2\n");
	scan(w);
	expect(w, SCAN_OK, "+a ");
}

/* Gone defaults count until two scans a second apart did not find them. */
static void
test_defaults_gone(void **state)
{
	struct world *w = *state;

	write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 1\n");
	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(rename(spec_path(w, "00.yaml"),
	    spec_path(w, "01.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.file_count, 2);
	assert_int_equal(unlink(spec_path(w, "01.yaml")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(file_of(w, "01.yaml")->unsettled);
	/* Back in time nothing has happened. */
	write_text(w, "01.yaml", "name: \"*\"\nsecurelevel: 1\n");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(unlink(spec_path(w, "01.yaml")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1010000);
	/* The agent decides what becomes of what is proven. */
	for (int i = 0; i < 2; i++) {
		scan(w);
		expect(w, SCAN_OK, "");
		assert_true(file_of(w, "01.yaml")->gone);
	}
	reader_drop(&w->r);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.file_count, 1);
}

static void
test_duplicate_names(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	write_text(w, "b.yaml", "name: a\npath: /\npersist: true\n"
	    "---\nname: b\npath: /\npersist: true\n");
	scan(w);
	expect(w, SCAN_OK, "+b ");
	expect_error(w, "a.yaml", "b.yaml");
	expect_error(w, "b.yaml", "a.yaml");
	assert_int_equal(w->s.jails, 2);
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.errors.count, 0);
}

static void
test_duplicates_at_start(void **state)
{
	struct world *w = *state;

	write_jail(w, "a.yaml", "x", "one");
	write_jail(w, "b.yaml", "x", "two");
	write_jail(w, "c.yaml", "c", "one");
	scan(w);
	expect(w, SCAN_OK, "+c ");
	assert_false(file_of(w, "a.yaml")->valid);
	assert_false(file_of(w, "b.yaml")->valid);
	assert_true(file_of(w, "c.yaml")->valid);
	/* The name is said all the same, and that it is not any more. */
	assert_int_equal(w->s.barred_count, 1);
	assert_string_equal(w->s.barred[0].name, "x");
	assert_string_equal(w->s.barred[0].file, spec_path(w, "b.yaml"));
	assert_int_equal(w->s.jails, 1);
	write_jail(w, "c.yaml", "c", "two");
	scan(w);
	expect(w, SCAN_OK, "+c ");
	assert_int_equal(w->s.barred_count, 0);
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "-x ");
	/* So it is with what its defaults break, until it is mended. */
	write_text(w, "y.yaml", "name: y\npath: /\npersist: true\n"
	    "host.hostname: ${none}\n");
	write_text(w, "x.yaml", "name: x\npath: ${none}\n");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.barred_count, 2);
	assert_string_equal(w->s.barred[1].name, "y");
	assert_string_equal(w->s.barred[1].file, spec_path(w, "y.yaml"));
	write_jail(w, "x.yaml", "x", "one");
	scan(w);
	expect(w, SCAN_OK, "+x ");
	assert_int_equal(w->s.barred_count, 0);
	assert_int_equal(w->s.jails, 2);
}

static void
test_directory_gone_and_back(void **state)
{
	struct world *w = *state;
	const char *aside = temp_file(&w->top, "aside");

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(rename(w->opt.dir, aside), 0);
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, w->opt.dir));
	assert_int_equal(w->s.jails, 1);
	assert_int_equal(w->s.file_count, 1);
	assert_int_equal(rename(aside, w->opt.dir), 0);
	scan(w);
	expect(w, SCAN_OK, "");
}

static void
test_data_swap(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(spec_path(w, "..1"), 0755), 0);
	assert_int_equal(mkdir(spec_path(w, "..2"), 0755), 0);
	write_jail(w, "..1/a.yaml", "a", "one");
	write_jail(w, "..1/b.yaml", "b", "one");
	write_jail(w, "..2/a.yaml", "a", "two");
	write_jail(w, "..2/b.yaml", "b", "two");
	assert_int_equal(symlink("..1", spec_path(w, "..data")), 0);
	assert_int_equal(symlink("..data/a.yaml", spec_path(w, "a.yaml")), 0);
	assert_int_equal(symlink("..data/b.yaml", spec_path(w, "b.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(symlink("..2", spec_path(w, "..tmp")), 0);
	assert_int_equal(rename(spec_path(w, "..tmp"),
	    spec_path(w, "..data")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
}

static void
test_directory_swap(void **state)
{
	struct world *w = *state;
	struct error err;

	assert_int_equal(mkdir(temp_file(&w->top, "two"), 0755), 0);
	write_jail(w, "a.yaml", "a", "one");
	assert_int_equal(rename(w->opt.dir, temp_file(&w->top, "one")), 0);
	assert_int_equal(symlink("two", w->opt.dir), 0);
	write_jail(w, "a.yaml", "a", "two");
	assert_int_equal(unlink(w->opt.dir), 0);
	assert_int_equal(symlink("one", w->opt.dir), 0);
	reader_finish(&w->r);
	assert_int_equal(reader_init(&w->r, &w->opt, &err), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(symlink("two", temp_file(&w->top, "new")), 0);
	assert_int_equal(rename(temp_file(&w->top, "new"), w->opt.dir), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(w->s.dir, w->opt.dir);
}

static void
test_same_times(void **state)
{
	struct world *w = *state;
	struct timespec times[2];
	struct stat st;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	assert_int_equal(stat(spec_path(w, "a.yaml"), &st), 0);
	for (int i = 0; i < 20; i++) {
		write_jail(w, "a.yaml", "a", i % 2 == 0 ? "two" : "one");
		times[0] = st.st_atim;
		times[1] = st.st_mtim;
		assert_int_equal(utimensat(AT_FDCWD, spec_path(w, "a.yaml"),
		    times, 0), 0);
		scan(w);
		expect(w, SCAN_OK, "+a ");
	}
}

int
main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create_change_remove),
		TEST(test_lost_defaults),
		TEST(test_rename_over),
		TEST(test_moved),
		TEST(test_slow_writer),
		TEST(test_written_in_steps),
		TEST(test_written_at_once),
		TEST(test_written_again_and_again),
		TEST(test_new_file_being_written),
		TEST(test_truncated_then_written),
		TEST(test_broken_then_mended),
		TEST(test_broken_defaults),
		TEST(test_defaults_gone),
		TEST(test_duplicate_names),
		TEST(test_duplicates_at_start),
		TEST(test_directory_gone_and_back),
		TEST(test_data_swap),
		TEST(test_directory_swap),
		TEST(test_same_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
