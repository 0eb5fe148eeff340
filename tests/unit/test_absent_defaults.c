/* SPDX-License-Identifier: BSD-2-Clause */
/* Defaults whose file is gone: when they are given up. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "absence_scene.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Defaults that are gone count as one removal, and are held as one. */
static void
defaults_count_like_a_jail(void **state)
{
	struct scene *s = *state;
	struct scan_file gone = { .path = (char []){ "/etc/00.yaml" },
		.valid = true, .gone = true };

	scan_with(s, SCAN_OK, NULL, NULL, &gone);
	assert_true(s->a.drop);
	assert_null(s->a.held_file);
	scan(s, NULL, NULL);
	assert_false(s->a.drop);
	/* Twenty percent of ten are two: this is the second, that the third. */
	scan_with(s, SCAN_OK, NULL, NULL, &gone);
	assert_true(s->a.drop);
	scan_with(s, SCAN_OK, NULL, NULL, &gone);
	assert_false(s->a.drop);
	assert_string_equal(s->a.held_file, "/etc/00.yaml");
	assert_non_null(strstr(s->a.hold, "--max-remove"));
	s->a.acked = true;
	scan_with(s, SCAN_OK, NULL, NULL, &gone);
	assert_true(s->a.drop);
	assert_null(s->a.held_file);
	/* The approval was for those. */
	scan(s, NULL, NULL);
	assert_false(s->a.acked);
}

/* While something is written, or comes back, they may be about to be said there. */
static void
defaults_may_be_on_their_way(void **state)
{
	struct scene *s = *state;
	struct scan_file gone = { .path = (char []){ "/etc/00.yaml" },
		.valid = true, .gone = true };
	char yaml[512];

	scan(s, NULL, one_gone);
	scan_with(s, SCAN_UNSETTLED, NULL, NULL, &gone);
	assert_false(s->a.drop);
	yaml_of(0, 1, yaml, sizeof yaml);
	scan_with(s, SCAN_OK, yaml, NULL, &gone);
	assert_false(s->a.drop);
	assert_true(s->a.pending);
	s->now += ABSENCE_MS;
	scan_with(s, SCAN_OK, NULL, NULL, &gone);
	assert_true(s->a.drop);
	/* Who approved it does not wait. */
	s->a.acked = true;
	scan_with(s, SCAN_UNSETTLED, NULL, NULL, &gone);
	assert_true(s->a.drop);
}

/* An invalid file that may have them goes: it may be about to be made anew. */
static void
invalid_file_goes(void **state)
{
	struct scene *s = *state;
	struct scan_file file[] = {
		{ .path = (char []){ "/etc/00.yaml" }, .valid = true,
		.gone = true }, { .path = (char []){ "/etc/01.yaml" } } };

	scan_files(s, SCAN_OK, NULL, NULL, file, 2);
	assert_non_null(strstr(s->a.hold, "/etc/01.yaml"));
	s->now += 5000;
	scan_files(s, SCAN_OK, NULL, NULL, file, 2);
	assert_false(s->a.drop);
	scan_files(s, SCAN_OK, NULL, NULL, file, 1);
	assert_false(s->a.drop);
	assert_true(s->a.pending);
	s->now += ABSENCE_MS;
	scan_files(s, SCAN_OK, NULL, NULL, file, 1);
	assert_true(s->a.drop);
}

/* Of several that are invalid the one that never was good is named. */
static void
which_file_is_named(void **state)
{
	struct scene *s = *state;
	struct scan_file file[] = {
		{ .path = (char []){ "/etc/00.yaml" }, .valid = true,
		.gone = true }, { .path = (char []){ "/etc/a.yaml" },
		.has_last_good = true }, { .path = (char []){ "/etc/b.yaml" } },
		{ .path = (char []){ "/etc/c.yaml" }, .has_last_good = true } };

	scan_files(s, SCAN_OK, NULL, NULL, file, 4);
	assert_non_null(strstr(s->a.hold, "/etc/b.yaml"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_count_like_a_jail),
		TEST(defaults_may_be_on_their_way),
		TEST(invalid_file_goes),
		TEST(which_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
