/* SPDX-License-Identifier: BSD-2-Clause */
/* What follows for a jail from the plans of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "foreseen.h"

static void
blocked_dependency(void **state)
{
	assert_string_equal(foreseen(*state,
	    JAIL("a", "agent: {paused: why}\n") "---\n"
	    JAIL("b", "depend: [a]\n") "---\n"
	    JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("d", "")), "blocked a;blocked b;blocked c;create d;");
}

static void
dependency_that_comes(void **state)
{
	assert_string_equal(foreseen(*state,
	    JAIL("a", "depend: [b]\n") "---\n" JAIL("b", "")),
	    "create a;create b;");
}

/* A restart that is not allowed by itself comes with that of another jail. */
static void
refused_restart_goes_along(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("b", "children.max: 3\n") "---\n"
	    JAIL("b.x", "agent: {restart: never}\n") "---\n"
	    JAIL("d", "depend: [b]\nagent: {restart: never}\n"));
	assert_string_equal(foreseen(w,
	    JAIL("b", "children.max: 3\nexec.start: p\n") "---\n"
	    JAIL("b.x", "exec.start: r\nagent: {restart: never}\n") "---\n"
	    JAIL("d", "exec.start: r\ndepend: [b]\n"
	    "agent: {restart: never}\n")), "restart b;restart b.x;restart d;");
}

static void
loop(void **state)
{
	assert_string_equal(foreseen(*state,
	    JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [a]\n") "---\n" JAIL("c", "")),
	    "blocked a;blocked b;create c;");
}

/* However many jails a loop has. */
static void
long_loop(void **state)
{
	struct world *w = *state;
	size_t size = 1000 * 80, n = 0;
	char *yaml = malloc(size);
	struct managed *m;

	assert_non_null(yaml);
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(yaml + n, size - n, "%s"
		    JAIL("j%d", "depend: [j%d]\n"), i > 0 ? "---\n" : "", i,
		    (i + 1) % 1000);
	world_apply(w, yaml);
	free(yaml);
	assert_string_equal(w->deeds, "");
	m = reconciler_jail(&w->reconciler, "j7", false);
	assert_int_equal(m->state, STATE_BLOCKED);
	assert_non_null(strstr(m->reason, "dependency loop: j7 -> j8 -> "));
	assert_non_null(strstr(m->reason, "... (1000 jails) -> j7"));
}

static void
dependency_on_nobody(void **state)
{
	assert_string_equal(foreseen(*state,
	    JAIL("a", "depend: [nobody]\n")), "blocked a;");
}

/* What a restart takes along is in the plan, and in what apply does. */
static void
dependants_follow(void **state)
{
	struct world *w = *state;
	const char *before = JAIL("a", "") "---\n"
	    JAIL("b", "depend: [a]\n") "---\n"
	    JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("d", "depend: [a]\nagent: {follow_depend: false}\n");
	const char *after = JAIL("a", "osrelease: 14.0-RELEASE\n") "---\n"
	    JAIL("b", "depend: [a]\n") "---\n"
	    JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("d", "depend: [a]\nagent: {follow_depend: false}\n");

	world_apply(w, before);
	assert_int_equal(w->failures, 0);
	assert_string_equal(foreseen(w, before), "");
	assert_string_equal(foreseen(w, after),
	    "restart a;restart b;restart c;");
	world_apply(w, after);
	assert_int_equal(w->failures, 0);
	assert_non_null(strstr(w->deeds, "restart a;"));
	assert_non_null(strstr(w->deeds, "create b;"));
	assert_non_null(strstr(w->deeds, "create c;"));
	assert_null(strstr(w->deeds, " d;"));
	assert_string_equal(foreseen(w, after), "");
}

/* A jail that ended was restarted, for those that depend on it. */
static void
ended_jails_are_followed(void **state)
{
	static const char set[] = JAIL("app", "depend: [cache]\n") "---\n"
	    JAIL("cache", "depend: [db]\n") "---\n"
	    JAIL("alone", "depend: [db]\nagent: {follow_depend: false}\n")
	    "---\n" JAIL("db", "children.max: 1\n") "---\n"
	    JAIL("db.in", "") "---\n" JAIL("held", "depend: [db]\n");
	static const struct {
		const char *ended[2], *foreseen, *deeds;
	} cases[] = {
		{ { "db" }, "restart app;restart cache;create db;create db.in;",
		    "restart app;restart cache;create db;create cache;"
		    "create db.in;create app;" },
		{ { "cache", "db" }, "restart app;create cache;create db;"
		    "create db.in;",
		    "create db;restart app;create db.in;create cache;"
		    "create app;" },
		{ { "cache" }, "restart app;create cache;",
		    "restart app;create cache;create app;" },
		{ { "db.in" }, "create db.in;",
		    "create db.in;" },
	};
	struct world *w = *state;
	char paused[1024];

	world_apply(w, set);
	assert_int_equal(w->failures, 0);
	snprintf(paused, sizeof paused, "%sagent: {paused: why}\n", set);
	world_apply(w, paused);
	assert_string_equal(w->deeds, "modify held;");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; k < 2 && cases[i].ended[k] != NULL; k++)
			kernel_kill(w, cases[i].ended[k]);
		assert_string_equal(foreseen(w, paused), cases[i].foreseen);
		world_apply(w, paused);
		assert_string_equal(w->deeds, cases[i].deeds);
		assert_string_equal(foreseen(w, paused), "");
	}
}

