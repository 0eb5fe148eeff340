/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of directories, so that one that is away is missed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kept_world.h"

static void
below(struct keeper *k)
{
	struct world *w = k->w;

	w->opt.below = true;
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	assert_int_equal(mkdir(spec_path(w, ".to"), 0755), 0);
	assert_int_equal(symlink(".to", spec_path(w, "link")), 0);
	write_jail(w, "top.yaml", "top", "one");
	write_jail(w, "sub/a.yaml", "a", "one");
	write_jail(w, "link/b.yaml", "b", "one");
	look(k);
	assert_int_equal(k->kept, 3);
	assert_int_equal(k->places, 1);
	look(k);
	assert_int_equal(k->kept + k->places, 0);
	again(k);
	look(k);
	assert_int_equal(k->kept + k->places, 0);
	assert_int_equal(k->forgotten, 0);
}

/*
 * Directories that were unmounted while nobody looked, or cannot be reached, are
 * what they were.
 */
static void
directories_away(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(rename(spec_path(w, ".to"), spec_path(w, ".from")),
	    0);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	for (unsigned i = 0; i < 2; i++) {
		again(k);
		look(k);
		expect(w, SCAN_OK, "+a +b +top ");
		expect_error(w, "sub/a.yaml", "another directory than before");
		expect_error(w, "link", "leads nowhere");
		assert_true(w->s.accept_helps);
		assert_int_equal(k->forgotten, 0);
	}
	/* Back again, nothing has happened. */
	assert_int_equal(rmdir(spec_path(w, "sub")), 0);
	assert_int_equal(rename(spec_path(w, ".sub"), spec_path(w, "sub")), 0);
	assert_int_equal(rename(spec_path(w, ".from"), spec_path(w, ".to")),
	    0);
	look(k);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	/* Taken as it is when that is said. */
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	w->r.seen = false; /* READER_ACCEPT */
	places_forget(&w->r.places);
	look(k);
	expect(w, SCAN_OK, "-a ");
	assert_int_equal(w->s.errors.count, 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+b +top ");
}

/* One that was a mount is missed even when nothing is left of it. */
static void
mount_away(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_string_equal(w->r.places.place[2].name, "sub");
	w->r.places.place[2].mounted = 1;
	free(w->r.places_told);
	w->r.places_told = NULL;
	assert_int_equal(kept_tell(&w->r, take, k), 0);
	again(k);
	assert_int_equal(w->r.places.place[2].mounted, 1);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	expect_error(w, "sub", "was mounted");
	assert_true(w->s.accept_helps);
	/* The directory below the mount, whatever is in it. */
	again(k);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	write_jail(w, "sub/c.yaml", "c", "one");
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	expect_error(w, "sub", "another device");
}

/* The watched directory itself, or one that holds it, was a mount. */
static void
all_away(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	write_jail(w, "a.yaml", "a", "one");
	look(k);
	assert_int_equal(k->places, 1);
	assert_int_equal(w->r.places.count, 1);
	/* As if there had been one mount more. */
	w->r.places.place[0].mounted++;
	free(w->r.places_told);
	w->r.places_told = NULL;
	assert_int_equal(kept_tell(&w->r, take, k), 0);
	write_jail(w, "b.yaml", "b", "one");
	for (unsigned i = 0; i < 2; i++) {
		again(k);
		scan(w);
		assert_int_equal(w->s.state, SCAN_MISSING);
		assert_non_null(strstr(w->s.why, "another device"));
		assert_int_equal(w->s.changed_count, 0);
		assert_true(w->s.accept_helps);
		assert_int_equal(kept_tell(&w->r, take, k), 0);
		assert_int_equal(k->forgotten, 0);
	}
	w->r.seen = false; /* READER_ACCEPT */
	places_forget(&w->r.places);
	look(k);
	expect(w, SCAN_OK, "+a +b ");
	again(k);
	look(k);
	expect(w, SCAN_OK, "+a +b ");
}

/* Who does not look below knows nothing of what was there, and misses nothing. */
static void
below_no_more(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	w->r.places.place[2].mounted = 1;
	free(w->r.places_told);
	w->r.places_told = NULL;
	assert_int_equal(kept_tell(&w->r, take, k), 0);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	w->opt.below = false;
	again(k);
	look(k);
	expect(w, SCAN_OK, "+top ");
	assert_int_equal(w->s.errors.count, 0);
}

/* What somebody removed is gone, as while an agent looks. */
static void
directory_removed(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(unlink(spec_path(w, "link")), 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+top ");
	assert_int_equal(w->s.errors.count, 0);
	w->r.begun_ms -= 1000;
	look(k);
	assert_int_equal(k->forgotten, 2);
}

/* No text makes the reader fail. */
static void
places_damaged(void **state)
{
	static const char *const texts[] = { "", "\n", "1\n", "1 2 3 m\n",
		"1 2 3 m a\n1 2 3 m a\n", "1 2 3 m b\n1 2 3 m a\n",
		"0 2 3 m a\n", "x 2 3 m a\n", "1 2 3 x a\n", "1\n2\n3 m a\n",
		"1 2 3 m\na\n", "1 2 3 m- a\n", "1 2 3  a\n",
		"/", "/a", "/a\n1 2\n" };
	struct places p = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		places_read(&p, texts[i]);
		assert_int_equal(p.count, 0);
		places_finish(&p);
	}
	places_read(&p, "1 -2 3 m a b\n4 5 6 - c\n7 8 9 mmm m\n");
	assert_int_equal(p.count, 3);
	assert_string_equal(p.place[0].name, "a b");
	assert_int_equal(p.place[0].origin.born.tv_sec, -2);
	assert_int_equal(p.place[0].mounted, 1);
	assert_int_equal(p.place[1].mounted, 0);
	assert_int_equal(p.place[2].mounted, 3);
	assert_string_equal(p.place[2].name, "m");
	assert_null(p.real);
	places_finish(&p);
	places_read(&p, "/a b\n1 2 3 - c\n");
	assert_string_equal(p.real, "/a b");
	assert_int_equal(p.count, 1);
	places_finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directories_away),
		TEST(mount_away),
		TEST(all_away),
		TEST(below_no_more),
		TEST(directory_removed),
		cmocka_unit_test(places_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
