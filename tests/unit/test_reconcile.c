/* SPDX-License-Identifier: BSD-2-Clause */
/* The reconciler on the backend model: order, failures, letters, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

/* ------------------------------------------------- an apply has an end */

static void
failing_create_is_tried_once(void **state)
{
	struct world *w = *state;

	world_apply(w, NO_ROOT("web", ""));
	assert_int_equal(w->told, 1);
	assert_int_equal(w->failures, 1);
	assert_string_equal(world_state(w, "web"), "failed");
	assert_non_null(strstr(world_reason(w, "web"), "/does/not/exist"));
	assert_int_equal(kernel_jid(w, "web"), 0);
	assert_int_equal(w->inventory.count, 0);
}

/* The jid of another jail is nothing to be tried. */
static void
jid_is_waited_for(void **state)
{
	struct world *w = *state;

	kernel_make(w, "other");
	world_apply(w, "name: web\npath: @\npersist: true\njid: 1\n");
	assert_int_equal(w->told, 0);
	assert_string_equal(world_state(w, "web"), "blocked");
	assert_non_null(strstr(world_reason(w, "web"), "the jail other"));
}

static void
jail_that_ends_at_once_is_made_once(void **state)
{
	struct world *w = *state;

	world_apply(w, "name: web\npath: @\nexec.start: true\n");
	assert_string_equal(w->deeds, "create web;");
	assert_string_equal(world_state(w, "web"), "failed");
	assert_non_null(strstr(world_reason(w, "web"), "ended"));
}

static void
letters_restart_restarts_once(void **state)
{
	struct world *w = *state;
	const char *yaml = "name: web\npath: @\npersist: true\n";
	int jid;

	world_apply_with(w, yaml, LETTER_C | LETTER_R, 16);
	assert_string_equal(w->deeds, "create web;");
	jid = kernel_jid(w, "web");
	world_apply_with(w, yaml, LETTER_C | LETTER_R, 16);
	assert_string_equal(w->deeds, "restart web;");
	assert_string_equal(world_state(w, "web"), "ready");
	assert_int_not_equal(kernel_jid(w, "web"), jid);
}

static void
letter_create_creates(void **state)
{
	struct world *w = *state;
	const char *yaml = "name: web\npath: @\npersist: true\n";

	world_apply_with(w, yaml, LETTER_C, 16);
	assert_string_equal(w->deeds, "create web;");
	assert_string_equal(world_state(w, "web"), "ready");
	world_apply_with(w, yaml, LETTER_C, 16);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "web"), "blocked");
}

static void
letter_remove_removes(void **state)
{
	struct world *w = *state;

	world_apply(w, "name: web\npath: @\npersist: true\n");
	world_apply_with(w, "name: web\npath: /does/not/exist\n"
	    "persist: true\n", LETTER_R, 16);
	assert_string_equal(w->deeds, "remove web;");
	assert_string_equal(world_state(w, "web"), "stopped");
	assert_int_equal(kernel_jid(w, "web"), 0);
}

/* ---------------------------------------------------------------- order */

static void
dependencies_first(void **state)
{
	struct world *w = *state;

	for (unsigned parallel = 0; parallel < 3; parallel++) {
		world_apply_with(w, JAIL("a", "depend: [b]\n") "---\n"
		    JAIL("b", "depend: [c]\n") "---\n" JAIL("c", ""),
		    ALL_LETTERS, parallel);
		assert_string_equal(w->deeds, "create c;create b;create a;");
		world_apply_with(w, "", ALL_LETTERS, parallel);
		assert_string_equal(w->deeds, "remove a;remove b;remove c;");
		assert_int_equal(w->inventory.count, 0);
		assert_int_equal(w->reconciler.count, 0);
	}
}

static void
loops_name_their_chain(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [c]\n") "---\n"
	    JAIL("c", "depend: [a]\n") "---\n"
	    JAIL("d", "depend: [a]\n") "---\n"
	    JAIL("p", "depend: [p.q]\nchildren.max: 2\n") "---\n"
	    JAIL("p.q", "") "---\n" JAIL("z", ""));
	assert_string_equal(w->deeds, "create z;");
	assert_string_equal(world_state(w, "b"), "blocked");
	assert_string_equal(world_reason(w, "b"),
	    "dependency loop: b -> c -> a -> b");
	assert_string_equal(world_state(w, "d"), "blocked");
	assert_string_equal(world_state(w, "p"), "blocked");
	assert_string_equal(world_reason(w, "p"),
	    "dependency loop: p -> p.q -> p");
}

