/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of a jail while its restart waits for other jails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_host.h"
#include "foreseen.h"

#define SLOW "agent: {retry: {initial: 60s}}\n"
#define ALIAS "em0|192.0.2.1"

static struct standing standing;

/* A world with a host of its own, where the restart of `failed` failed, or none. */
static int
setup(void **state)
{
	struct world *w = malloc(sizeof *w);

	assert_non_null(w);
	world_make(w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(w);
	snprintf(w->paths.orders, sizeof w->paths.orders, "%s",
	    world_path(w, "state/orders.json"));
	assert_int_equal(standing_open(&standing, &w->paths, NULL, NULL), 0);
	w->standing = &standing;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	standing_close(&standing);
	host_reset(-1, -1);
	host.journal = NULL; /* which ends with this world */
	return world_teardown(state);
}

/* An agent is started, and does what it can. */
static void
agent(struct world *w, const char *yaml)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	world_want(w, yaml);
	world_rest(w);
}

/* Somebody changes jail b, and takes its address from the interface. */
static void
meddle(struct world *w)
{
	assert_true(kernel_set_text(w, "b", "host.hostname", "theirs") > 0);
	host_put("alias", ALIAS, false);
}

/* The plan says that b is changed, the agent does it, and b is in `after`. */
static void
is_healed(struct world *w, const char *yaml, const char *after)
{
	char deeds[256];
	const char *behind;

	meddle(w);
	snprintf(deeds, sizeof deeds, "%s", foreseen_for_agent(w, yaml));
	behind = strstr(deeds, "modify b;");
	if (behind == NULL)
		fail_msg("%s", deeds);
	agent(w, yaml);
	assert_string_equal(w->deeds, "modify b;");
	assert_string_equal(live_text(w, "b", "host.hostname"), "one");
	assert_true(host_there("alias", ALIAS));
	assert_string_equal(world_state(w, "b"), after);
	/* And again, by the same agent: nobody is to wait for its next try. */
	assert_true(kernel_set_text(w, "b", "host.hostname", "again") > 0);
	backoff_reset(&reconciler_jail(&w->reconciler, "b", false)->drifts);
	reconciler_look_all(&w->reconciler);
	world_rest(w);
	assert_string_equal(w->deeds, "modify b;modify b;");
	assert_string_equal(world_state(w, "b"), after);
	/* Not again and again. */
	assert_true(kernel_set_text(w, "b", "host.hostname", "again") > 0);
	reconciler_look_all(&w->reconciler);
	world_rest(w);
	assert_string_equal(world_state(w, "b"), "failed");
	assert_non_null(strstr(world_reason(w, "b"), "2 times now: somebody "
	    "else changes it again and again"));
	agent(w, yaml);
	assert_string_equal(world_state(w, "b"), after);
	trace_clear(w);
	reconciler_look_all(&w->reconciler);
	world_rest(w);
	assert_int_equal(trace_mutations(w), 0);
	assert_null(strstr(foreseen_for_agent(w, yaml), "modify"));
}

#define B "interface: em0\nip4.addr: [192.0.2.1]\nhost.hostname: one\n" SLOW

static void
one_that_is_held(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", SLOW) "---\n"
	    JAIL("b", B "exec.start: s\nexec.stop: t\n");

	world_apply(w, JAIL("a", SLOW) "---\n" JAIL("b", B));
	assert_int_equal(standing_waves(&standing, &(struct text_list){ 0 },
	    "a", NULL), 0);
	is_healed(w, changed, "held");
	assert_string_equal(spec_text(inventory_find(&w->inventory,
	    "b")->applied, "exec.stop"), "");
}

