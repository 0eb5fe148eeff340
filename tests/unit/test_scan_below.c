/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories below the watched one (reader_options.below). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scan_world.h"
#include "specs/tree.h"

static int
below_setup(void **state)
{
	int rc = world_setup(state);

	if (rc == 0)
		((struct world *)*state)->opt.below = true;
	return rc;
}

static void
make_dir(const struct world *w, const char *name)
{
	assert_int_equal(mkdir(spec_path(w, name), 0755), 0);
}

static void
make_link(const struct world *w, const char *to, const char *name)
{
	assert_int_equal(symlink(to, spec_path(w, name)), 0);
}

static void
names_of_specs(void **state)
{
	(void)state;
	assert_true(tree_names_spec("a.yaml", false));
	assert_false(tree_names_spec("a/b.yaml", false));
	assert_true(tree_names_spec("a/b.yaml", true));
	assert_true(tree_names_spec("a.yaml/b.yaml", true));
	assert_false(tree_names_spec("a/.b.yaml", true));
	assert_false(tree_names_spec(".a/b.yaml", true));
	assert_false(tree_names_spec("#a/b.yaml", true));
	assert_false(tree_names_spec("a/../b.yaml", true));
	assert_false(tree_names_spec("a//b.yaml", true));
	assert_false(tree_names_spec("/b.yaml", true));
	assert_true(tree_names_spec("1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/x.yaml",
	    true));
	assert_false(tree_names_spec("1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h/x.yaml",
	    true));
}

