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
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "agent/scan.h"
#include "temp_dir.h"

struct world {
	struct temp_dir top;
	struct reader_options opt;
	struct reader r;
	struct scan s; /* the last answer */
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct error err;

	if (w == NULL)
		return -1;
	signal(SIGIO, SIG_IGN);
	umask(022);
	temp_dir_make(&w->top);
	w->opt.dir = strdup(temp_file(&w->top, "specs"));
	w->opt.trust = true;
	if (mkdir(w->opt.dir, 0755) != 0 ||
	    reader_init(&w->r, &w->opt, &err) != 0)
		return -1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	scan_free(&w->s);
	reader_finish(&w->r);
	free((char *)w->opt.dir);
	temp_dir_remove(&w->top);
	free(w);
	return 0;
}

static const char *
spec_path(const struct world *w, const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", w->opt.dir, name);
	return p;
}

static void
write_text(const struct world *w, const char *name, const char *text)
{
	temp_write(spec_path(w, name), 0644, text, strlen(text));
}

/* A jail as a document; `host` makes versions of it. */
static void
write_jail(const struct world *w, const char *file, const char *name,
    const char *host)
{
	char text[256];

	snprintf(text, sizeof text, "name: %s\npath: /\npersist: true\n"
	    "host.hostname: %s\n", name, host);
	write_text(w, file, text);
}

static void
scan(struct world *w)
{
	unsigned char *data;
	size_t len;
	struct error err;

	scan_free(&w->s);
	assert_int_equal(reader_scan(&w->r, &data, &len), 0);
	if (scan_decode(data, len, &w->s, &err) != 0)
		fail_msg("%s", err.text);
	free(data);
}

/* The last answer had these changes: "+NAME" new or changed, "-NAME" gone. */
static void
expect(const struct world *w, enum scan_state state, const char *changes)
{
	char got[1024] = "";

	for (size_t i = 0; i < w->s.changed_count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "+%s ",
		    w->s.changed[i]->name);
	for (size_t i = 0; i < w->s.gone.count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "-%s ",
		    w->s.gone.text[i]);
	if (w->s.why != NULL && state != SCAN_MISSING)
		fail_msg("%s", w->s.why);
	assert_string_equal(got, changes);
	assert_int_equal(w->s.state, state);
}

static const struct scan_file *
file_of(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->s.file_count; i++)
		if (strcmp(w->s.file[i].path, spec_path(w, name)) == 0)
			return &w->s.file[i];
	fail_msg("%s is not in the answer", name);
	return NULL;
}

/* Whether some error names the file and contains the text. */
static void
expect_error(const struct world *w, const char *name, const char *text)
{
	for (size_t i = 0; i < w->s.errors.count; i++) {
		const struct spec_error *e = &w->s.errors.error[i];

		if (e->place.file != NULL && !e->warning &&
		    strcmp(e->place.file, spec_path(w, name)) == 0 &&
		    strstr(e->message, text) != NULL)
			return;
	}
	for (size_t i = 0; i < w->s.errors.count; i++)
		print_message("error: %s: %s\n",
		    w->s.errors.error[i].place.file,
		    w->s.errors.error[i].message);
	fail_msg("no error of %s with \"%s\"", name, text);
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

/* Under another name nothing changes but the place. */
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

/* A value that only resolving finds wrong, in a file of defaults. */
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

/* New from the start, neither counts. */
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

/* Kubernetes: files are links through ..data, which is swapped. */
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

/* git-sync: the directory itself is reached through a link. */
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

	if (geteuid() == 0)
		skip();
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

	if (geteuid() != 0)
		skip();
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
	w->r.dev++;
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, "another device"));
	w->r.seen = false;
	scan(w);
	expect(w, SCAN_OK, "");
}

/* A write within one tick of the clock leaves the same times. */
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

static long
elapsed_us(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000000 +
	    (now.tv_nsec - since->tv_nsec) / 1000;
}

static void
test_ten_thousand(void **state)
{
	struct world *w = *state;
	struct timespec start;
	char file[32], name[32];
	long best = 1000000;

	for (int i = 0; i < 10000; i++) {
		snprintf(file, sizeof file, "j%d.yaml", i);
		snprintf(name, sizeof name, "j%d", i);
		write_jail(w, file, name, "one");
	}
	usleep(100000); /* past the time in which files are read twice */
	clock_gettime(CLOCK_MONOTONIC, &start);
	scan(w);
	print_message("first scan of 10,000 files: %ld us\n",
	    elapsed_us(&start));
	assert_int_equal(w->s.changed_count, 10000);
	for (int i = 0; i < 5; i++) {
		long us;

		clock_gettime(CLOCK_MONOTONIC, &start);
		scan(w);
		us = elapsed_us(&start);
		best = us < best ? us : best;
		expect(w, SCAN_OK, "");
	}
	print_message("unchanged scan of 10,000 files: %ld us\n", best);
	assert_in_range(best, 0, 500000);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_create_change_remove),
		TEST(test_rename_over),
		TEST(test_moved),
		TEST(test_slow_writer),
		TEST(test_new_file_being_written),
		TEST(test_truncated_then_written),
		TEST(test_broken_then_mended),
		TEST(test_broken_defaults),
		TEST(test_duplicate_names),
		TEST(test_duplicates_at_start),
		TEST(test_directory_gone_and_back),
		TEST(test_data_swap),
		TEST(test_directory_swap),
		TEST(test_not_a_file),
		TEST(test_odd_names_and_sizes),
		TEST(test_unreadable),
		TEST(test_untrusted),
		TEST(test_foreign_owner),
		TEST(test_another_device),
		TEST(test_same_times),
		TEST(test_ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