static void
blocked_dependency_is_told(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [nobody]\n"));
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_non_null(strstr(world_reason(w, "a"), "waits for b"));
	assert_non_null(strstr(world_reason(w, "b"), "nobody"));
	/* A living jail of somebody else satisfies it. */
	kernel_make(w, "nobody");
	world_apply(w, JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [nobody]\n"));
	assert_string_equal(w->deeds, "create b;create a;");
}

static void
failing_dependency_blocks(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [b]\n") "---\n" NO_ROOT("b", ""));
	assert_string_equal(w->deeds, "!create b;");
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_string_equal(world_state(w, "b"), "failed");
}

/* Children go down by their own hooks before their parent does. */
static void
parent_restarts_after_its_children(void **state)
{
	struct world *w = *state;
	const char *children = "---\n" JAIL("a.b", "") "---\n"
	    JAIL("a.c", "depend: [a.b]\n");
	char yaml[2048];

	for (unsigned parallel = 0; parallel < 3; parallel++) {
		snprintf(yaml, sizeof yaml, "%s%s",
		    JAIL("a", "children.max: 5\n"), children);
		world_apply_with(w, yaml, ALL_LETTERS, parallel);
		assert_string_equal(w->deeds,
		    "create a;create a.b;create a.c;");
		/* Another process does it: nothing is known but the journal. */
		reconciler_free(&w->reconciler);
		w->has_reconciler = false;
		world_restart(w);
		snprintf(yaml, sizeof yaml, "%s%s",
		    JAIL("a", "children.max: 5\nexec.start: x\n"), children);
		world_apply_with(w, yaml, ALL_LETTERS, parallel);
		assert_int_equal(w->failures, 0);
		assert_true(strstr(w->deeds, "restart a;") >
		    strstr(w->deeds, "restart a.b;"));
		assert_true(strstr(w->deeds, "restart a;") >
		    strstr(w->deeds, "restart a.c;"));
		assert_non_null(strstr(w->deeds,
		    "restart a;create a.b;create a.c;"));
		assert_string_equal(world_state(w, "a.c"), "ready");
		world_apply_with(w, yaml, ALL_LETTERS, parallel);
		assert_string_equal(w->deeds, "");
		world_apply_with(w, "", ALL_LETTERS, parallel);
		assert_string_equal(w->deeds,
		    "remove a.c;remove a.b;remove a;");
	}
}

static void
dependants_follow_a_restart(void **state)
{
	struct world *w = *state;
	const char *rest = "---\n" JAIL("u", "depend: [db]\n") "---\n"
	    JAIL("v", "depend: [db]\n") "---\n"
	    JAIL("w", "depend: [db]\nagent: {follow_depend: false}\n");
	char yaml[2048];

	snprintf(yaml, sizeof yaml, "%s%s", JAIL("db", ""), rest);
	world_apply(w, yaml);
	assert_int_equal(w->told, 4);
	snprintf(yaml, sizeof yaml, "%s%s", JAIL("db", "exec.start: x\n"),
	    rest);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "restart u;restart v;restart db;"
	    "create u;create v;");
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
}

static void
foreign_parent_is_a_conflict(void **state)
{
	struct world *w = *state;

	kernel_make(w, "theirs");
	world_apply(w, JAIL("theirs.mine", ""));
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "theirs.mine"), "conflict");
}

static void
same_name_of_somebody_else(void **state)
{
	struct world *w = *state;
	int jid = kernel_make(w, "web");

	world_apply(w, JAIL("web", "") "---\n" JAIL("ok", ""));
	assert_string_equal(w->deeds, "create ok;");
	assert_string_equal(world_state(w, "web"), "conflict");
	assert_int_equal(kernel_jid(w, "web"), jid);
	/* It took the name of ours: still not touched, nor removed. */
	kernel_kill(w, "ok");
	jid = kernel_make(w, "ok");
	world_apply(w, "");
	assert_int_equal(kernel_jid(w, "ok"), jid);
}

/* The kernel refuses any mention of vnet beside addresses. */
static void
vnet_that_is_inherited_may_be_said(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("web", "vnet: inherit\nip4.addr: 10.0.0.1\n"));
	assert_string_equal(w->deeds, "create web;");
	assert_string_equal(w->error, "");
	assert_string_equal(world_plan(w, "web"), "none: no difference []");
	world_apply(w, JAIL("web", "ip4.addr: 10.0.0.1\n"));
	assert_string_equal(w->deeds, "modify web;");
	world_apply(w, JAIL("web", "vnet: inherit\nip4: inherit\n"));
	assert_string_equal(w->error, "");
	assert_string_equal(world_plan(w, "web"), "none: no difference []");
}

