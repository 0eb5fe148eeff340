/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An end is put to what has none.  No set of specs is known that has none, so
 * somebody else keeps it going here each time that the loop has turned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/act.h"
#include "agent/reconcile/rounds.h"
#include "agent_fixture.h"

#define WAITS "name: a\npath: @\npersist: true\ndepend: [none]\n"
#define RUNS "name: a\npath: @\npersist: true\n"

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	world_make(w, JAIL_GEN_15);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_remove(*state);
	free(*state);
	return 0;
}

static void
counts_since(void **state)
{
	struct rounds n = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_false(rounds_over(&n, 7, 3));
	assert_true(rounds_over(&n, 7, 3));
	assert_true(rounds_over(&n, 7, 3));
	assert_int_equal(n.count, 4);
	assert_false(rounds_over(&n, 8, 3));
	assert_int_equal(n.count, 1);
}

static void
look_again(void *arg)
{
	struct world *w = arg;
	struct managed *m = reconciler_jail(&w->reconciler, "a", false);

	reconciler_look(&w->reconciler, m);
}

/* As other jails do that are to go first. */
static void
stop_again(void *arg)
{
	struct world *w = arg;
	struct managed *m = reconciler_jail(&w->reconciler, "a", false);

	if (m->state == STATE_READY && m->machine == MACHINE_IDLE)
		act_stop(&w->reconciler, m, "somebody wants it to be down");
}

static void
run(struct world *w, const char *yaml, void (*turned)(void *), bool healing)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = healing, .turned = turned };

	world_reconciler(w, &opt);
	world_want(w, yaml);
}

static void
looked_at_for_ever(void **state)
{
	struct world *w = *state;
	struct reconciler *r = &w->reconciler;
	int64_t end = clock_ms() + 10000;

	for (int healing = 0; healing < 2; healing++) {
		run(w, WAITS, look_again, healing == 1);
		while (strcmp(world_state(w, "a"), "failed") != 0) {
			assert_true(clock_ms() < end);
			assert_int_not_equal(event_base_loop(w->base,
			    EVLOOP_ONCE), -1);
		}
		assert_non_null(strstr(world_reason(w, "a"), "looked at 1100 "
		    "times"));
		assert_non_null(strstr(world_reason(w, "a"), "depends on none"));
		assert_int_equal(r->waiting, 0);
		/* The agent tries it again later. */
		assert_int_equal(r->jail[0]->machine, healing == 1 ?
		    MACHINE_WAITING : MACHINE_IDLE);
	}
	/* Another spec is another matter. */
	r->opt.turned = NULL;
	world_want(w, RUNS);
	world_settle(w);
	assert_string_equal(world_state(w, "a"), "ready");
}

/* What is as it shall be is left so. */
static void
looked_at_while_ready(void **state)
{
	struct world *w = *state;

	world_apply(w, RUNS);
	run(w, RUNS, look_again, false);
	for (int i = 0; i < 3000; i++)
		assert_int_not_equal(event_base_loop(w->base,
		    EVLOOP_ONCE), -1);
	assert_string_equal(world_state(w, "a"), "ready");
}

static void
stopped_for_ever(void **state)
{
	struct world *w = *state;

	run(w, RUNS, stop_again, false);
	world_settle(w);
	assert_string_equal(world_state(w, "a"), "failed");
	assert_non_null(strstr(world_reason(w, "a"), "changed 16 times"));
	world_apply(w, RUNS);
	assert_string_equal(world_state(w, "a"), "ready");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_since),
		TEST(looked_at_for_ever),
		TEST(looked_at_while_ready),
		TEST(stopped_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
