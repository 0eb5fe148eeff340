/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails that are down while it is not known whether their specs are gone for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "absence_scene.h"

/* It ends by itself, and an agent that looks at all of them sees it. */
static void
ends(struct scene *s)
{
	kernel_kill(&s->w, "j0");
	reconciler_look_all(&s->w.reconciler);
	world_rest(&s->w);
}

static void
one_that_is_gone_is_not_started(void **state)
{
	struct scene *s = *state;

	scan(s, NULL, one_gone);
	s->w.deeds[0] = '\0';
	ends(s);
	assert_string_equal(world_state(&s->w, "j0"), "progressing");
	assert_non_null(strstr(world_reason(&s->w, "j0"), "its spec is gone"));
	s->now += ABSENCE_MS;
	scan(s, NULL, NULL);
	assert_null(strstr(s->w.deeds, "create"));
	assert_non_null(strstr(s->w.deeds, "remove j0;"));
}

static void
one_that_is_back_is_started(void **state)
{
	struct scene *s = *state;
	char yaml[256];

	yaml_of(0, 1, yaml, sizeof yaml);
	scan(s, NULL, one_gone);
	ends(s);
	assert_int_equal(alive(s), JAILS - 1);
	scan(s, yaml, NULL);
	assert_int_equal(alive(s), JAILS);
}

/* Whatever holds it, and where nothing can prove it: it runs as it did. */
static void
one_that_is_held_is_started(void **state)
{
	struct scene *s = *state;
	struct scan_file bad = { .path = (char []){ "/etc/x.yaml" } };

	scan_with(s, SCAN_OK, NULL, one_gone, &bad);
	ends(s);
	assert_int_equal(alive(s), JAILS - 1);
	s->now += ABSENCE_MS;
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(alive(s), JAILS);
}

static void
one_without_a_directory_is_started(void **state)
{
	struct scene *s = *state;

	scan(s, NULL, one_gone);
	ends(s);
	assert_int_equal(alive(s), JAILS - 1);
	scan_with(s, SCAN_MISSING, NULL, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_gone_is_not_started),
		TEST(one_that_is_back_is_started),
		TEST(one_that_is_held_is_started),
		TEST(one_without_a_directory_is_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
