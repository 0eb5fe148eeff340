/* SPDX-License-Identifier: BSD-2-Clause */
/* The reconciler as the agent has it: it goes on, tries again, and heals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

#define PATIENCE_MS 20000

/* One turn of the loop, in which no state is passed over. */
static void
turn(struct world *w)
{
	struct timeval tv = { 0, 5000 };

	event_base_loopexit(w->base, &tv);
	event_base_loop(w->base, EVLOOP_ONCE);
}

/* Goes on until it is so; a busy host may take its time. */
#define UNTIL(w, condition)                                             \
	do {                                                            \
		int64_t end_ms = clock_ms() + PATIENCE_MS;              \
                                                                        \
		while (!(condition) && clock_ms() < end_ms)             \
			turn(w);                                        \
		assert_true(condition);                                 \
	} while (0)

/* Nothing is to be done about a jail, or not yet. */
static bool
calm(struct world *w, const char *name)
{
	const struct managed *m = reconciler_jail(&w->reconciler, name, false);

	return m != NULL && !m->dirty && !m->fresh &&
	    m->machine != MACHINE_WORKING && m->state != STATE_PROGRESSING;
}

static bool
has_done(const struct world *w, const char *deeds)
{
	return strcmp(w->deeds, deeds) == 0;
}

static bool
is(struct world *w, const char *name, const char *state)
{
	return calm(w, name) && strcmp(world_state(w, name), state) == 0;
}

static void
new_spec_is_tried_at_once(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;
	struct managed *m;

	world_reconciler(w, &opt);
	world_want(w, NO_ROOT("web", "agent: {retry: {initial: 4m}}\n"));
	UNTIL(w, w->failures > 0); /* its hook has ended */
	assert_string_equal(w->deeds, "!create web;");
	m = reconciler_jail(&w->reconciler, "web", false);
	assert_int_equal(m->machine, MACHINE_WAITING);
	assert_true(m->retry_at > 0);
	world_want(w, JAIL("web", ""));
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "!create web;create web;");
	world_want(w, "");
	UNTIL(w, w->reconciler.count == 0);
}

/* The spec changes, or goes, while the operation for the old one runs. */
static void
changes_during_an_operation(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;

	world_reconciler(w, &opt);
	world_want(w, JAIL("web", "exec.start: [a, b, c]\n"));
	event_base_loop(w->base, EVLOOP_ONCE);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->reconciler.working, 1);
	world_want(w, JAIL("web", "exec.start: [a, b, d]\n"));
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "!create web;create web;");
	world_want(w, JAIL("two", "exec.start: [a, b, c]\n") "---\n"
	    JAIL("web", "exec.start: [a, b, d]\n"));
	event_base_loop(w->base, EVLOOP_ONCE);
	event_base_loop(w->base, EVLOOP_ONCE);
	world_want(w, JAIL("web", "exec.start: [a, b, d]\n"));
	UNTIL(w, w->reconciler.count == 1);
	assert_int_equal(kernel_jid(w, "two"), 0);
	assert_int_equal(w->inventory.count, 1);
	/* And the process may end in the middle. */
	world_want(w, JAIL("web", "exec.start: [a, b, e]\n"));
	event_base_loop(w->base, EVLOOP_ONCE);
	event_base_loop(w->base, EVLOOP_ONCE);
}

static void
ended_jail_comes_back(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;
	struct managed *m;

	world_reconciler(w, &opt);
	world_want(w, JAIL("web", ""));
	UNTIL(w, is(w, "web", "ready"));
	kernel_kill(w, "web");
	reconciler_look_all(&w->reconciler);
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "create web;create web;");
	m = reconciler_jail(&w->reconciler, "web", false);
	assert_int_equal(m->restarts, 1);
	/* The second time it waits. */
	kernel_kill(w, "web");
	reconciler_look_all(&w->reconciler);
	UNTIL(w, is(w, "web", "failed"));
	assert_int_equal(m->machine, MACHINE_WAITING);
}

