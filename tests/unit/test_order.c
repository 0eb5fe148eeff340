/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains of dependencies while a restart is under way, when the jails are
 * looked at at the worst moments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/resource.h>

#include <cmocka.h>

#include "agent/reconcile/order.h"
#include "agent_fixture.h"

/* As the kernel's word that anything may have changed. */
static void
look_after(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	world_told(arg, m, a, o);
	reconciler_look_all(m->owner);
}

static void
restart_root(struct world *w, const char *name, const char *rest)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .parallel = 16 };
	char yaml[2048];

	snprintf(yaml, sizeof yaml, "name: %s\npath: @\npersist: true\n"
	    "---\n%s", name, rest);
	world_apply(w, yaml);
	assert_int_equal(w->told, 3);
	w->told = 0;
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	snprintf(yaml, sizeof yaml, "name: %s\npath: @\npersist: true\n"
	    "exec.start: x\n---\n%s", name, rest);
	w->reconciler.opt.told = look_after;
	world_want(w, yaml);
	world_settle(w);
}

static void
stopped_jails_stay_down(void **state)
{
	struct world *w = *state;

	restart_root(w, "db", JAIL("app", "depend: [cache]\n") "---\n"
	    JAIL("cache", "depend: [db]\n"));
	assert_string_equal(w->deeds, "restart app;restart cache;restart db;"
	    "create cache;create app;");
	assert_string_equal(world_state(w, "app"), "ready");
}

static void
whatever_the_names(void **state)
{
	struct world *w = *state;

	restart_root(w, "zdb", JAIL("c", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [zdb]\n"));
	assert_string_equal(w->deeds, "restart c;restart b;restart zdb;"
	    "create b;create c;");
}

#define CHAIN JAIL("app", "depend: [cache]\n") "---\n" \
    JAIL("cache", "depend: [db]\n") "---\n"

/* The restart is not wanted any more when the first jail is down. */
static void
take_back(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	struct world *w = arg;

	world_told(w, m, a, o);
	if (w->told == 1)
		world_want(w, CHAIN JAIL("db", ""));
}

static void
stopped_jails_come_back(void **state)
{
	struct world *w = *state;
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .parallel = 16 };

	world_apply(w, CHAIN JAIL("db", ""));
	w->told = 0;
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	w->reconciler.opt.told = take_back;
	world_want(w, CHAIN JAIL("db", "exec.start: x\n"));
	world_settle(w);
	assert_string_equal(w->deeds, "restart app;create app;");
	assert_string_equal(world_state(w, "app"), "ready");
}

#define CUT JAIL("b", "depend: [a]\n") "---\n" JAIL("c", "depend: [b]\n") \
    "---\n" JAIL("d", "depend: [c]\n") "---\n"

/* What an agent that was killed was stopping goes down with the others, once. */
static void
cut_off_stop_waits_for_the_restart(void **state)
{
	struct world *w = *state;
	struct error err;

	for (int i = 0; i < 2; i++) {
		const char *cut = i == 0 ? "d" : "c";

		world_apply(w, CUT JAIL("a", ""));
		assert_int_equal(inventory_removing(&w->inventory,
		    inventory_find(&w->inventory, cut), &err), 0);
		reconciler_free(&w->reconciler);
		w->has_reconciler = false;
		world_restart(w);
		world_apply(w, CUT JAIL("a", "exec.start: x\n"));
		assert_string_equal(w->deeds, "restart d;restart c;"
		    "restart b;restart a;create b;create c;create d;");
	}
}

/* Applied without --prune, as when a part of a directory is. */
static void
apply_part(struct world *w, const char *yaml)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.parallel = 16 };

	w->told = w->failures = 0;
	w->deeds[0] = w->error[0] = '\0';
	world_reconciler(w, &opt);
	world_want(w, yaml);
	world_settle(w);
}

/*
 * `b`, which no spec says any more, goes down with `c`: nothing is started upon
 * it before.
 */
static void
unsaid_ones_follow(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("c", "") "---\n" JAIL("b", "depend: [c]\n"
	    "children.max: 9\n") "---\n" JAIL("b.x", "") "---\n"
	    JAIL("d", "depend: [b]\n"));
	apply_part(w, JAIL("c", "exec.start: q\n") "---\n" JAIL("b.x", "")
	    "---\n" JAIL("b.y", "") "---\n" JAIL("d", "depend: [b]\n")
	    "---\n" JAIL("e", "depend: [b]\n"));
	assert_string_equal(w->deeds, "restart b.x;restart d;restart b;"
	    "restart c;create b;create d;create b.y;create b.x;create e;");
}

/*
 * No place is left for `a.x`, which no spec says any more, in what `a` is to be: so
 * that one stays as it is, which is known before `c` is ready, for which it waits.
 */
static void
unsaid_one_keeps_its_place(void **state)
{
	static const char restarts[] = "restart c;";
	struct world *w = *state;
	char *alone;

	world_apply(w, JAIL("a", "children.max: 9\nallow.raw_sockets: true\n")
	    "---\n" JAIL("a.x", "depend: [b]\nallow.raw_sockets: true\n")
	    "---\n" JAIL("b", "") "---\n" JAIL("c", ""));
	apply_part(w, JAIL("a", "children.max: 9\ndepend: [c]\n"
	    "exec.start: q\n") "---\n" JAIL("b", "exec.start: q\n") "---\n"
	    JAIL("c", "exec.start: q\n"));
	/* `c` has nothing to do with the others, and takes what time it takes. */
	alone = strstr(w->deeds, restarts);
	assert_non_null(alone);
	memmove(alone, alone + strlen(restarts),
	    strlen(alone + strlen(restarts)) + 1);
	assert_string_equal(w->deeds, "restart a.x;restart b;create a.x;");
	assert_string_equal(world_state(w, "a"), "blocked");
}

