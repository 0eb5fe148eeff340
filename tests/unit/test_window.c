/* SPDX-License-Identifier: BSD-2-Clause */
/* The window of --max-remove: what counts, and that it outlives the agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "absence_scene.h"

static void
window_saved(struct scene *s)
{
	struct error err;

	assert_int_equal(window_save(&s->a.window, s->w.paths.removals, "boot",
	    &err), 0);
}

/* The agent ends, and another one starts, in this boot or another. */
static void
agent_again(struct scene *s, const char *boot, unsigned first)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	char yaml[2048];

	absence_free(&s->a);
	reconciler_free(&s->w.reconciler);
	s->w.has_reconciler = false;
	world_restart(&s->w);
	world_reconciler(&s->w, &opt);
	s->a.limit.value = -1;
	s->a.seen = true;
	window_load(&s->a.window, s->w.paths.removals, boot, s->now);
	yaml_of(first, JAILS - first, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	s->now += 2000;
	scan(s, NULL, NULL);
}

/* What was removed counts on when the agent is started again. */
static void
window_outlives_the_agent(void **state)
{
	struct scene *s = *state;

	window_saved(s);
	agent_again(s, "boot", 2);
	assert_int_equal(alive(s), JAILS - 2);
	window_saved(s);
	agent_again(s, "boot", 3);
	assert_int_equal(alive(s), JAILS - 2);
	assert_non_null(strstr(s->a.hold, "--max-remove"));
	window_saved(s);
	/* So do those that were too many at once: two of three are back. */
	s->now += 2 * REMOVAL_WINDOW_MS;
	agent_again(s, "boot", 2);
	window_saved(s);
	agent_again(s, "boot", 6);
	assert_int_equal(s->a.held, 4);
	window_saved(s);
	agent_again(s, "boot", 3);
	assert_int_equal(s->a.held, 1);
	assert_non_null(strstr(s->a.hold, "4 specs were gone at once"));
	/* Times of another boot say nothing. */
	window_saved(s);
	agent_again(s, "other", 3);
	assert_int_equal(alive(s), JAILS - 3);
}

/* A removal that was cut short was allowed already. */
static void
counted_once(void **state)
{
	struct scene *s = *state;
	const struct entry *e = inventory_find(&s->w.inventory, "j1");

	window_add(&s->a.window, e->token, JAILS, s->now);
	window_add(&s->a.window, e->token, JAILS, s->now);
	window_add(&s->a.window, "0123", JAILS, s->now);
	assert_int_equal(s->a.window.count, 2);
	scan(s, NULL, (const char *const []){ "j1", NULL });
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	assert_int_equal(s->a.window.count, 2);
	scan(s, NULL, one_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

/* They ended, and others have their names now: nothing is removed with them. */
static void
replaced_ones_do_not_count(void **state)
{
	static const char *const gone[] = { "j0", "j1", "j2", "j3", NULL };
	struct scene *s = *state;
	int jid[4];

	for (int i = 0; i < 4; i++) {
		kernel_kill(&s->w, gone[i]);
		jid[i] = kernel_make_at(&s->w, gone[i], s->w.dir.path);
	}
	scan(s, NULL, gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_null(s->a.hold);
	assert_int_equal(s->a.window.count, 0);
	assert_int_equal(s->w.reconciler.count, JAILS - 4);
	for (int i = 0; i < 4; i++) {
		assert_null(inventory_find(&s->w.inventory, gone[i]));
		assert_int_equal(kernel_jid(&s->w, gone[i]), jid[i]);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(window_outlives_the_agent),
		TEST(counted_once),
		TEST(replaced_ones_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
