/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a jail while its restart waits for somebody's will. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "foreseen.h"

#define NEVER "agent: {restart: never}\n"

/* What plan says of the jail, is what apply does; it is blocked then. */
static void
does(struct world *w, const char *yaml, const char *deeds)
{
	assert_string_equal(foreseen(w, yaml), deeds);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, deeds);
	assert_int_equal(w->failures, 0);
	assert_string_equal(world_state(w, "a"), "blocked");
	trace_clear(w);
	world_apply(w, yaml);
	assert_int_equal(trace_mutations(w), 0);
	assert_string_equal(foreseen(w, yaml), "blocked a;");
}

static void
live_changes_are_made(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "host.hostname: one\n"));
	does(w, JAIL("a", "host.hostname: two\nosrelease: 14.0-RELEASE\n"
	    "children.max: 3\n" NEVER), "modify a;");
	assert_string_equal(live_text(w, "a", "host.hostname"), "two");
	assert_non_null(strstr(world_reason(w, "a"), "osrelease differs, "
	    "which needs a restart, and agent.restart is never"));
	/* What the spec says only meanwhile goes back to its default. */
	does(w, JAIL("a", "osrelease: 14.0-RELEASE\n" NEVER), "modify a;");
	assert_string_equal(live_text(w, "a", "host.hostname"), "");
	assert_string_equal(live_text(w, "a", "children.max"), "0");
	/* And nothing is left when the restart is not needed any more. */
	world_apply(w, JAIL("a", NEVER));
	assert_string_equal(world_state(w, "a"), "ready");
	assert_string_equal(foreseen(w, JAIL("a", NEVER)), "");
}

static void
reason_has_both(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", "host.hostname: two\n"
	    "exec.start: s\nexec.stop: t\n" NEVER);

	world_apply(w, JAIL("a", "host.hostname: one\n"));
	assert_string_equal(foreseen(w, changed), "modify a;");
	assert_string_equal(world_plan(w, "a"), "modify: host.hostname "
	    "differs; exec.start differs, which needs a restart, and "
	    "agent.restart is never; restart it by hand: jailagent restart a "
	    "[host.hostname:live]");
}

static void
healing_goes_on(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", "host.hostname: one\n"
	    "osrelease: 14.0-RELEASE\n" NEVER);

	world_apply(w, JAIL("a", "host.hostname: one\n"));
	assert_string_equal(foreseen(w, changed), "blocked a;");
	assert_true(kernel_set_text(w, "a", "host.hostname", "theirs") > 0);
	does(w, changed, "modify a;");
	assert_string_equal(live_text(w, "a", "host.hostname"), "one");
}

/* The hooks of a workload that does not run yet would stop the one that does. */
static void
hooks_wait(void **state)
{
	struct world *w = *state;
	const struct entry *e;

	world_apply(w, JAIL("a", "exec.start: s\nexec.stop: t\n"));
	does(w, JAIL("a", "exec.start: u\nexec.stop: v\nhost.hostname: h\n"
	    NEVER), "modify a;");
	e = inventory_find(&w->inventory, "a");
	assert_non_null(e);
	assert_string_equal(spec_text(e->applied, "exec.stop"), "t");
	assert_string_equal(spec_text(e->applied, "exec.start"), "s");
	assert_string_equal(spec_text(e->applied, "host.hostname"), "h");
}

/* Addresses are not taken away for an ip4 that the jail does not have yet. */
static void
what_belongs_together_waits(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "ip4.addr: 192.0.2.1\n"));
	does(w, JAIL("a", "vnet: new\nhost.hostname: h\n" NEVER), "modify a;");
	assert_string_equal(live_text(w, "a", "ip4.addr"), "192.0.2.1");
	assert_string_equal(live_text(w, "a", "host.hostname"), "h");
}

/* Nobody gets an address whose giving up waits. */
static void
claims_wait_too(void **state)
{
	struct world *w = *state;
	const char *set = JAIL("a", "vnet: new\nhost.hostname: h\n" NEVER)
	    "---\n" JAIL("b", "ip4.addr: [192.0.2.1, 192.0.2.2]\n");

	world_apply(w, JAIL("a", "ip4.addr: [192.0.2.1, 192.0.2.3]\n"));
	assert_string_equal(foreseen(w, set), "modify a;blocked b;");
	world_apply(w, set);
	assert_string_equal(w->deeds, "modify a;");
	assert_string_equal(world_state(w, "b"), "blocked");
}

/* The letters of apply are jail(8)'s: -cm is an error, and changes nothing. */
static void
letters_of_a_pass(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", "host.hostname: two\n"
	    "osrelease: 14.0-RELEASE\n");
	struct reconcile_options agent = { .letters = LETTER_C | LETTER_M,
		.prune = true, .healing = true };

	world_apply(w, JAIL("a", "host.hostname: one\n"));
	trace_clear(w);
	world_apply_with(w, changed, LETTER_C | LETTER_M, 1);
	assert_int_equal(trace_mutations(w), 0);
	assert_string_equal(world_state(w, "a"), "blocked");
	/* An agent with these letters keeps the jail as far as it may. */
	w->deeds[0] = '\0';
	world_reconciler(w, &agent);
	world_want(w, changed);
	world_rest(w);
	assert_string_equal(w->deeds, "modify a;");
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_true(kernel_set_text(w, "a", "host.hostname", "theirs") > 0);
	reconciler_look(&w->reconciler, reconciler_jail(&w->reconciler, "a",
	    false));
	world_rest(w);
	assert_string_equal(w->deeds, "modify a;modify a;");
	assert_string_equal(live_text(w, "a", "host.hostname"), "two");
}

#define TEST(name)                                                      \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(live_changes_are_made),
		TEST(reason_has_both),
		TEST(healing_goes_on),
		TEST(hooks_wait),
		TEST(what_belongs_together_waits),
		TEST(claims_wait_too),
		TEST(letters_of_a_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