static void
live_changes_are_made(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", SLOW) "---\n" JAIL("b", SLOW
	    "interface: em0\nip4.addr: [192.0.2.1, 192.0.2.2]\n"
	    "host.hostname: two\nchildren.max: 3\n"
	    "osrelease: 14.0-RELEASE\n");
	const struct spec *applied;

	world_apply(w, JAIL("a", SLOW) "---\n" JAIL("b", B));
	assert_int_equal(standing_waves(&standing, &(struct text_list){ 0 },
	    "a", NULL), 0);
	assert_string_equal(foreseen_for_agent(w, changed), "modify b;");
	agent(w, changed);
	assert_string_equal(w->deeds, "modify b;");
	assert_string_equal(live_text(w, "b", "host.hostname"), "two");
	assert_string_equal(live_text(w, "b", "children.max"), "3");
	/* Another address may be somebody else's: it waits. */
	assert_string_equal(live_text(w, "b", "ip4.addr"), "192.0.2.1");
	assert_false(host_there("alias", "em0|192.0.2.2"));
	assert_string_equal(world_state(w, "b"), "held");
	applied = inventory_find(&w->inventory, "b")->applied;
	assert_string_equal(spec_text(applied, "host.hostname"), "two");
	assert_null(spec_param_find(applied, "osrelease"));
	assert_int_equal(spec_list(applied, "ip4.addr")->count, 1);
	waves_go_on(&w->reconciler);
	world_rest(w);
	assert_string_equal(w->deeds, "modify b;restart b;");
	assert_string_equal(world_state(w, "b"), "ready");
	assert_string_equal(live_text(w, "b", "ip4.addr"),
	    "192.0.2.1 192.0.2.2");
}

/* What it is to depend on does not come up. */
static void
one_that_waits_for_a_dependency(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("b", B));
	is_healed(w, JAIL("b", B "depend: [a]\nexec.start: s\n"), "blocked");
}

/* Another one keeps an address that it is to get. */
static void
one_that_waits_for_an_address(void **state)
{
	struct world *w = *state;
	const char *keeper = JAIL("a", "vnet: new\nagent: {restart: never}\n");
	char set[2048];

	world_apply(w, JAIL("a", "ip4.addr: [192.0.2.7, 192.0.2.8]\n") "---\n"
	    JAIL("b", B));
	snprintf(set, sizeof set, "%s---\n%s", keeper,
	    JAIL("b", "interface: em0\nhost.hostname: one\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.7]\nexec.start: s\n" SLOW));
	is_healed(w, set, "blocked");
	/* The same where nothing but the address is to be changed. */
	snprintf(set, sizeof set, "%s---\n%s", keeper,
	    JAIL("b", "interface: em0\nhost.hostname: one\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.7]\n" SLOW));
	is_healed(w, set, "blocked");
}

/* Somebody else's jail has its jid. */
static void
one_that_waits_for_a_jid(void **state)
{
	struct world *w = *state;
	char set[1024];
	int theirs;

	world_apply(w, JAIL("b", B));
	theirs = kernel_make(w, "theirs");
	assert_true(theirs > 0);
	snprintf(set, sizeof set, "%sjid: %d\n", JAIL("b", B), theirs);
	is_healed(w, set, "blocked");
}

/* Addresses that wait for a user's restart are those of the host still. */
static void
an_alias_of_addresses_that_wait(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("b", "vnet: new\nhost.hostname: one\n"
	    "agent: {restart: never}\n");

	world_apply(w, JAIL("b", B));
	host_put("alias", ALIAS, false);
	assert_string_equal(foreseen(w, changed), "modify b;");
	assert_non_null(strstr(world_plan(w, "b"),
	    "modify: em0|192.0.2.1/32 is not on the host any more; "));
	world_apply(w, changed);
	assert_string_equal(w->deeds, "modify b;");
	assert_int_equal(w->failures, 0);
	assert_true(host_there("alias", ALIAS));
	assert_string_equal(foreseen(w, changed), "blocked b;");
	world_apply(w, "");
	assert_false(host_there("alias", ALIAS));
}

/* A restart that stops nobody, since one inside could not come back, holds nobody. */
static void
one_that_is_blocked_holds_nobody(void **state)
{
	struct world *w = *state;
	const char *changed =
	    JAIL("a", "children.max: 9\nosrelease: 14.0-RELEASE\n" SLOW) "---\n"
	    JAIL("a.x", "depend: [nobody]\n" SLOW) "---\n"
	    JAIL("b", "osrelease: 14.0-RELEASE\n" SLOW);

	world_apply(w, JAIL("a", "children.max: 9\n" SLOW) "---\n"
	    JAIL("a.x", SLOW) "---\n" JAIL("b", SLOW));
	assert_int_equal(w->told, 3);
	assert_string_equal(foreseen_for_agent(w, changed),
	    "blocked a;modify a.x;restart b;");
	agent(w, changed);
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_string_equal(world_state(w, "b"), "ready");
	assert_null(standing.failed);
}

