/* SPDX-License-Identifier: BSD-2-Clause */
/* A saved plan, while somebody else changes jails that the pass comes to later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/foresee.h"
#include "agent_fixture.h"

static const char *victim;

/* When the first jail is done, somebody changes another one. */
static void
meddle(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	struct world *w = arg;

	world_told(arg, m, a, o);
	if (w->told == 1 && victim != NULL)
		kernel_set_text(w, victim, "host.hostname", "theirs");
}

/* As a pass does: who is not said is removed, or left as it is. */
static void
want(struct world *w, const char *yaml)
{
	struct reconciler *r = &w->reconciler;

	world_want(w, yaml);
	for (size_t i = 0; i < r->count; i++)
		if (!r->jail[i]->said && !r->opt.prune) {
			spec_free(r->jail[i]->desired);
			r->jail[i]->desired = NULL;
		}
}

/* What is foreseen, as a file has it: those alone with something to do. */
static void
make_plan(struct reconciler *r, struct bound_plan *plan)
{
	struct action *actions = foresee(r);
	struct bound_plan all;
	struct error err;

	error_clear(&err);
	memset(plan, 0, sizeof *plan);
	assert_non_null(actions);
	assert_int_equal(bound_make(r, actions, &all, &err), 0);
	for (size_t i = 0; i < all.count; i++)
		if (all.jail[i].kind != ACTION_NONE)
			assert_int_equal(bound_add(plan, all.jail[i].name,
			    all.jail[i].kind, all.jail[i].digest), 0);
	bound_free(&all);
	for (size_t i = 0; i < r->count; i++)
		action_free(&actions[i]);
	free(actions);
}

/* One jail at a time is made as plan said before; meanwhile `name` changes. */
static void
pass_with(struct world *w, bool prune, const char *yaml, const char *name,
    struct bound_plan *plan)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = prune, .parallel = 1 };

	world_reconciler(w, &opt);
	want(w, yaml);
	make_plan(&w->reconciler, plan);
	w->told = w->failures = 0;
	w->deeds[0] = '\0';
	opt.bound = plan;
	world_reconciler(w, &opt);
	victim = name;
	w->reconciler.opt.told = meddle;
	want(w, yaml);
	world_settle(w);
}

static void
pass(struct world *w, const char *yaml, const char *name,
    struct bound_plan *plan)
{
	pass_with(w, true, yaml, name, plan);
}

static const char *
hostname_of(struct world *w, const char *name)
{
	static char text[64];
	struct live live;

	assert_int_equal(live_read(&w->observer, name, NULL, NULL, &live,
	    NULL), 0);
	snprintf(text, sizeof text, "%s", row_text(&live.row,
	    "host.hostname"));
	live_free(&live);
	return text;
}

static void
jail_that_waits_for_a_slot(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("b", "host.hostname: one\n") "---\n"
	    JAIL("c", "host.hostname: one\n"));
	pass(w, JAIL("a", "") "---\n"
	    JAIL("b", "host.hostname: one\nosrelease: 14.0\n") "---\n"
	    JAIL("c", "host.hostname: one\nosrelease: 14.0\n"), "b", &plan);
	assert_string_equal(w->deeds, "create a;restart c;");
	assert_string_equal(hostname_of(w, "b"), "theirs");
	assert_true(bound_refused(&plan, "b"));
	assert_false(bound_refused(&plan, "c"));
	bound_free(&plan);
}

static void
jail_that_goes_down_for_another(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("b", "") "---\n"
	    JAIL("c", "depend: [b]\nhost.hostname: one\n"));
	pass(w, JAIL("a", "") "---\n"
	    JAIL("b", "osrelease: 14.0\n") "---\n"
	    JAIL("c", "depend: [b]\nhost.hostname: one\n"), "c", &plan);
	assert_string_equal(w->deeds, "create a;");
	assert_string_equal(hostname_of(w, "c"), "theirs");
	assert_non_null(strstr(world_reason(w, "b"), "would stop c"));
	bound_free(&plan);
}

