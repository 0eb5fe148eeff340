/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nobody goes down in vain: one that would not come up again keeps the jail
 * around it up, and runs on when it only depends on the one that restarts.  What
 * waits for what does not come is shown as blocked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "foreseen.h"

#define ANEW "osrelease: 14.0\n"
#define GONE_ROOT(name) "---\nname: " name "\npath: /does/not/exist\n" \
    "persist: true\n"

/*
 * What runs, what is wanted then, what plan and apply make of it.  In all of them
 * a jail p restarts, or is to.
 */
static const struct {
	const char *before, *after, *plan, *deeds, *why;
} cases[] = {
	/* Its own spec cannot be had. */
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW) GONE_ROOT("p.c"),
	    "blocked p;blocked p.c;", "",
	    "restart would stop p.c, which could not come up again: path: " },
	{ JAIL("p", "") "---\n" JAIL("p.c", "") "---\n" JAIL("p.c.d", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c", "") GONE_ROOT("p.c.d"),
	    "blocked p;blocked p.c.d;", "",
	    "restart would stop p.c.d, which could not come up again: " },
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c", "agent: {paused: why}\n"),
	    "blocked p;modify p.c;", "modify p.c;",
	    "restart would stop p.c, which could not come up again: " },
	/* What it depends on is not there. */
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c", "depend: [nobody]\n"),
	    "blocked p;modify p.c;", "modify p.c;",
	    "p.c, which could not come up again: depends on nobody" },
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c", "depend: [x]\n") GONE_ROOT("x"),
	    "blocked p;modify p.c;blocked x;", "modify p.c;",
	    "p.c, which could not come up again: waits for x, which is " },
	/* What its parent will be decides, not what it is. */
	{ JAIL("p", "allow.mount: true\n") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c", "allow.mount: true\n"),
	    "blocked p;modify p.c;", "modify p.c;",
	    "p.c, which could not come up again: allow.mount: its parent p" },
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p", ANEW "allow.mount: true\n") "---\n"
	    JAIL("p.c", "allow.mount: true\n"),
	    "restart p;restart p.c;", "restart p.c;restart p;create p.c;",
	    NULL },
	/* Those that depend on it run on. */
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n") "---\n"
	    JAIL("b", "depend: [a]\n"),
	    JAIL("p", ANEW) GONE_ROOT("a") "depend: [p]\n---\n"
	    JAIL("b", "depend: [a]\n"),
	    "blocked a;restart p;", "restart p;", NULL },
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n") "---\n"
	    JAIL("b", "depend: [a]\n"),
	    JAIL("p", ANEW) "---\n" JAIL("a", "depend: [p, nobody]\n") "---\n"
	    JAIL("b", "depend: [a]\n"),
	    "modify a;restart p;", "modify a;restart p;", NULL },
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n") "---\n"
	    JAIL("a.c", ""),
	    JAIL("p", ANEW) "---\n" JAIL("a", "depend: [p]\n") GONE_ROOT("a.c"),
	    "blocked a.c;restart p;", "restart p;", NULL },
	/* A removal is wanted: it takes along what is in the jail. */
	{ JAIL("p", "") "---\n" JAIL("p.c", ""),
	    JAIL("p.c", ""), "remove p;remove p.c;", "restart p.c;remove p;",
	    NULL },
};

static void
nobody_goes_down_in_vain(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world *w;
		void *state;

		assert_int_equal(world_setup(&state), 0);
		w = state;
		world_apply(w, cases[i].before);
		assert_int_equal(w->failures, 0);
		assert_string_equal(foreseen(w, cases[i].after), cases[i].plan);
		if (cases[i].why != NULL && strstr(world_reason(w, "p"),
		    cases[i].why) == NULL)
			fail_msg("%zu: %s", i, world_reason(w, "p"));
		world_apply(w, cases[i].after);
		if (strcmp(w->deeds, cases[i].deeds) != 0)
			fail_msg("%zu: %s, p: %s", i, w->deeds,
			    world_reason(w, "p"));
		if (cases[i].why != NULL) {
			assert_string_equal(world_state(w, "p"), "blocked");
			if (strstr(world_reason(w, "p"), cases[i].why) == NULL)
				fail_msg("%zu: %s", i, world_reason(w, "p"));
		}
		assert_int_equal(world_teardown(&state), 0);
	}
}

/* Once what stood against it is mended, all is done in one pass. */
static void
mended(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("p", "") "---\n" JAIL("p.c", ""));
	world_apply(w, JAIL("p", ANEW) GONE_ROOT("p.c"));
	assert_string_equal(w->deeds, "");
	world_apply(w, JAIL("p", ANEW) "---\n" JAIL("p.c", ANEW));
	assert_string_equal(w->deeds, "restart p.c;restart p;create p.c;");
}

/* A running jail that is to restart and cannot is not on its way. */
static void
waits_in_vain_is_blocked(void **state)
{
	static const struct {
		const char *more, *others, *why;
	} vain[] = {
		{ "depend: [b]\n", "---\n" JAIL("b", "depend: [a]\n"),
		    "dependency loop: " },
		{ "depend: [nobody]\n", "", "depends on nobody" },
		{ "depend: [x]\n", GONE_ROOT("x"),
		    "waits for x, which is blocked" },
		{ "depend: [x]\n", "---\n" JAIL("x",
		    "agent: {paused: why}\n"), "waits for x, which is paused" },
		{ "depend: [y]\n", "---\n" JAIL("y", "depend: [x]\n")
		    GONE_ROOT("x"), "waits for y, which is blocked" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof vain / sizeof *vain; i++) {
		char yaml[2048];
		int jid;

		world_apply(w, JAIL("a", ""));
		jid = kernel_jid(w, "a");
		snprintf(yaml, sizeof yaml, "%s%s%s", JAIL("a", ANEW),
		    vain[i].more, vain[i].others);
		world_apply(w, yaml);
		assert_string_equal(world_state(w, "a"), "blocked");
		assert_non_null(strstr(world_reason(w, "a"), vain[i].why));
		assert_int_equal(kernel_jid(w, "a"), jid);
		assert_non_null(strstr(foreseen(w, yaml), "blocked a;"));
		world_apply(w, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_goes_down_in_vain),
		cmocka_unit_test_setup_teardown(mended, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(waits_in_vain_is_blocked,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