/* What others change is set back at once, and not for ever at that pace. */
static void
drift_that_comes_back_waits(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;
	struct managed *m;

	world_reconciler(w, &opt);
	world_want(w, JAIL("web", "host.hostname: mine\n"
	    "agent: {retry: {initial: 100ms}}\n"));
	UNTIL(w, is(w, "web", "ready"));
	assert_true(kernel_set_text(w, "web", "host.hostname", "theirs") > 0);
	reconciler_look_all(&w->reconciler);
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "create web;modify web;");
	assert_true(kernel_set_text(w, "web", "host.hostname", "theirs") > 0);
	reconciler_look_all(&w->reconciler);
	UNTIL(w, is(w, "web", "failed"));
	m = reconciler_jail(&w->reconciler, "web", false);
	assert_int_equal(m->machine, MACHINE_WAITING);
	assert_non_null(strstr(world_reason(w, "web"), "host.hostname differs, "
	    "2 times now: somebody else changes it"));
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "create web;modify web;modify web;");
	/* Another spec is applied at once, however often it changes. */
	for (int i = 0; i < 4; i++) {
		world_want(w, i % 2 == 0 ? JAIL("web", "host.hostname: a\n") :
		    JAIL("web", "host.hostname: b\n"));
		UNTIL(w, calm(w, "web"));
		assert_string_equal(world_state(w, "web"), "ready");
	}
}

/* The same where it takes a restart: by a jail that passes for the agent's. */
static void
drift_that_takes_a_restart_waits(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;
	char token[TOKEN_SIZE];

	world_reconciler(w, &opt);
	world_want(w, JAIL("web", "agent: {retry: {initial: 300ms}}\n"));
	UNTIL(w, is(w, "web", "ready"));
	for (int i = 0; i < 2; i++) {
		snprintf(token, sizeof token, "%s", inventory_find(
		    &w->inventory, "web")->token);
		kernel_kill(w, "web");
		assert_true(kernel_make_at(w, "web", "/") > 0);
		assert_true(kernel_set_text(w, "web", TOKEN_KEY, token) > 0);
		reconciler_look_all(&w->reconciler);
		UNTIL(w, is(w, "web", i == 0 ? "ready" : "failed"));
		assert_string_equal(w->deeds, "create web;restart web;");
	}
	assert_non_null(strstr(world_reason(w, "web"), "path changed, which "
	    "needs a restart, 2 times now: somebody else changes it"));
	UNTIL(w, is(w, "web", "ready"));
	assert_string_equal(w->deeds, "create web;restart web;restart web;");
}

#define CHILD "host.hostname: mine\nagent: {retry: {initial: 4m}}\n"

/* A parent goes down although its child waits for its next try. */
static void
waiting_child_stops_nobody(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world *w = *state;

	world_reconciler(w, &opt);
	world_want(w, JAIL("p", "children.max: 3\n") "---\n"
	    JAIL("p.c", CHILD));
	UNTIL(w, is(w, "p", "ready") && is(w, "p.c", "ready"));
	for (int i = 0; i < 2; i++) {
		assert_true(kernel_set_text(w, "p.c", "host.hostname",
		    "theirs") > 0);
		reconciler_look_all(&w->reconciler);
		UNTIL(w, is(w, "p.c", i == 0 ? "ready" : "failed"));
	}
	world_want(w, JAIL("p", "children.max: 3\nexec.start: x\n") "---\n"
	    JAIL("p.c", CHILD));
	UNTIL(w, is(w, "p", "ready") && is(w, "p.c", "ready"));
}

/* One that needs its slot no more does not keep the next one waiting. */
static void
slot_is_passed_on(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true, .parallel = 1 };
	struct world *w = *state;

	world_reconciler(w, &opt);
	world_want(w, JAIL("b", "") "---\n" JAIL("c", ""));
	UNTIL(w, is(w, "b", "ready") && is(w, "c", "ready"));
	world_want(w, JAIL("a", "exec.start: [x, y, z]\n") "---\n"
	    JAIL("b", "exec.start: x\n") "---\n"
	    JAIL("c", "exec.start: x\n"));
	event_base_loop(w->base, EVLOOP_ONCE);
	event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->reconciler.working, 1);
	world_want(w, JAIL("a", "exec.start: [x, y, z]\n") "---\n"
	    JAIL("b", "") "---\n" JAIL("c", "exec.start: x\n"));
	UNTIL(w, has_done(w, "create b;create c;create a;restart c;"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_spec_is_tried_at_once),
		TEST(changes_during_an_operation),
		TEST(ended_jail_comes_back),
		TEST(drift_that_comes_back_waits),
		TEST(drift_that_takes_a_restart_waits),
		TEST(waiting_child_stops_nobody),
		TEST(slot_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