static void
files_below(void **state)
{
	struct world *w = *state;

	write_jail(w, "top.yaml", "top", "1");
	make_dir(w, "sub");
	make_dir(w, "sub/deep");
	make_dir(w, ".hidden");
	make_dir(w, ".git");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "sub/deep/b.yaml", "b", "1");
	write_jail(w, ".hidden/c.yaml", "c", "1");
	write_jail(w, ".git/d.yaml", "d", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +b +top ");
	assert_int_equal(w->r.places.count, 3);
	assert_string_equal(w->r.places.place[2].name, "sub/deep");
	assert_true(file_of(w, "sub/deep/b.yaml")->valid);
	write_jail(w, "sub/a.yaml", "a", "2");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	/* To another directory: it only moved. */
	assert_int_equal(rename(spec_path(w, "sub/deep/b.yaml"),
	    spec_path(w, "b.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.moved_count, 1);
	assert_int_equal(unlink(spec_path(w, "sub/a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "-a ");
	assert_int_equal(rmdir(spec_path(w, "sub/deep")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->r.places.count, 2);
}

static void
not_asked_for(void **state)
{
	struct world *w = *state;

	w->opt.below = false;
	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "top.yaml", "top", "1");
	scan(w);
	expect(w, SCAN_OK, "+top ");
	assert_int_equal(w->r.places.count, 1);
}

/* The second in which another directory may take the place of one is over. */
static void
second_passes(struct world *w)
{
	for (size_t i = 0; i < w->r.places.count; i++)
		if (w->r.places.place[i].gone_ms != 0)
			w->r.places.place[i].gone_ms -= 1000;
}

static void
links(void **state)
{
	struct world *w = *state;
	struct layout before;

	make_dir(w, ".one");
	make_dir(w, ".two");
	write_jail(w, ".one/a.yaml", "a", "1");
	write_jail(w, ".two/a.yaml", "a", "2");
	make_link(w, ".one", "sub");
	make_link(w, "none", "nothing");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	before = w->r.places.place[1].layout;
	/* Swapped: another directory has the name. */
	make_link(w, ".two", ".new");
	assert_int_equal(rename(spec_path(w, ".new"), spec_path(w, "sub")), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_false(layout_is_of(&before, &w->r.places.place[1].layout));
	/* One that led to a directory and leads nowhere now: as it was. */
	assert_int_equal(rename(spec_path(w, ".two"), spec_path(w, ".away")),
	    0);
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "sub", "leads nowhere");
	assert_false(file_of(w, "sub")->has_last_good);
	assert_int_equal(rename(spec_path(w, ".away"), spec_path(w, ".two")),
	    0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	assert_int_equal(unlink(spec_path(w, "sub")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	second_passes(w);
	scan(w);
	expect(w, SCAN_OK, "-a ");
}

static void
loops(void **state)
{
	struct world *w = *state;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	make_link(w, "..", "sub/up");
	make_link(w, "self", "self");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(w->s.file_count, 2);
	expect_error(w, "sub/up", "a loop");
	assert_int_equal(unlink(spec_path(w, "sub/up")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
}

static void
too_deep(void **state)
{
	struct world *w = *state;
	char path[64] = "1";

	for (unsigned i = 0; i <= TREE_DEPTH_MAX; i++) {
		make_dir(w, path);
		strcat(path, "/1");
	}
	write_jail(w, "1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/a.yaml", "a", "1");
	write_jail(w, "1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/b.yaml", "b", "1");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	expect_error(w, "1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1", "more than 16");
}

/* Who can write a directory can write specs. */
static void
owners_and_modes(void **state)
{
	struct world *w = *state;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "b.yaml", "b", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(chmod(spec_path(w, "sub"), 0777), 0);
	write_jail(w, "sub/a.yaml", "a", "2");
	write_jail(w, "b.yaml", "b", "2");
	scan(w);
	expect(w, SCAN_OK, "+b ");
	expect_error(w, "sub", "written by everybody");
	assert_int_equal(unlink(spec_path(w, "sub/a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	write_jail(w, "sub/a.yaml", "a", "2");
	assert_int_equal(chmod(spec_path(w, "sub"), 01777), 0);
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(chmod(spec_path(w, "sub"), 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(spec_path(w, "sub"), 12345, 0), 0);
		scan(w);
		expect_error(w, "sub", "belongs to user 12345");
		assert_int_equal(chown(spec_path(w, "sub"), 0, 0), 0);
	}
	/* A link into a directory of others. */
	assert_int_equal(mkdir(temp_file(&w->top, "open"), 0755), 0);
	assert_int_equal(mkdir(temp_file(&w->top, "open/c"), 0755), 0);
	assert_int_equal(chmod(temp_file(&w->top, "open"), 0777), 0);
	make_link(w, "../open/c", "c");
	write_jail(w, "c/c.yaml", "c", "1");
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "c", "open can be written by everybody");
}

static void
cannot_be_read(void **state)
{
	struct world *w = *state;

	if (geteuid() == 0) {
		print_message("skip: root may read all\n");
		skip();
	}
	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(chmod(spec_path(w, "sub"), 0), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "sub", "cannot be read");
	assert_int_equal(chmod(spec_path(w, "sub"), 0755), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
}

/* As if it had been unmounted; the test says what device it was on. */
static void
another_device(void **state)
{
	struct world *w = *state;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	scan(w);
	expect(w, SCAN_OK, "+a ");
	assert_false(w->s.accept_helps);
	assert_string_equal(w->r.places.place[1].name, "sub");
	w->r.places.place[1].origin.dev++;
	assert_int_equal(unlink(spec_path(w, "sub/a.yaml")), 0);
	for (int i = 0; i < 2; i++) {
		scan(w);
		expect(w, SCAN_OK, "");
		expect_error(w, "sub", "another device");
		assert_true(w->s.accept_helps);
	}
	w->r.seen = false;
	scan(w);
	expect(w, SCAN_OK, "-a ");
	assert_false(w->s.accept_helps);
	scan(w);
	assert_int_equal(w->s.errors.count, 0);
}

/* A bind mount from the same device that is not there; the test says it was. */
static void
not_mounted(void **state)
{
	struct world *w = *state;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "sub/z.yaml", "z", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +z ");
	w->r.places.place[1].mounted = 1;
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".away")),
	    0);
	make_dir(w, "sub");
	write_jail(w, "sub/z.yaml", "z", "stale");
	for (int i = 0; i < 2; i++) {
		scan(w);
		expect(w, SCAN_OK, "");
		expect_error(w, "sub", "not mounted as it was");
		assert_true(w->s.accept_helps);
	}
	w->r.seen = false; /* READER_ACCEPT */
	places_forget(&w->r.places);
	scan(w);
	expect(w, SCAN_OK, "+z -a ");
	assert_int_equal(w->s.errors.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, below_setup, world_teardown)

/* Another directory in the place of one, empty: as if it were not mounted. */
static void
swapped_for_an_empty_one(void **state)
{
	struct world *w = *state;

	write_jail(w, "top.yaml", "top", "1");
	make_dir(w, "sub");
	make_dir(w, "sub/deep");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "sub/deep/b.yaml", "b", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +b +top ");
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".away")),
	    0);
	make_dir(w, "sub");
	for (unsigned i = 0; i < 2; i++) {
		scan(w);
		expect(w, SCAN_OK, "");
		expect_error(w, "sub/a.yaml", "another directory than before");
		expect_error(w, "sub/deep/b.yaml", "ack '*'");
		assert_true(file_of(w, "sub/a.yaml")->has_last_good);
		assert_true(w->s.accept_helps);
	}
	/* It is back. */
	assert_int_equal(rmdir(spec_path(w, "sub")), 0);
	assert_int_equal(rename(spec_path(w, ".away"), spec_path(w, "sub")),
	    0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	assert_false(w->s.accept_helps);
	/* Some file in it means that it is the right one. */
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".away")),
	    0);
	make_dir(w, "sub");
	write_jail(w, "sub/c.yaml", "c", "1");
	scan(w);
	expect(w, SCAN_UNSETTLED, "+c -a ");
	second_passes(w);
	scan(w);
	expect(w, SCAN_OK, "-b ");
	assert_false(w->s.accept_helps);
	/* Or that is said.  There was a look between the two steps. */
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".gone")),
	    0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	make_dir(w, "sub");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_true(w->s.accept_helps);
	w->r.seen = false; /* READER_ACCEPT */
	scan(w);
	expect(w, SCAN_OK, "-c ");
	assert_false(w->s.accept_helps);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
}

/* Texts that say nothing are alike without one having been renamed to the other. */
static void
swapped_while_empty(void **state)
{
	struct world *w = *state;

	write_jail(w, "top.yaml", "top", "1");
	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +top ");
	write_text(w, "top.yaml", "name: [\n");
	write_text(w, "sub/a.yaml", "name: [\n");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".away")),
	    0);
	make_dir(w, "sub");
	scan(w);
	expect(w, SCAN_OK, "");
	expect_error(w, "sub/a.yaml", "another directory than before");
	assert_true(file_of(w, "sub/a.yaml")->has_last_good);
}

/* What holds jails without having been good goes on with that. */
static void
swapped_never_good(void **state)
{
	struct world *w = *state;

	write_jail(w, "top.yaml", "top", "1");
	make_dir(w, "sub");
	write_text(w, "sub/x.yaml", "name: [\n");
	scan(w);
	expect(w, SCAN_OK, "+top ");
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".away")),
	    0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_false(file_of(w, "sub/x.yaml")->valid);
	make_dir(w, "sub");
	for (unsigned i = 0; i < 2; i++) {
		scan(w);
		expect(w, SCAN_OK, "");
		expect_error(w, "sub/x.yaml", "another directory than before");
		assert_false(file_of(w, "sub/x.yaml")->valid);
		assert_false(file_of(w, "sub/x.yaml")->has_last_good);
	}
	/* Until another file has its text, or that is approved. */
	assert_int_equal(rename(spec_path(w, ".away/x.yaml"),
	    spec_path(w, "y.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.file_count, 2);
	assert_false(w->s.accept_helps);
}

/* What is missing of it is elsewhere, or the whole was exchanged. */
static void
swapped_on_purpose(void **state)
{
	struct world *w = *state;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	write_jail(w, "top.yaml", "top", "1");
	scan(w);
	expect(w, SCAN_OK, "+a +top ");
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, "other")),
	    0);
	make_dir(w, "sub");
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.moved_count, 1);
	assert_int_equal(w->s.errors.count, 0);
	assert_int_equal(rename(w->opt.dir, temp_file(&w->top, "before")), 0);
	assert_int_equal(mkdir(w->opt.dir, 0755), 0);
	make_dir(w, "sub");
	make_dir(w, "other");
	write_jail(w, "top.yaml", "top", "1");
	scan(w);
	expect(w, SCAN_OK, "-a ");
	assert_int_equal(w->s.errors.count, 0);
	assert_true(w->s.replaced);
}

