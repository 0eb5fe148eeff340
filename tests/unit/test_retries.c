/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the agent tries again, and what status says of it, on a clock that the
 * test moves: this program's clock_ms() is taken instead of the agent's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/status.h"
#include "agent_fixture.h"

static int64_t now = 77000000;

int64_t
clock_ms(void)
{
	return now;
}

static struct managed *
healed(struct world *w, const char *yaml)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	world_reconciler(w, &opt);
	world_want(w, yaml);
	world_rest(w);
	return reconciler_jail(&w->reconciler, "web", false);
}

/* When status says that it is tried again, in seconds from now. */
static double
shown(struct world *w)
{
	struct status_source src = { .reconciler = &w->reconciler,
		.revision = "r1", .running = true, .pid = 7 };
	time_t before = time(NULL);
	json_t *o = status_build(&src), *jail;
	const char *text;
	struct tm tm = { 0 };

	jail = json_array_get(json_object_get(o, "jails"), 0);
	text = json_string_value(json_object_get(jail, "next_retry"));
	assert_non_null(text);
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
	json_decref(o);
	return difftime(timegm(&tm), before);
}

/* Within the jitter of 10 %, and told so to people and to the event loop. */
static void
waits(struct world *w, struct managed *m, int64_t ms)
{
	int64_t left = m->retry_at - now;
	struct timeval due, real;
	double loop;

	assert_int_equal(m->machine, MACHINE_WAITING);
	assert_in_range(left, ms - ms / 10, ms + ms / 10);
	assert_true(shown(w) >= (double)left / 1000);
	assert_true(shown(w) < (double)left / 1000 + 3);
	assert_true(evtimer_pending(m->retry, &due));
	gettimeofday(&real, NULL);
	loop = (double)(due.tv_sec - real.tv_sec) * 1000 +
	    (double)(due.tv_usec - real.tv_usec) / 1000;
	assert_true(loop <= (double)left + 100);
	assert_true(loop > (double)left - 10000);
}

/* The time that it waits for passes. */
static void
wait_is_over(struct world *w, struct managed *m)
{
	now = m->retry_at;
	event_active(m->retry, EV_TIMEOUT, 0);
	world_rest(w);
}

static void
dies(struct world *w)
{
	kernel_kill(w, "web");
	reconciler_look_all(&w->reconciler);
	world_rest(w);
}

static void
a_failing_start(void **state)
{
	static const int64_t delays[] = { 1000, 2000, 4000, 8000, 16000, 32000,
		64000, 128000, 256000, 300000, 300000, 300000 };
	struct world *w = *state;
	struct managed *m = healed(w, NO_ROOT("web", ""));

	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		assert_int_equal(w->failures, i + 1);
		waits(w, m, delays[i]);
		wait_is_over(w, m);
	}
	/* Another spec is tried at once, and waits from the beginning. */
	world_want(w, NO_ROOT("web", "host.hostname: b\n"));
	world_rest(w);
	waits(w, m, 1000);
	world_want(w, JAIL("web", ""));
	world_rest(w);
	assert_string_equal(world_state(w, "web"), "ready");
	assert_int_equal(m->retry_at, 0);
}

static void
a_jail_that_ends(void **state)
{
	struct world *w = *state;
	struct managed *m = healed(w, JAIL("web", ""));

	dies(w); /* the first restart is immediate */
	assert_string_equal(world_state(w, "web"), "ready");
	for (int64_t ms = 1000; ms <= 4000; ms *= 2) {
		dies(w);
		waits(w, m, ms);
		wait_is_over(w, m);
		assert_string_equal(world_state(w, "web"), "ready");
	}
	now += 10 * 60 * 1000 - 1;
	dies(w);
	waits(w, m, 8000);
	wait_is_over(w, m);
	now += 10 * 60 * 1000;
	dies(w); /* it was well for long enough: all is forgotten */
	assert_string_equal(world_state(w, "web"), "ready");
	dies(w);
	waits(w, m, 1000);
}

static void
as_the_spec_says(void **state)
{
	struct world *w = *state;
	struct managed *m = healed(w, JAIL("web",
	    "agent: {retry: {initial: 3s, max: 5s, reset: 20s}}\n"));

	dies(w);
	dies(w);
	waits(w, m, 3000);
	wait_is_over(w, m);
	for (int i = 0; i < 3; i++) {
		now += 19999;
		dies(w);
		waits(w, m, 5000);
		wait_is_over(w, m);
	}
	now += 20000;
	dies(w);
	assert_string_equal(world_state(w, "web"), "ready");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failing_start),
		TEST(a_jail_that_ends),
		TEST(as_the_spec_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
