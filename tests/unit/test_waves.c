/* SPDX-License-Identifier: BSD-2-Clause */
/* Restarts that specs cause go in waves; one that fails holds the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_host.h"
#include "foreseen.h"

#define JAILS 7

static size_t most, at_once;

/* A jail is restarted only when all of the waves before are ready. */
static void
watch(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	const struct reconciler *r = m->owner;

	world_told(arg, m, a, o);
	assert_true(r->waves.open <= most);
	assert_true(r->working <= most);
	at_once = r->waves.open > at_once ? r->waves.open : at_once;
}

/* Jails a to g; `bad` has a start that fails, `more` is added to all. */
static void
set_of(char *yaml, size_t size, const char *more, char bad)
{
	size_t n = 0;

	for (char c = 'a'; c < 'a' + JAILS; c++)
		n += (size_t)snprintf(yaml + n, size - n, "%sname: %c\n"
		    "path: @\npersist: true\nstop.timeout: 0\n%s%s"
		    "agent: {retry: {initial: 60s}}\n", n == 0 ? "" : "---\n",
		    c, more, c == bad ? "exec.start: [\"exit 1\"]\n" : "");
	assert_true(n < size);
}

static void
agent_start(struct world *w, const struct limit *limit)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true, .max_restart = *limit };

	w->told = w->failures = 0;
	w->deeds[0] = '\0';
	at_once = 0;
	world_reconciler(w, &opt);
	w->reconciler.opt.told = watch;
}

static void
world_of_seven(struct world *w, char *yaml, size_t size)
{
	world_make(w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(w);
	set_of(yaml, size, "", 0);
	world_apply(w, yaml);
	assert_int_equal(w->told, JAILS);
}

static void
waves_of(const struct limit *limit, size_t number)
{
	char yaml[2048];
	struct world w;

	world_of_seven(&w, yaml, sizeof yaml);
	most = number;
	agent_start(&w, limit);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 0);
	world_want(&w, yaml);
	world_rest(&w);
	assert_int_equal(w.told, JAILS);
	if (number == 1)
		assert_string_equal(w.deeds, "restart a;restart b;restart c;"
		    "restart d;restart e;restart f;restart g;");
	assert_int_equal(at_once, number);
	assert_int_equal(w.reconciler.waves.open, 0);
	world_remove(&w);
}

static void
each_after_the_one_before(void **state)
{
	(void)state;
	waves_of(&(struct limit){ 0, false }, 1);
	waves_of(&(struct limit){ 3, false }, 3);
	waves_of(&(struct limit){ 30, true }, 2);
	waves_of(&(struct limit){ 1, true }, 1);
}

static void
one_that_fails_holds_the_rest(void **state)
{
	static const char *const rest[] = { "e", "f", "g" };
	const struct limit two = { 2, false };
	char yaml[2048];
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	most = 2;
	agent_start(&w, &two);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 'c');
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "c"), "failed");
	assert_string_equal(world_state(&w, "d"), "ready");
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		assert_string_equal(world_state(&w, rest[i]), "held");
		assert_non_null(strstr(world_reason(&w, rest[i]),
		    "held because the one of c failed"));
		assert_true(kernel_jid(&w, rest[i]) != 0);
	}
	/* What is not a restart goes on, and a mended spec is taken. */
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 0);
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "c"), "ready");
	assert_string_equal(world_state(&w, "e"), "held");
	waves_go_on(&w.reconciler);
	world_rest(&w);
	assert_string_equal(world_state(&w, "e"), "ready");
	assert_string_equal(world_state(&w, "g"), "ready");
	world_remove(&w);
}

/* A jail that is forgotten, or paused, does not keep the others. */
static void
one_that_goes_holds_nothing(void **state)
{
	const struct limit one = { 1, false };
	char yaml[2048], *a;
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 'a');
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "b"), "held");
	a = strstr(yaml, "---\n");
	assert_non_null(a);
	world_want(&w, a + 4);
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "unknown");
	assert_string_equal(world_state(&w, "b"), "ready");
	assert_string_equal(world_state(&w, "g"), "ready");
	world_remove(&w);
}

/* The agent ends, however, and another one starts with the same set. */
static void
another_agent(struct world *w, const struct limit *limit, const char *yaml)
{
	struct error err;

	error_clear(&err);
	standing_close(w->standing);
	world_restart(w);
	host_behind(w);
	assert_int_equal(standing_open(w->standing, &w->paths, NULL, &err), 0);
	agent_start(w, limit);
	world_want(w, yaml);
}

static void
keep_orders(struct world *w, struct standing *s)
{
	struct error err;

	error_clear(&err);
	snprintf(w->paths.orders, sizeof w->paths.orders, "%s",
	    world_path(w, "state/orders.json"));
	assert_int_equal(standing_open(s, &w->paths, NULL, &err), 0);
	w->standing = s;
}

static void
the_hold_outlives_the_agent(void **state)
{
	const struct limit one = { 1, false };
	struct standing s;
	char yaml[2048];
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	keep_orders(&w, &s);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 'a');
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "g"), "held");
	another_agent(&w, &one, yaml);
	world_rest(&w);
	assert_string_equal(w.deeds, "!create a;");
	assert_string_equal(world_state(&w, "b"), "held");
	assert_non_null(strstr(world_reason(&w, "g"), "the one of a failed"));
	waves_go_on(&w.reconciler);
	another_agent(&w, &one, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "failed");
	assert_string_equal(world_state(&w, "g"), "ready");
	/* One that is gone when the next agent starts holds nobody. */
	set_of(yaml, sizeof yaml, "osrelease: 13.0-RELEASE\n", 'a');
	world_want(&w, yaml);
	world_rest(&w);
	assert_int_equal(standing_waves(&s, &(struct text_list){ 0 }, "nobody",
	    NULL), 0);
	set_of(yaml, sizeof yaml, "osrelease: 13.1-RELEASE\n", 0);
	another_agent(&w, &one, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "g"), "ready");
	assert_null(s.failed);
	assert_int_equal(s.wave.count, 0);
	world_remove(&w);
	standing_close(&s);
}