/* What a parent's own change does to those below it is nobody else's. */
static void
jail_below_one_that_is_changed(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("b", "children.max: 3\nallow.mount: true\n")
	    "---\n" JAIL("b.x", "allow.mount: true\nhost.hostname: one\n"));
	pass(w, JAIL("a", "") "---\n"
	    JAIL("b", "children.max: 3\nallow.mount: false\n") "---\n"
	    JAIL("b.x", "allow.mount: false\nhost.hostname: two\n"), NULL,
	    &plan);
	assert_int_equal(w->failures, 0);
	assert_int_equal(bound_stale(&plan), 0);
	assert_string_equal(hostname_of(w, "b.x"), "two");
	bound_free(&plan);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

/* What is blocked, and runs, is enough for those that depend on it. */
static void
jail_that_depends_on_a_blocked_one(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("p", "") "---\n" JAIL("b", "depend: [p]\n"));
	pass(w, JAIL("p", "osrelease: 14.0\ndepend: [nobody]\n") "---\n"
	    JAIL("b", "osrelease: 14.0\ndepend: [p]\n"), NULL, &plan);
	assert_string_equal(w->deeds, "restart b;");
	bound_free(&plan);
}

/* One that no spec says goes down and comes back: its plan is true meanwhile. */
static void
jail_that_no_spec_says(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("d", "") "---\n"
	    JAIL("b", "depend: [d]\nchildren.max: 3\n") "---\n"
	    JAIL("b.x", "") "---\n" JAIL("a", "depend: [b]\n"));
	pass_with(w, false, JAIL("d", "osrelease: 14.0\n") "---\n"
	    JAIL("b", "depend: [d]\nchildren.max: 3\n") "---\n"
	    JAIL("a", "depend: [b]\n"), NULL, &plan);
	assert_int_equal(bound_stale(&plan), 0);
	assert_non_null(strstr(w->deeds, "restart d;"));
	assert_non_null(strstr(w->deeds, "create b.x;"));
	assert_string_equal(world_state(w, "a"), "ready");
	bound_free(&plan);
}

/* One that runs on when what it depends on restarts has no part in the plan. */
static void
jail_that_is_spared(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("c", "") "---\n"
	    JAIL("b", "depend: [c]\nchildren.max: 3\n") "---\n"
	    JAIL("b.x", ""));
	pass(w, JAIL("c", "osrelease: 14.0\n") "---\n"
	    JAIL("b", "depend: [c]\nchildren.max: 3\n") "---\n"
	    JAIL("b.x", "depend: [nobody]\n"), NULL, &plan);
	assert_int_equal(bound_stale(&plan), 0);
	assert_non_null(strstr(w->deeds, "restart c;"));
	assert_null(strstr(w->deeds, "restart b"));
	bound_free(&plan);
}

/* That a plan is stale for one makes it so for who cannot restart without it. */
static void
jail_that_cannot_restart(void **state)
{
	struct world *w = *state;
	struct bound_plan plan;

	world_apply(w, JAIL("c", "") "---\n" JAIL("b", "depend: [c]\n"));
	pass(w, JAIL("a", "") "---\n" JAIL("c", "osrelease: 14.0\n") "---\n"
	    JAIL("b", "depend: [c]\n"), "b", &plan);
	assert_string_equal(w->deeds, "create a;");
	assert_true(bound_refused(&plan, "b"));
	assert_true(bound_refused(&plan, "c"));
	assert_int_equal(bound_stale(&plan), 2);
	bound_free(&plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(jail_that_waits_for_a_slot),
		TEST(jail_that_goes_down_for_another),
		TEST(jail_that_depends_on_a_blocked_one),
		TEST(jail_that_no_spec_says),
		TEST(jail_that_is_spared),
		TEST(jail_that_cannot_restart),
		TEST(jail_below_one_that_is_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