/*
 * A jail that gives its address to one that it will depend on, which is to be
 * restarted: it is not restarted with it, as it did not depend on it.
 */
static void
address_for_a_leader(void **state)
{
	struct world *w = *state;
	const char *between = "---\n" JAIL("d", "depend: [c]\n") "---\n"
	    JAIL("e", "depend: [d]\n");
	char before[512], after[512], longer[512];

	snprintf(before, sizeof before, "%s%s", JAIL("c", "") "---\n"
	    JAIL("f", "ip6.addr: ['2001:db8::1']\n"), between);
	snprintf(after, sizeof after, "%s%s", JAIL("c", "osrelease: 14.0\n"
	    "ip6.addr: ['2001:db8::1']\n") "---\n"
	    JAIL("f", "depend: [c]\n"), between);
	snprintf(longer, sizeof longer, "%s%s", JAIL("c", "osrelease: 14.0\n"
	    "ip6.addr: ['2001:db8::1']\n") "---\n"
	    JAIL("f", "depend: [e]\nhost.hostname: f\n"), between);
	world_apply(w, before);
	assert_string_equal(foreseen(w, after),
	    "restart c;restart d;restart e;modify f;");
	world_apply(w, after);
	assert_int_equal(w->failures, 0);
	assert_null(strstr(w->deeds, "restart f"));
	assert_null(strstr(w->deeds, "create f"));
	assert_string_equal(foreseen(w, after), "");
	world_apply(w, "");
	world_apply(w, before);
	assert_string_equal(foreseen(w, longer),
	    "restart c;restart d;restart e;modify f;");
	world_apply(w, longer);
	assert_int_equal(w->failures, 0);
	assert_null(strstr(w->deeds, "restart f"));
	assert_null(strstr(w->deeds, "create f"));
	assert_string_equal(foreseen(w, longer), "");
}

/* What others keep is not claimed, in the plan as in what apply does. */
static void
address_that_stays(void **state)
{
	struct world *w = *state;
	const char *after = JAIL("a", "ip4.addr: [192.0.2.3]\n"
	    "agent: {paused: why}\n") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.1, 192.0.2.9]\n") "---\n"
	    JAIL("c", "ip4.addr: [192.0.2.5]\n");

	world_apply(w, JAIL("a", "ip4.addr: [192.0.2.1, 192.0.2.2]\n"));
	assert_string_equal(foreseen(w, after),
	    "blocked a;blocked b;create c;");
	assert_non_null(strstr(world_reason(w, "b"), "ip4.addr 192.0.2.1 is "
	    "still of a, which does not give it up"));
	world_apply(w, after);
	assert_string_equal(w->deeds, "create c;");
	assert_string_equal(world_state(w, "b"), "blocked");
}

static void
address_of_two_specs(void **state)
{
	struct world *w = *state;
	const char *one = JAIL("a", "ip4.addr: [192.0.2.1]\n");
	const char *both = JAIL("a", "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.9, 192.0.2.1]\n");
	const char *shared = JAIL("a", "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.1]\n");

	world_apply(w, one);
	assert_string_equal(foreseen(w, both), "blocked b;");
	world_apply(w, both);
	assert_string_equal(w->deeds, "");
	assert_non_null(strstr(world_reason(w, "b"), "address 192.0.2.1 "
	    "is for a, whose spec has it, too"));
	assert_string_equal(foreseen(w, shared), "create b;");
	world_apply(w, shared);
	assert_string_equal(w->deeds, "create b;");
	assert_string_equal(foreseen(w, both), "blocked b;");
	world_apply(w, both);
	assert_string_equal(w->deeds, "");
	assert_int_equal(w->failures, 0);
}