/*
 * One is to get the address of a jail that restarts, and depends on what goes down
 * for that: when it has gone down once, nobody waits for that any more.
 */
static void
goes_down_once(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("d", "ip4.addr: 192.0.2.1\n") "---\n"
	    JAIL("e", "depend: [d]\n"));
	world_apply(w, JAIL("c", "") "---\n"
	    JAIL("d", "depend: [c]\nexec.start: q\n") "---\n"
	    JAIL("e", "depend: [d]\n") "---\n"
	    JAIL("f", "depend: [e]\nip4.addr: 192.0.2.1\n"));
	assert_string_equal(w->deeds,
	    "create c;restart e;restart d;create e;create f;");
	assert_string_equal(world_state(w, "f"), "ready");
}

/*
 * One that is new waits for a restart that takes down what it depends on, be it that
 * this one makes way until it is known what becomes of others.
 */
static void
new_one_comes_once(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("b", "depend: [d]\n") "---\n" JAIL("d", "") "---\n"
	    JAIL("e", "depend: [b]\n"));
	world_apply(w, JAIL("d", "exec.start: q\n") "---\n"
	    JAIL("b", "depend: [d]\n") "---\n"
	    JAIL("c", "depend: [b]\n") "---\n" JAIL("e", "depend: [c]\n"));
	assert_string_equal(w->deeds, "restart e;restart b;restart d;"
	    "create b;create c;create e;");
	world_apply(w, "");
	/* The same of one that is restarted itself, upon another one from now on. */
	world_apply(w, JAIL("b", "depend: [z]\n") "---\n" JAIL("e", "") "---\n"
	    JAIL("z", ""));
	world_apply(w, JAIL("b", "depend: [z]\n") "---\n"
	    JAIL("e", "depend: [b]\nexec.start: q\n") "---\n"
	    JAIL("z", "exec.start: q\n"));
	assert_string_equal(w->deeds, "restart b;restart z;create b;restart e;");
	/* ... or that goes down with it. */
	world_apply(w, JAIL("b", "depend: [z]\n") "---\n"
	    JAIL("e", "depend: [b]\n") "---\n" JAIL("z", ""));
	assert_string_equal(w->deeds, "restart e;restart b;restart z;"
	    "create b;create e;");
}

/* Nothing is done to one that goes down with the jail around it, be it later. */
static void
no_change_before_the_end(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [p.c]\n") "---\n"
	    JAIL("p", "children.max: 1\n") "---\n" JAIL("p.c", ""));
	world_apply(w, JAIL("p.c", "host.hostname: q\n"));
	assert_string_equal(w->deeds, "remove a;restart p.c;remove p;");
	assert_string_equal(world_state(w, "p.c"), "blocked");
}

#define X "ip4.addr: [192.0.2.1, 192.0.2.2]\n"
#define Y "ip4.addr: [192.0.2.3, 192.0.2.4]\n"
#define ANEW "exec.start: q\n"

/*
 * One that is blocked and depends on two others has them looked at when it turns;
 * it does not turn for their being looked at.
 */
static void
blocked_below_two(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("b", "") "---\n" JAIL("e", X) "---\n" JAIL("f", Y));
	world_apply(w, JAIL("b", X) "---\n" JAIL("d", "depend: [nobody]\n") "---\n"
	    JAIL("e", Y "depend: [d, b]\n") "---\n"
	    JAIL("f", "depend: [d]\n" ANEW));
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "b"), "blocked");
	assert_string_equal(world_state(w, "e"), "blocked");
}

/* The stack that a walk down a chain needs is small for each jail. */
static void
chains_may_be_long(void **state)
{
	enum { LONG = 1000, STACK = 1024 * 1024 };
	const struct action restart = { .kind = ACTION_RESTART };
	struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct world *w = *state;
	struct reconciler *r = &w->reconciler;
	char *yaml = malloc(LONG * 100), why[ERROR_TEXT_MAX];
	struct rlimit before, few;
	enum jail_state shown;
	size_t n = 0;

	assert_non_null(yaml);
	for (int i = 0; i < LONG; i++)
		n += (size_t)snprintf(yaml + n, 100, "%sname: j%04d\npath: @\n"
		    "persist: true\ndepend: [j%04d]\n", i == 0 ? "" : "---\n",
		    i, i == 0 ? LONG : i - 1);
	world_reconciler(w, &opt);
	world_want(w, yaml);
	assert_int_equal(r->count, LONG);
	for (size_t i = 0; i < r->count; i++)
		r->jail[i]->jid = (int)i + 1;
	assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
	few = (struct rlimit){ STACK, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_STACK, &few), 0);
	do {
		assert_non_null(order_down(r, r->jail[0], &restart, why,
		    sizeof why, &shown));
	} while (strcmp(why, "is about to restart") == 0);
	assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
	assert_string_equal(why, "restart waits until j0001 is down");
	assert_int_equal(shown, STATE_PROGRESSING);
	assert_int_equal(r->working, 1);
	assert_int_equal(r->jail[LONG - 1]->machine, MACHINE_WORKING);
	free(yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stopped_jails_stay_down,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(whatever_the_names, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(stopped_jails_come_back,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    cut_off_stop_waits_for_the_restart, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(unsaid_one_keeps_its_place,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(unsaid_ones_follow,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(goes_down_once,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(new_one_comes_once,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(no_change_before_the_end,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(blocked_below_two,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(chains_may_be_long,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
