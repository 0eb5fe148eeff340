/* SPDX-License-Identifier: BSD-2-Clause */
/* Who gets an address that several jails of a set are to have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "foreseen.h"

#define X "ip4.addr: [192.0.2.1, 192.0.2.2]\n"
#define Y "ip4.addr: [192.0.2.3, 192.0.2.4]\n"
#define Z "ip4.addr: [192.0.2.5, 192.0.2.6]\n"
#define ON(name) "depend: [" name "]\n"
#define NEXT "---\n"
#define NEW "osrelease: 13.9\n" /* a restart */

/* The plan of a set is so, and what apply does is just that, in any order. */
static void
planned_and_done(struct world *w, const char *yaml, const char *plan,
    const char *deeds)
{
	char deed[64];

	assert_string_equal(foreseen(w, yaml), plan);
	world_apply(w, yaml);
	assert_int_equal(strlen(w->deeds), strlen(deeds));
	for (const char *end; (end = strchr(deeds, ';')) != NULL;
	    deeds = end + 1) {
		snprintf(deed, sizeof deed, "%.*s", (int)(end + 1 - deeds),
		    deeds);
		assert_non_null(strstr(w->deeds, deed));
	}
	assert_int_equal(w->failures, 0);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	world_apply(w, "");
	assert_int_equal(w->inventory.count, 0);
}

/* One that is blocked by itself, wherever its name is, is nobody's rival. */
static void
one_is_blocked(void **state)
{
	struct world *w = *state;

	planned_and_done(w, JAIL("a", X ON("nobody")) NEXT JAIL("b", X) NEXT
	    JAIL("c", X), "blocked a;create b;blocked c;", "create b;");
	planned_and_done(w, JAIL("a", X) NEXT JAIL("b", X ON("nobody")) NEXT
	    JAIL("c", X), "create a;blocked b;blocked c;", "create a;");
	planned_and_done(w, JAIL("a", X ON("z")) NEXT JAIL("b", X) NEXT
	    JAIL("c", X) NEXT JAIL("z", ON("nobody")),
	    "blocked a;create b;blocked c;blocked z;", "create b;");
}

/* Nor is one that is blocked by what its rival does to another jail. */
static void
one_is_blocked_by_a_rival(void **state)
{
	struct world *w = *state;

	planned_and_done(w, JAIL("a", Y) NEXT JAIL("b", X ON("z")) NEXT
	    JAIL("c", X) NEXT JAIL("z", Y),
	    "create a;blocked b;create c;blocked z;", "create a;create c;");
	planned_and_done(w, JAIL("a", Z) NEXT JAIL("b", X ON("d")) NEXT
	    JAIL("c", X) NEXT JAIL("d", Y ON("q")) NEXT JAIL("e", Y) NEXT
	    JAIL("q", Z), "create a;blocked b;create c;blocked d;create e;"
	    "blocked q;", "create a;create c;create e;");
	planned_and_done(w, JAIL("m", X ON("e")) NEXT JAIL("l", X ON("p")) NEXT
	    JAIL("e", "") NEXT JAIL("p", Y) NEXT JAIL("o", Y ON("z")) NEXT
	    JAIL("z", ON("nobody")), "create e;create l;blocked m;blocked o;"
	    "create p;blocked z;", "create e;create p;create l;");
}

/* What a jail depends on, or is in, comes before it. */
static void
rivals_that_depend(void **state)
{
	struct world *w = *state;

	planned_and_done(w, JAIL("a", X) NEXT JAIL("b", X ON("a")),
	    "create a;blocked b;", "create a;");
	planned_and_done(w, JAIL("a", X ON("b")) NEXT JAIL("b", X),
	    "blocked a;create b;", "create b;");
	planned_and_done(w, JAIL("a", X ON("m")) NEXT JAIL("b", X) NEXT
	    JAIL("m", ON("b")), "blocked a;create b;create m;",
	    "create b;create m;");
	planned_and_done(w, JAIL("a", X ON("c")) NEXT JAIL("b", X) NEXT
	    JAIL("c", X), "blocked a;blocked b;create c;", "create c;");
	/* So it comes before those that come behind that jail. */
	planned_and_done(w, JAIL("a", ON("z")) NEXT JAIL("y", Y) NEXT
	    JAIL("z", Y), "create a;blocked y;create z;",
	    "create z;create a;");
}