/* The holder of an address is held, and so whoever is to get it is blocked. */
static void
one_that_waits_for_one_that_is_held(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("a", SLOW) "---\n" JAIL("b", "interface: em0\n"
	    "host.hostname: one\nip4.addr: [192.0.2.1, 192.0.2.7]\n" SLOW)
	    "---\n" JAIL("c", "osrelease: 14.0-RELEASE\n" SLOW);

	world_apply(w, JAIL("a", SLOW) "---\n" JAIL("b", B) "---\n"
	    JAIL("c", "ip4.addr: [192.0.2.7]\n" SLOW));
	assert_int_equal(standing_waves(&standing, &(struct text_list){ 0 },
	    "a", NULL), 0);
	is_healed(w, changed, "blocked");
	agent(w, changed);
	waves_go_on(&w->reconciler);
	world_rest(w);
	assert_string_equal(w->deeds, "restart c;modify b;");
	assert_string_equal(world_state(w, "b"), "ready");
}

/* Specs in a circle are not carried out, but what runs stays what it was. */
static void
one_of_a_circle(void **state)
{
	struct world *w = *state;
	const char *circle = JAIL("a", "depend: [b]\n" SLOW) "---\n"
	    JAIL("b", B "depend: [a]\nchildren.max: 7\n");
	const char *started = JAIL("a", "depend: [b]\n" SLOW) "---\n"
	    JAIL("b", B "depend: [a]\nosrelease: 14.0-RELEASE\n");

	world_apply(w, JAIL("a", SLOW) "---\n" JAIL("b", B));
	is_healed(w, circle, "blocked");
	assert_string_equal(live_text(w, "b", "children.max"), "0");
	is_healed(w, started, "blocked");
}

/* One that a user asked for, too, and it is done once it can be. */
static void
one_that_was_asked_for(void **state)
{
	struct world *w = *state;
	const char *waits = "depend: [a]\nagent: {follow_depend: false, "
	    "retry: {initial: 60s}}\n";
	char b[512], all[768];
	struct managed *m;

	world_apply(w, JAIL("a", SLOW) "---\n" JAIL("b", B));
	snprintf(b, sizeof b, JAIL("b", "%s%s"), "host.hostname: one\n",
	    waits);
	agent(w, b);
	assert_string_equal(world_state(w, "b"), "ready");
	assert_null(inventory_find(&w->inventory, "a"));
	m = reconciler_jail(&w->reconciler, "b", false);
	m->by_hand = true;
	reconciler_look(&w->reconciler, m);
	world_rest(w);
	assert_string_equal(world_state(w, "b"), "blocked");
	/* What others change is undone, and what is new is taken over. */
	assert_true(kernel_set_text(w, "b", "host.hostname", "theirs") > 0);
	snprintf(b, sizeof b, JAIL("b", "%s%s"), "host.hostname: two\n",
	    waits);
	world_want(w, b);
	world_rest(w);
	assert_string_equal(live_text(w, "b", "host.hostname"), "two");
	assert_string_equal(world_state(w, "b"), "blocked");
	assert_true(kernel_set_text(w, "b", "host.hostname", "theirs") > 0);
	backoff_reset(&m->drifts);
	reconciler_look_all(&w->reconciler);
	world_rest(w);
	assert_string_equal(live_text(w, "b", "host.hostname"), "two");
	assert_string_equal(world_state(w, "b"), "blocked");
	w->deeds[0] = '\0';
	snprintf(all, sizeof all, JAIL("a", SLOW) "---\n%s", b);
	world_want(w, all);
	world_rest(w);
	assert_string_equal(w->deeds, "create a;restart b;");
	assert_string_equal(world_state(w, "b"), "ready");
}