/* Nobody has it: the first by name gets it, unless something is in its way. */
static void
address_of_two_new_specs(void **state)
{
	struct world *w = *state;
	const char *both = JAIL("b", "ip4.addr: [192.0.2.9, 192.0.2.1]\n")
	    "---\n" JAIL("a", "depend: [c]\nip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("c", "");
	const char *blocked = JAIL("a", "depend: [nobody]\n"
	    "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.9, 192.0.2.1]\n");

	assert_string_equal(foreseen(w, both), "create a;blocked b;create c;");
	world_apply(w, both);
	assert_string_equal(w->deeds, "create c;create a;");
	assert_non_null(strstr(world_reason(w, "b"), "192.0.2.1 is for a"));
	world_apply(w, "");
	assert_string_equal(foreseen(w, blocked), "blocked a;create b;");
	world_apply(w, blocked);
	assert_string_equal(w->deeds, "create b;");
	assert_int_equal(w->failures, 0);
}

static void
address_of_somebody_else(void **state)
{
	struct world *w = *state;
	const unsigned char address[] = { 192, 0, 2, 7 };
	const char *yaml = JAIL("b", "exec.prestart: x\n"
	    "ip4.addr: [192.0.2.7, 192.0.2.8]\n");
	struct jail_call c = { 0 };

	assert_true(kernel_make(w, "theirs") > 0);
	assert_int_equal(call_add_text(&c, "name", "theirs"), 0);
	assert_int_equal(call_add(&c, "ip4.addr", address, sizeof address), 0);
	assert_true(call_set(w->kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
	assert_string_equal(foreseen(w, yaml), "blocked b;");
	assert_non_null(strstr(world_reason(w, "b"), "the jail theirs"));
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	kernel_kill(w, "theirs");
	assert_string_equal(foreseen(w, yaml), "create b;");
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "create b;");
	assert_int_equal(w->failures, 0);
}

static void
jid_that_another_has(void **state)
{
	struct world *w = *state;
	const char *yaml = JAIL("a", "") "---\n" JAIL("b", "jid: 1\n");

	world_apply(w, JAIL("a", ""));
	assert_int_equal(kernel_jid(w, "a"), 1);
	assert_string_equal(foreseen(w, yaml), "blocked b;");
	assert_string_equal(world_reason(w, "b"),
	    "jid 1 belongs to the jail a");
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
}

/* What is given away is a stranger's already, who may share an address. */
static void
address_of_one_given_away(void **state)
{
	struct world *w = *state;
	const char *one = JAIL("b", "ip4.addr: [192.0.2.1]\n");
	const char *two = JAIL("b", "ip4.addr: [192.0.2.1, 192.0.2.2]\n");

	world_apply(w, JAIL("a", "ip4.addr: [192.0.2.1]\n"
	    "agent: {on_remove: keep}\n"));
	assert_string_equal(foreseen(w, two), "blocked b;");
	assert_non_null(strstr(world_reason(w, "b"), "address 192.0.2.1 "
	    "belongs to the jail a, which keeps it"));
	assert_string_equal(foreseen(w, one), "create b;");
	world_apply(w, one);
	assert_string_equal(w->deeds, "create b;");
	assert_string_equal(foreseen(w, one), "");
	world_apply(w, two);
	assert_string_equal(w->deeds, "");
}

/* That a spec pauses its jail is no difference that is left for ever. */
static void
pause_is_noted(void **state)
{
	struct world *w = *state;
	const char *paused = JAIL("a", "host.hostname: one\n"
	    "agent: {paused: why}\n");
	const char *changed = JAIL("a", "host.hostname: two\n"
	    "agent: {paused: why}\n");

	world_apply(w, JAIL("a", "host.hostname: one\n"));
	assert_string_equal(foreseen(w, paused), "modify a;");
	trace_clear(w);
	world_apply(w, paused);
	assert_int_equal(trace_mutations(w), 0);
	assert_string_equal(foreseen(w, paused), "");
	assert_string_equal(foreseen(w, changed), "blocked a;");
	world_apply(w, changed);
	assert_string_equal(w->deeds, "");
	assert_non_null(strstr(world_reason(w, "a"),
	    "agent.paused is \"why\" (host.hostname differs)"));
}

/* Nor does what stands against the change as well hide who paused the jail. */
static void
pause_is_shown(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", "agent: {paused: why, restart: never}\n"
	    "osrelease: 14.0-RELEASE\n");

	world_apply(w, JAIL("a", ""));
	assert_string_equal(foreseen(w, changed), "blocked a;");
	assert_non_null(strstr(world_reason(w, "a"), "agent.paused is \"why\" "
	    "(osrelease differs, which needs a restart, and agent.restart"));
}

/* What a user has stopped is there for nobody. */
static void
stopped_dependency(void **state)
{
	struct world *w = *state;
	const char *set = JAIL("a", "depend: [s]\n") "---\n"
	    JAIL("b", "depend: [a]\n") "---\n"
	    JAIL("s", "children.max: 1\n") "---\n" JAIL("s.c", "");
	struct standing_order o = { .name = (char[]){ "s" },
		.kind = STANDING_STOP, .reason = (char[]){ "" } };
	struct standing orders = { .count = 0 };
	char path[PATHS_MAX];
	struct error err;

	snprintf(path, sizeof path, "%s", world_path(w, "orders"));
	orders.path = path;
	assert_int_equal(standing_give(&orders, &o, &err), 0);
	w->standing = &orders;
	assert_string_equal(foreseen(w, set), "blocked a;blocked b;"
	    "blocked s.c;");
	assert_non_null(strstr(world_reason(w, "a"),
	    "waits for s, which is stopped: stopped by hand"));
	world_apply(w, set);
	assert_string_equal(w->deeds, "");
	assert_non_null(strstr(world_reason(w, "a"),
	    "waits for s, which is stopped: stopped by hand"));
	w->standing = NULL;
	standing_close(&orders);
}

/* What is said goes down with the jail around it, and stays down. */
static void
parent_that_goes(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.x", "") "---\n" JAIL("a.y", ""));
	assert_string_equal(foreseen(w, JAIL("a.x", "")),
	    "remove a;remove a.x;remove a.y;");
	assert_string_equal(world_reason(w, "a.x"), "a is removed; it "
	    "stays down as long as that one does not run");
	assert_string_equal(world_reason(w, "a.y"), "its spec is gone");
	world_apply(w, JAIL("a.x", ""));
	assert_int_equal(w->failures, 0);
	assert_int_equal(kernel_jid(w, "a"), 0);
	assert_string_equal(world_state(w, "a.x"), "blocked");
	assert_string_equal(foreseen(w, JAIL("a.x", "")), "blocked a.x;");
}

/* What nobody speaks of and has ended does not come with what it follows. */
static void
unsaid_dependency_that_ended(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct world *w = *state;
	const char *set = JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("c", "exec.start: q\n");

	world_apply(w, JAIL("b", "depend: [c]\n") "---\n" JAIL("c", ""));
	kernel_kill(w, "b");
	assert_string_equal(foreseen_with(w, set, &opt), "blocked a;restart c;");
	assert_string_equal(world_reason(w, "a"), "depends on b, which is not "
	    "among the specs and does not run");
}

/* Who goes along and comes back as it was needs its jid again. */
static void
jid_of_one_that_comes_back(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	const char *set = JAIL("a", "children.max: 2\njid: 701\n");
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.y", "jid: 701\n"));
	assert_string_equal(foreseen_with(w, set, &opt), "blocked a;");
	assert_string_equal(world_reason(w, "a"),
	    "jid 701 belongs to the jail a.y");
	/* One that is new takes nobody along. */
	world_apply(w, JAIL("c", "jid: 702\n"));
	world_apply(w, JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("b", "agent: {paused: why}\n"));
	assert_string_equal(foreseen(w, JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("b", "jid: 702\n")), "blocked b;");
	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.y", "jid: 701\n"));
	/* Where it goes, or gets another one, it is free. */
	assert_string_equal(foreseen(w, set), "restart a;remove a.y;");
}

/* One that waits for a jail, and is in another one that does not come. */
static void
dependency_and_no_parent(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct world *w = *state;

	world_apply(w, JAIL("c", "depend: [d]\n") "---\n" JAIL("d", ""));
	assert_string_equal(foreseen_with(w, JAIL("b.x", "depend: [c]\n")
	    "---\n" JAIL("d", "host.hostname: q\n"), &opt),
	    "blocked b.x;modify d;");
}

/* Nobody goes down for a restart after which it waits for one that never comes. */
static void
dependency_beside_it(void **state)
{
	static const char set[] = JAIL("a", "children.max: 2\nexec.start: q\n")
	    "---\n" JAIL("a.x", "depend: [a.y]\n");
	struct world *w = *state;
	char yaml[1024];

	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.x", ""));
	assert_string_equal(foreseen(w, set), "blocked a;modify a.x;");
	world_apply(w, set);
	assert_string_equal(w->deeds, "modify a.x;");
	assert_string_equal(world_state(w, "a"), "blocked");
	/* Nor for one that is said, and cannot come. */
	snprintf(yaml, sizeof yaml, "%s---\nname: a.y\n"
	    "path: /does/not/exist\npersist: true\n", set);
	assert_string_equal(foreseen(w, yaml), "blocked a;blocked a.y;");
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
}

/* What stays down is no dependency that runs. */
static void
dependency_that_goes_down(void **state)
{
	static const char set[] = JAIL("b.x", "") "---\n"
	    JAIL("c", "depend: [b.x]\n");
	struct world *w = *state;

	world_apply(w, JAIL("b", "children.max: 2\n") "---\n"
	    JAIL("b.x", ""));
	assert_string_equal(foreseen(w, set), "remove b;remove b.x;blocked c;");
	world_apply(w, set);
	assert_string_equal(w->deeds, "restart b.x;remove b;");
	assert_string_equal(world_state(w, "c"), "blocked");
}

/* One that no spec says, and that is not removed, is a parent still. */
static void
parent_that_cannot_go(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 3\n") "---\n"
	    JAIL("a.y", "agent: {on_remove: keep}\n"));
	assert_string_equal(foreseen(w, JAIL("a.x", "")),
	    "blocked a;create a.x;");
	world_apply(w, JAIL("a.x", ""));
	assert_string_equal(w->deeds, "create a.x;");
	assert_string_equal(world_state(w, "a"), "blocked");
}