static void
parallel_limit_lets_all_through(void **state)
{
	struct world *w = *state;
	char yaml[8192] = "";
	size_t n = 0;

	for (unsigned i = 0; i < 40; i++)
		n += (size_t)snprintf(yaml + n, sizeof yaml - n,
		    "%sname: j%u\npath: @\npersist: true\nexec.start: x\n",
		    i == 0 ? "" : "---\n", i);
	world_apply_with(w, yaml, ALL_LETTERS, 1);
	assert_int_equal(w->told, 40);
	assert_int_equal(w->failures, 0);
}

/* ------------------------------------------------------- what is left */

/* After a boot no jail lives: no hooks of the old ones are run. */
static void
boot_runs_no_stop_hooks(void **state)
{
	struct world *w = *state;
	const char *yaml = JAIL("web", "exec.poststop: x\nexec.start: y\n");
	struct entry *e;

	world_apply(w, yaml);
	kernel_kill(w, "web");
	e = inventory_find(&w->inventory, "web");
	assert_non_null(e);
	snprintf(e->boot, sizeof e->boot, "another");
	trace_clear(w);
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove web;");
	assert_int_equal(trace_count(w, "spawn"), 0);
	assert_int_equal(w->inventory.count, 0);
}

static void
dead_jail_is_cleaned_up_once(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("web", "exec.poststop: x\nexec.stop: y\n"));
	kernel_kill(w, "web");
	trace_clear(w);
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove web;");
	assert_int_equal(trace_count(w, "spawn 0 x"), 1);
	assert_int_equal(trace_count(w, "spawn"), 1);
}

static void
failing_step_leaves_nothing(void **state)
{
	struct world *w = *state;

	world_apply(w, NO_ROOT("web", "exec.prepare: a\n"
	    "exec.poststop: c\nexec.release: d\n"));
	assert_string_equal(w->deeds, "!create web;");
	assert_int_equal(trace_count(w, "spawn 0 a"), 1);
	assert_int_equal(trace_count(w, "spawn 0 c"), 1);
	assert_int_equal(trace_count(w, "spawn 0 d"), 1);
	assert_int_equal(trace_count(w, "remove"), 0);
	assert_int_equal(w->inventory.count, 0);
	assert_int_equal(access(world_path(w, "run/applied/web.yaml"),
	    F_OK), -1);
}

static void
modify_that_the_kernel_would_refuse(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("p", "ip4: inherit\n") "---\n"
	    JAIL("p.c", "") "---\n" JAIL("p.d", "ip4.addr: [192.0.2.1, "
	    "192.0.2.2]\n"));
	world_apply(w, JAIL("p", "ip4: inherit\n") "---\n"
	    JAIL("p.c", "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("p.d", "ip4.addr: [192.0.2.1, 192.0.2.2]\n"));
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "p.c"), "blocked");
	assert_string_equal(world_state(w, "p"), "ready");
}

static void
spec_without_applied_stops_with_its_hooks(void **state)
{
	struct world *w = *state;
	const char *yaml = JAIL("web", "exec.stop: y\n");

	world_apply(w, yaml);
	assert_int_equal(unlink(world_path(w, "run/applied/web.yaml")), 0);
	reconciler_free(&w->reconciler);
	w->has_reconciler = false;
	world_restart(w);
	trace_clear(w);
	world_apply_with(w, yaml, LETTER_R, 16);
	assert_string_equal(w->deeds, "remove web;");
	assert_int_equal(trace_count(w, "spawn"), 1);
}

/* --------------------------------------------------------- the letters */

static void
letters_table(void **state)
{
	static const struct {
		unsigned letters;
		const char *absent, *live, *restart;
	} rows[] = {
		{ LETTER_C, "create", "blocked", "blocked" },
		{ LETTER_M, "blocked", "modify", "blocked" },
		{ LETTER_C | LETTER_M, "create", "modify", "blocked" },
		{ LETTER_M | LETTER_R, "blocked", "modify", "restart" },
		{ ALL_LETTERS, "create", "modify", "restart" },
		{ LETTER_R | LETTER_C, "create", "restart", "restart" },
		{ LETTER_R, "none", "remove", "remove" },
	};
	struct world *w = *state;

	world_apply(w, JAIL("live", "") "---\n" JAIL("re", ""));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reconcile_options opt = { .letters = rows[i].letters };
		const struct { const char *name, *kind; } cases[] = {
			{ "gone", rows[i].absent }, { "live", rows[i].live },
			{ "re", rows[i].restart } };

		trace_clear(w);
		world_reconciler(w, &opt);
		world_want(w, JAIL("gone", "") "---\n"
		    JAIL("live", "host.hostname: x\n") "---\n"
		    JAIL("re", "ip4: inherit\n"));
		for (size_t j = 0; j < 3; j++) {
			const char *plan = world_plan(w, cases[j].name);
			size_t n = strlen(cases[j].kind);

			if (strncmp(plan, cases[j].kind, n) != 0 ||
			    plan[n] != ':')
				fail_msg("letters %u, %s: %s, not %s",
				    rows[i].letters, cases[j].name, plan,
				    cases[j].kind);
		}
		assert_int_equal(trace_mutations(w), 0);
	}
}