/* What the manual says of the other states: see STATES in jailagent(8). */
static void
some_are_left_alone(void **state)
{
	struct world *w = *state;
	const char *paused = JAIL("b", "interface: em0\nip4.addr: [192.0.2.1]\n"
	    "host.hostname: one\nagent: {paused: why}\n");
	const char *specs[] = { paused, "name: b\npath: /not/there\n"
	    "persist: true\n" B };

	world_apply(w, JAIL("b", B));
	meddle(w);
	for (size_t i = 0; i < 2; i++) {
		trace_clear(w);
		assert_string_equal(foreseen_for_agent(w, specs[i]),
		    "blocked b;");
		agent(w, specs[i]);
		assert_int_equal(trace_mutations(w), 0);
		assert_false(host_there("alias", ALIAS));
		assert_string_equal(world_state(w, "b"),
		    i == 0 ? "paused" : "blocked");
		assert_non_null(strstr(world_reason(w, "b"), i == 0 ?
		    "host.hostname differs" : "/not/there"));
	}
}

/* For a single pass it is as it was. */
static void
apply_leaves_it(void **state)
{
	struct world *w = *state;
	const char *changed = JAIL("b", B "depend: [a]\nexec.start: s\n");

	world_apply(w, JAIL("b", B));
	meddle(w);
	trace_clear(w);
	assert_string_equal(foreseen(w, changed), "blocked b;");
	world_apply(w, changed);
	assert_int_equal(trace_mutations(w), 0);
	assert_string_equal(world_state(w, "b"), "blocked");
}

#define HAS(name, addresses, more) \
    JAIL(name, "ip4.addr: [" addresses "]\n" more)
#define NEXT "---\n"
#define NEW "osrelease: 13.9\n" /* a restart */

/*
 * Nobody goes down for one that wants another address besides, of one that was not
 * looked at yet.
 */
static void
down_before_it_is_known(void **state)
{
	struct world *w = *state;

	agent(w, HAS("a", "192.0.2.8", "") NEXT HAS("b", "192.0.2.9", "") NEXT
	    HAS("c", "192.0.2.3", "") NEXT
	    HAS("d", "192.0.2.2, 192.0.2.7", ""));
	agent(w, HAS("a", "192.0.2.3, 192.0.2.9", "") NEXT
	    HAS("b", "192.0.2.1, 192.0.2.8", NEW) NEXT
	    HAS("c", "192.0.2.2, 192.0.2.6", "") NEXT
	    HAS("d", "192.0.2.2, 192.0.2.7", ""));
	assert_string_equal(world_state(w, "b"), "blocked");
	assert_string_equal(live_text(w, "b", "ip4.addr"), "192.0.2.9");
	assert_string_equal(w->deeds, "");
}

/* Nor does one of a circle give anything up before `h`, for which it waits, is seen. */
static void
given_up_before_it_is_known(void **state)
{
	struct world *w = *state;

	agent(w, HAS("a", "192.0.2.3, 192.0.2.10", "") NEXT
	    HAS("b", "192.0.2.5, 192.0.2.7", "") NEXT
	    HAS("c", "192.0.2.1, 192.0.2.2", "") NEXT
	    HAS("h", "192.0.2.6", "") NEXT HAS("e", "192.0.2.11", ""));
	agent(w, HAS("b", "192.0.2.1, 192.0.2.2", "") NEXT
	    HAS("a", "192.0.2.3, 192.0.2.10", "") NEXT
	    HAS("c", "192.0.2.6, 192.0.2.7", "") NEXT
	    HAS("h", "192.0.2.10", "") NEXT
	    HAS("e", "192.0.2.4, 192.0.2.5", NEW));
	assert_string_equal(live_text(w, "c", "ip4.addr"),
	    "192.0.2.1 192.0.2.2");
	assert_string_equal(live_text(w, "e", "ip4.addr"), "192.0.2.11");
	assert_string_equal(w->deeds, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_held),
		TEST(live_changes_are_made),
		TEST(one_that_waits_for_a_dependency),
		TEST(one_that_waits_for_an_address),
		TEST(one_that_waits_for_a_jid),
		TEST(an_alias_of_addresses_that_wait),
		TEST(one_that_is_blocked_holds_nobody),
		TEST(one_that_waits_for_one_that_is_held),
		TEST(one_of_a_circle),
		TEST(one_that_was_asked_for),
		TEST(some_are_left_alone),
		TEST(apply_leaves_it),
		TEST(down_before_it_is_known),
		TEST(given_up_before_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