/* What a parent would get, and does not, is nothing against those in it. */
static void
parent_that_stays_as_it_is(void **state)
{
	static const char set[] = JAIL("b", "agent: {paused: why}\n") "---\n"
	    JAIL("a", "children.max: 2\nsecurelevel: 2\nexec.start: q\n"
	    "depend: [b]\n") "---\n" JAIL("a.x", "securelevel: 0\n");
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 2\n") "---\n"
	    JAIL("a.x", ""));
	assert_string_equal(foreseen(w, set), "blocked a;modify a.x;blocked b;");
	world_apply(w, set);
	assert_string_equal(w->deeds, "modify a.x;");
	assert_string_equal(foreseen(w, set), "blocked a;blocked b;");
}

/* A restart that is refused takes nobody along. */
static void
refused_restart_stops_nobody(void **state)
{
	struct world *w = *state;
	const char *before = JAIL("a", "") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("c", "depend: [a]\n");
	const char *after = JAIL("a", "osrelease: 14.0-RELEASE\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.2]\n") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.1]\n") "---\n"
	    JAIL("c", "depend: [a]\n");

	world_apply(w, before);
	assert_string_equal(foreseen(w, after), "blocked a;");
	world_apply(w, after);
	assert_string_equal(w->deeds, "");
	assert_int_equal(w->failures, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(blocked_dependency),
		TEST(long_loop),
		TEST(dependency_on_nobody),
		TEST(dependency_that_comes),
		TEST(loop),
		TEST(dependants_follow),
		TEST(ended_jails_are_followed),
		TEST(address_for_a_leader),
		TEST(address_that_stays),
		TEST(address_of_two_specs),
		TEST(address_of_two_new_specs),
		TEST(address_of_somebody_else),
		TEST(jid_that_another_has),
		TEST(address_of_one_given_away),
		TEST(pause_is_noted),
		TEST(pause_is_shown),
		TEST(stopped_dependency),
		TEST(parent_that_goes),
		TEST(unsaid_dependency_that_ended),
		TEST(jid_of_one_that_comes_back),
		TEST(dependency_and_no_parent),
		TEST(dependency_beside_it),
		TEST(dependency_that_goes_down),
		TEST(parent_that_cannot_go),
		TEST(parent_that_stays_as_it_is),
		TEST(refused_restart_stops_nobody),
		TEST(refused_restart_goes_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
