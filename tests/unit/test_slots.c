/* SPDX-License-Identifier: BSD-2-Clause */
/* Which operations count among those that -p allows at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "real_hooks.h"

static bool all_ended; /* web's processes, which take their time */

static int
take_their_time(struct jail_kernel *k, int jid, int sig)
{
	(void)k;
	(void)jid;
	(void)sig;
	return !all_ended;
}

static const char *const web = JAIL("web", "stop.timeout: 100\n"
    "exec.stop: [\"echo stop >> @/log\"]\n"
    "exec.poststop: [\"echo poststop >> @/log\"]\n");
/* It is being made until there is the file "go". */
static const char *const slow = JAIL("slow", "exec.start: [\"echo begins >> "
    "@/log; until [ -e @/go ]; do sleep 0.01; done; echo ends >> @/log\"]\n");

static struct spec *
with(struct world *w, const char *yaml, const char *more)
{
	char text[2048];

	snprintf(text, sizeof text, "%s%s", yaml, more);
	return spec_of_text(w, text);
}

/* Of one at a time: web is being stopped, and its processes are waited for. */
static void
stop_web(struct stage *s)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true, .parallel = 1 };

	all_ended = false;
	s->backend.signal = take_their_time;
	world_reconciler(&s->w, &opt);
	world_want(&s->w, web);
	world_rest(&s->w);
	assert_string_equal(world_state(&s->w, "web"), "ready");
	reconciler_unwant(&s->w.reconciler, reconciler_jail(
	    &s->w.reconciler, "web", false));
	until_said(s, "stop");
}

static void
want(struct stage *s, const char *yaml, const char *more)
{
	assert_int_equal(reconciler_want(&s->w.reconciler, with(&s->w, yaml,
	    more)), 0);
}

/* Has what waits in slow.exec.start go on. */
static void
go(struct stage *s)
{
	char path[PATHS_MAX + 4];

	snprintf(path, sizeof path, "%s/go", s->w.root);
	temp_write(path, 0600, "", 0);
}

static struct operation *
operation_of(struct stage *s, const char *name)
{
	const struct managed *m = reconciler_find(&s->w.reconciler, name);

	return m == NULL ? NULL : m->op;
}

/* Web's processes end; it goes on until it needs others to end. */
static void
until_web_is_down(struct stage *s)
{
	int64_t end = clock_ms() + 20000;

	all_ended = true;
	while (kernel_jid(&s->w, "web") != 0) {
		assert_true(clock_ms() < end);
		world_turns(s, 1);
	}
	world_turns(s, 20);
}

/* Who waits for processes to end runs no commands, and counts again behind that. */
static void
waiting_for_processes_does_not_count(void **state)
{
	struct stage *s = *state;

	stop_web(s);
	want(s, slow, "");
	until_said(s, "begins");
	assert_int_not_equal(kernel_jid(&s->w, "web"), 0);
	until_web_is_down(s);
	go(s);
	world_rest(&s->w);
	assert_string_equal(log_of(s), "stop begins ends poststop");
	assert_string_equal(world_state(&s->w, "slow"), "ready");
	assert_int_equal(s->w.reconciler.shop.slots.taken, 0);
}

/* Those under way come before those that are to begin. */
static void
whoever_began_comes_first(void **state)
{
	struct stage *s = *state;

	stop_web(s);
	want(s, slow, "");
	until_said(s, "begins");
	want(s, JAIL("late", "exec.start: [\"echo late >> @/log\"]\n"), "");
	until_web_is_down(s);
	go(s);
	world_rest(&s->w);
	assert_string_equal(log_of(s), "stop begins ends poststop late");
}

/* It may be wanted otherwise meanwhile; nothing is begun in vain. */
static void
another_mind_while_it_waits(void **state)
{
	struct stage *s = *state;

	stop_web(s);
	want(s, slow, "");
	until_said(s, "begins");
	until_web_is_down(s);
	want(s, web, "exec.start: [\"echo first >> @/log\"]\n");
	world_turns(s, 20);
	want(s, web, "exec.start: [\"echo second >> @/log\"]\n");
	world_turns(s, 20);
	go(s);
	world_rest(&s->w);
	assert_string_equal(log_of(s), "stop begins ends poststop second");
	assert_string_equal(world_state(&s->w, "web"), "ready");
	assert_int_equal(s->w.reconciler.shop.slots.taken, 0);
}

/* A start that is not wanted any more does not wait for its turn to be given up. */
static void
unwanted_start_ends_at_once(void **state)
{
	static const char *const bare = JAIL("web", "stop.timeout: 100\n");
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true, .parallel = 1 };
	struct stage *s = *state;

	all_ended = false;
	s->backend.signal = take_their_time;
	world_reconciler(&s->w, &opt);
	want(s, bare, "");
	world_rest(&s->w);
	want(s, bare, "osrelease: 13.9\n");
	while (operation_of(s, "web") == NULL)
		world_turns(s, 1);
	world_turns(s, 50);
	want(s, slow, "");
	until_said(s, "begins");
	until_web_is_down(s);
	assert_string_equal(operation_step(operation_of(s, "web")),
	    "waiting for others to end");
	reconciler_unwant(&s->w.reconciler, reconciler_jail(
	    &s->w.reconciler, "web", false));
	world_turns(s, 50);
	assert_null(operation_of(s, "web"));
	go(s);
	world_rest(&s->w);
	assert_string_equal(world_state(&s->w, "web"), "unknown");
	assert_string_equal(world_state(&s->w, "slow"), "ready");
}

/* The agent ends while one waits; the next one goes on. */
static void
agent_ends_meanwhile(void **state)
{
	struct stage *s = *state;

	stop_web(s);
	want(s, slow, "");
	until_said(s, "begins");
	until_web_is_down(s);
	world_restart(&s->w);
	s->w.kernel->backend = &s->backend;
	go(s);
	world_apply(&s->w, "");
	assert_int_equal(s->w.inventory.count, 0);
	assert_non_null(strstr(log_of(s), "poststop"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waiting_for_processes_does_not_count),
		TEST(whoever_began_comes_first),
		TEST(another_mind_while_it_waits),
		TEST(unwanted_start_ends_at_once),
		TEST(agent_ends_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