/* Made anew in one step, perhaps with the inode that the old one had. */
static void
made_anew(void **state)
{
	struct world *w = *state;
	struct stat before, after;

	make_dir(w, "sub");
	write_jail(w, "sub/a.yaml", "a", "1");
	for (unsigned i = 0; i < 20; i++) {
		scan(w);
		assert_int_equal(w->s.errors.count, 0);
		assert_int_equal(stat(spec_path(w, "sub"), &before), 0);
		assert_int_equal(unlink(spec_path(w, "sub/a.yaml")), 0);
		assert_int_equal(rmdir(spec_path(w, "sub")), 0);
		make_dir(w, "sub");
		assert_int_equal(stat(spec_path(w, "sub"), &after), 0);
		scan(w);
		expect(w, SCAN_OK, "");
		expect_error(w, "sub/a.yaml", "another directory than before");
		write_jail(w, "sub/a.yaml", "a", "1");
		if (before.st_ino == after.st_ino)
			return;
	}
	print_message("skip: this file system does not reuse inodes\n");
	skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_specs),
		TEST(files_below),
		TEST(not_asked_for),
		TEST(links),
		TEST(loops),
		TEST(too_deep),
		TEST(owners_and_modes),
		TEST(cannot_be_read),
		TEST(another_device),
		TEST(not_mounted),
		TEST(swapped_for_an_empty_one),
		TEST(swapped_while_empty),
		TEST(swapped_never_good),
		TEST(swapped_on_purpose),
		TEST(made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