/*
 * What a failed wave holds is blocked in the plan of what an agent does; an apply
 * without one restarts it.
 */
static void
a_plan_tells_of_the_hold(void **state)
{
	const struct limit one = { 1, false };
	char yaml[2048], *a;
	struct standing s;
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	keep_orders(&w, &s);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 'a');
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "g"), "held");
	assert_string_equal(foreseen_for_agent(&w, yaml), "create a;blocked b;"
	    "blocked c;blocked d;blocked e;blocked f;blocked g;");
	assert_non_null(strstr(world_reason(&w, "g"), "held because the one of "
	    "a failed; approve of it with: jailagent ack g"));
	assert_string_equal(foreseen(&w, yaml), "create a;restart b;restart c;"
	    "restart d;restart e;restart f;restart g;");
	/* When the one that failed is removed, it holds nobody. */
	a = strstr(yaml, "---\n");
	assert_string_equal(foreseen_for_agent(&w, a + 4), "remove a;"
	    "restart b;restart c;restart d;restart e;restart f;restart g;");
	assert_string_equal(s.failed, "a");
	world_remove(&w);
	standing_close(&s);
}

/* What the next agent takes up is of the same wave. */
static void
a_wave_outlives_the_agent(void **state)
{
	const struct limit one = { 1, false };
	struct standing s;
	char yaml[2048];
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	keep_orders(&w, &s);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n"
	    "exec.prestart: [/bin/true, /bin/true]\n", 0);
	world_want(&w, yaml);
	while (s.wave.count == 0 || kernel_jid(&w, "a") != 0)
		assert_int_not_equal(event_base_loop(w.base,
		    EVLOOP_NONBLOCK), -1);
	another_agent(&w, &one, yaml);
	for (int turns = 0; turns < 100; turns++) {
		assert_int_not_equal(event_base_loop(w.base,
		    EVLOOP_NONBLOCK), -1);
		assert_true(w.reconciler.working <= 1);
		usleep(500);
	}
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "ready");
	assert_string_equal(world_state(&w, "g"), "ready");
	assert_int_equal(s.wave.count, 0);
	world_remove(&w);
	standing_close(&s);
}

/* One whose restart is blocked has not failed: it runs on, and nobody is held. */
static void
one_that_is_blocked_holds_nobody(void **state)
{
	static const char *const deaf = JAIL("h", "depend: [a]\n"
	    "exec.prestop: [\"exit 1\"]\nagent: {retry: {initial: 60s}}\n");
	const struct limit one = { 1, false };
	char yaml[4096];
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "---\n%s",
	    deaf);
	world_apply(&w, yaml);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n", 0);
	snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml), "---\n%s",
	    deaf);
	world_want(&w, yaml);
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "blocked");
	assert_true(kernel_jid(&w, "a") != 0);
	assert_string_equal(world_state(&w, "b"), "ready");
	assert_string_equal(world_state(&w, "g"), "ready");
	assert_int_equal(w.reconciler.waves.open, 0);
	world_remove(&w);
}

#define A_ON(on, more) JAIL("a", "stop.timeout: 0\nosrelease: 14.0-RELEASE\n" \
    "agent: {retry: {initial: 60s}}\ndepend: [" on "]\n" more)

/*
 * One that went down, and waits for what its newer spec depends on, has not failed
 * either; it is of its wave still, and may fail when it goes on.
 */
static void
one_that_waits_may_fail_yet(void **state)
{
	const struct limit one = { 1, false };
	char yaml[4096];
	struct world w;

	(void)state;
	world_of_seven(&w, yaml, sizeof yaml);
	most = 1;
	agent_start(&w, &one);
	set_of(yaml, sizeof yaml, "osrelease: 14.0-RELEASE\n"
	    "exec.prestart: [/bin/true, /bin/true]\n", 0);
	world_want(&w, yaml);
	while (kernel_jid(&w, "a") != 0)
		assert_int_not_equal(event_base_loop(w.base,
		    EVLOOP_NONBLOCK), -1);
	assert_int_equal(reconciler_want(&w.reconciler, spec_of_text(&w,
	    A_ON("nobody", ""))), 0);
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "blocked");
	assert_int_equal(kernel_jid(&w, "a"), 0);
	assert_string_equal(world_state(&w, "g"), "ready");
	assert_int_equal(reconciler_want(&w.reconciler, spec_of_text(&w,
	    A_ON("b", "exec.start: [\"exit 1\"]\n"))), 0);
	world_rest(&w);
	assert_string_equal(world_state(&w, "a"), "failed");
	assert_string_equal(w.reconciler.waves.failed, "a");
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_after_the_one_before),
		cmocka_unit_test(one_that_fails_holds_the_rest),
		cmocka_unit_test(one_that_goes_holds_nothing),
		cmocka_unit_test(the_hold_outlives_the_agent),
		cmocka_unit_test(a_plan_tells_of_the_hold),
		cmocka_unit_test(a_wave_outlives_the_agent),
		cmocka_unit_test(one_that_is_blocked_holds_nobody),
		cmocka_unit_test(one_that_waits_may_fail_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