/* Without -r nothing is ended, whatever left the directory. */
static void
policies_of_removal(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("keep", "agent: {on_remove: keep}\n") "---\n"
	    JAIL("safe", "agent: {protect: true}\n") "---\n"
	    JAIL("gone", ""));
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove gone;");
	assert_string_equal(world_state(w, "safe"), "blocked");
	assert_null(inventory_find(&w->inventory, "keep"));
	assert_true(kernel_jid(w, "keep") > 0);
}

/* Nor is one restarted again when the one around it turns out to be blocked. */
static void
letters_restart_in_a_blocked_one(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.x", "") "---\n" JAIL("a.y", "") "---\n" JAIL("c", ""));
	world_apply_with(w, JAIL("a", "children.max: 2\ndepend: [c]\n") "---\n"
	    JAIL("a.x", "") "---\n" JAIL("a.y", "depend: [d]\n") "---\n"
	    JAIL("c", "depend: [nobody]\n") "---\n"
	    JAIL("d", "depend: [nobody]\n"), LETTER_C | LETTER_R, 16);
	assert_string_equal(w->deeds, "restart a.x;");
	assert_string_equal(world_state(w, "a"), "blocked");
}

/* One that ran and could not be started again is known still, down. */
static void
failed_start_is_not_forgotten(void **state)
{
	static const char bad[] = NO_ROOT("web", "");
	struct world *w = *state;
	const struct entry *e;

	/* One that never ran leaves nothing behind. */
	world_apply(w, bad);
	assert_string_equal(w->deeds, "!create web;");
	assert_null(inventory_find(&w->inventory, "web"));
	world_apply(w, JAIL("web", ""));
	kernel_kill(w, "web");
	for (int i = 0; i < 2; i++) {
		world_apply(w, bad);
		assert_string_equal(w->deeds, "!create web;");
		assert_int_equal(kernel_jid(w, "web"), 0);
		/* What was applied is what ran last. */
		e = inventory_find(&w->inventory, "web");
		assert_non_null(e);
		assert_int_equal(e->stage, ENTRY_DOWN);
		assert_string_equal(spec_text(e->applied, "path"), w->root);
	}
	assert_non_null(strstr(world_plan(w, "web"), "create: it is down"));
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove web;");
	assert_null(inventory_find(&w->inventory, "web"));
}

/* A limit that is about to be set goes when the agent is killed and nobody asks. */
static void
limits_are_noted_first(void **state)
{
	struct world *w = *state;
	struct spec *s = spec_of_text(w, JAIL("b",
	    "agent: {limits: {memory: 2G, processes: 40}}\n"));
	const struct spec_limits *noted;
	struct error err;

	world_apply(w, JAIL("b", ""));
	inventory_find(&w->inventory, "b")->applied->agent.limits.memory =
	    1L << 30;
	assert_int_equal(inventory_changing(&w->inventory,
	    inventory_find(&w->inventory, "b"), s, &err), 0);
	spec_free(s);
	noted = &inventory_find(&w->inventory, "b")->applied->agent.limits;
	assert_int_equal(noted->processes, 40);
	assert_int_equal(noted->memory, 1L << 30);
	world_restart(w);
	noted = &inventory_find(&w->inventory, "b")->applied->agent.limits;
	assert_int_equal(noted->processes, 40);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(limits_are_noted_first),
		TEST(failing_create_is_tried_once),
		TEST(jid_is_waited_for),
		TEST(jail_that_ends_at_once_is_made_once),
		TEST(letters_restart_restarts_once),
		TEST(letter_create_creates),
		TEST(letter_remove_removes),
		TEST(dependencies_first),
		TEST(loops_name_their_chain),
		TEST(blocked_dependency_is_told),
		TEST(failing_dependency_blocks),
		TEST(failed_start_is_not_forgotten),
		TEST(letters_restart_in_a_blocked_one),
		TEST(parent_restarts_after_its_children),
		TEST(dependants_follow_a_restart),
		TEST(foreign_parent_is_a_conflict),
		TEST(same_name_of_somebody_else),
		TEST(vnet_that_is_inherited_may_be_said),
		TEST(parallel_limit_lets_all_through),
		TEST(boot_runs_no_stop_hooks),
		TEST(dead_jail_is_cleaned_up_once),
		TEST(failing_step_leaves_nothing),
		TEST(modify_that_the_kernel_would_refuse),
		TEST(spec_without_applied_stops_with_its_hooks),
		TEST(letters_table),
		TEST(policies_of_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