/* Jails that run, and are to be changed or restarted. */
static void
running_rivals(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", Y) NEXT JAIL("b", Z) NEXT JAIL("c", ""));
	planned_and_done(w, JAIL("a", X ON("z") NEW) NEXT JAIL("b", X NEW) NEXT
	    JAIL("c", X NEW) NEXT JAIL("z", ON("nobody")),
	    "blocked a;restart b;blocked c;blocked z;", "restart b;");
	world_apply(w, JAIL("h", X));
	planned_and_done(w, JAIL("a", X ON("nobody")) NEXT JAIL("b", X) NEXT
	    JAIL("c", X) NEXT JAIL("h", Y),
	    "blocked a;create b;blocked c;modify h;", "modify h;create b;");
	world_apply(w, JAIL("h", X));
	planned_and_done(w, JAIL("a", X) NEXT JAIL("b", X) NEXT JAIL("h", X),
	    "blocked a;blocked b;", "");
}

/* It could only come if he whom it keeps off did: so it gives way. */
static void
circle(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("h", Y));
	planned_and_done(w, JAIL("m", X) NEXT JAIL("h", Z ON("m") NEW) NEXT
	    JAIL("a", "ip4.addr: [192.0.2.1, 192.0.2.3]\n"),
	    "blocked a;restart h;create m;", "create m;restart h;");
}

/*
 * It keeps one of its addresses, which it is to share with one that its own holder
 * waits for: when it has no other, it has nothing to give up any more.
 */
static void
shares_what_it_keeps(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("e", "") NEXT JAIL("f", Y ON("e")));
	planned_and_done(w, JAIL("e", ON("g") NEW) NEXT
	    JAIL("f", "ip4.addr: 192.0.2.3\n") NEXT
	    JAIL("g", "ip4.addr: 192.0.2.3\n"),
	    "restart e;restart f;create g;",
	    "restart f;create g;restart e;create f;");
}

/* Of two that have what one of a circle claims, one keeps it: nobody moves. */
static void
circle_in_vain(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "ip4.addr: 192.0.2.3\n") NEXT
	    JAIL("f", "ip4.addr: 192.0.2.3\n") NEXT
	    JAIL("g", "ip4.addr: 192.0.2.1\n"));
	planned_and_done(w, JAIL("a", "ip4.addr: [192.0.2.1, 192.0.2.5]\n") NEXT
	    JAIL("f", ON("nobody") NEW) NEXT
	    JAIL("g", "ip4.addr: [192.0.2.2, 192.0.2.3]\n"),
	    "blocked a;blocked f;blocked g;", "");
}

/* One that shares its address with a jail that stays as it is comes up again. */
static void
shared_with_one_that_stays(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("c", "") NEXT JAIL("f", "ip4.addr: 192.0.2.1\n"
	    ON("c")) NEXT JAIL("g", "ip4.addr: 192.0.2.1\n"));
	planned_and_done(w, JAIL("c", NEW) NEXT JAIL("f",
	    "ip4.addr: 192.0.2.1\n" ON("c")) NEXT
	    JAIL("g", "ip4.addr: 192.0.2.3\n" ON("nobody") NEW),
	    "restart c;restart f;blocked g;",
	    "restart f;restart c;create f;");
}

/*
 * Nor does one go down that could not come up again with its address, since who shares
 * it is to have more, be it that this one is not changed in that.
 */
static void
shared_with_one_that_is_blocked(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("c", "ip4.addr: 192.0.2.1\n") NEXT
	    JAIL("e", "ip4.addr: 192.0.2.1\n" ON("f")) NEXT JAIL("f", ""));
	planned_and_done(w, JAIL("c", X ON("nobody")) NEXT
	    JAIL("e", "ip4.addr: 192.0.2.1\n" ON("f")) NEXT JAIL("f", NEW),
	    "blocked c;restart f;", "restart f;");
}

/* Who was refused for what another one keeps, unless that one restarts along. */
static void
holder_that_goes_along(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("c", "jid: 703\n" ON("d")) NEXT JAIL("d", ""));
	planned_and_done(w, JAIL("b", "jid: 703\n") NEXT JAIL("c", "") NEXT
	    JAIL("d", NEW), "create b;restart c;restart d;",
	    "restart c;restart d;create c;create b;");
	/* Its leader wants what is kept by one who is refused for that. */
	world_apply(w, JAIL("b", X) NEXT JAIL("c", "jid: 703\n" ON("d")) NEXT
	    JAIL("d", ""));
	planned_and_done(w, JAIL("b", "jid: 703\n" NEW) NEXT JAIL("c", "") NEXT
	    JAIL("d", X NEW), "blocked b;modify c;blocked d;", "modify c;");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_is_blocked),
		TEST(one_is_blocked_by_a_rival),
		TEST(rivals_that_depend),
		TEST(running_rivals),
		TEST(circle),
		TEST(shares_what_it_keeps),
		TEST(circle_in_vain),
		TEST(shared_with_one_that_stays),
		TEST(shared_with_one_that_is_blocked),
		TEST(holder_that_goes_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
