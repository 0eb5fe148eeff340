/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A name does not make a jail the agent's own: somebody else may have taken it
 * since the agent's jail ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "agent/reconcile/adopt.h"
#include "foreseen.h"

/* Somebody else's, which may have jails in it. */
static void
make_stranger(struct world *w, const char *name, const char *path)
{
	struct jail_call c = { 0 };

	assert_true(kernel_make_at(w, name, path) > 0);
	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_int(&c, "children.max", 5), 0);
	assert_true(call_set(w->kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
}

/* One of the agent's own ended, and somebody else made another one. */
static void
replace(struct world *w, const char *name)
{
	char path[PATHS_MAX + 8];

	snprintf(path, sizeof path, "%s/other", w->root);
	assert_int_equal(mkdir(path, 0700), 0);
	kernel_kill(w, name);
	make_stranger(w, name, path);
}

/* Plan and apply say the same, and nothing is done. */
static void
same(struct world *w, const char *yaml, const char *plan, const char *jail,
    const char *why)
{
	assert_string_equal(foreseen(w, yaml), plan);
	assert_non_null(strstr(world_reason(w, jail), why));
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	assert_non_null(strstr(world_reason(w, jail), why));
}

#define P JAIL("p", "children.max: 5\n")
#define THEIRS "its parent p is not this agent's"

/* The inventory remembers a jail of the parent's name: that is not enough. */
static void
nothing_is_made_in_a_stranger(void **state)
{
	struct world *w = *state;

	world_apply(w, P);
	replace(w, "p");
	same(w, P "---\n" JAIL("p.c", ""), "conflict p;conflict p.c;", "p.c",
	    THEIRS);
	assert_string_equal(world_state(w, "p.c"), "conflict");
	/* Nor when no spec says the parent. */
	same(w, JAIL("p.c", ""), "conflict p.c;", "p.c", THEIRS);
	assert_int_equal(kernel_jid(w, "p.c"), 0);
	/* Nor when it never was the agent's own. */
	kernel_kill(w, "p");
	world_apply(w, "");
	make_stranger(w, "p", w->root);
	same(w, JAIL("p.c", ""), "conflict p.c;", "p.c", THEIRS);
	same(w, P "---\n" JAIL("p.c", ""), "conflict p;conflict p.c;", "p.c",
	    THEIRS);
	/* It goes away: both are made. */
	kernel_kill(w, "p");
	world_apply(w, P "---\n" JAIL("p.c", ""));
	assert_string_equal(w->deeds, "create p;create p.c;");
}

/*
 * Nor in one that this pass gives away: its spec is gone, and agent.on_remove was
 * keep.  What runs there as it is said goes on.
 */
static void
nothing_is_made_in_one_that_is_kept(void **state)
{
	static const char kept[] = JAIL("p",
	    "children.max: 5\nagent: {on_remove: keep}\n");
	struct world *w = *state;
	char yaml[1024];

	snprintf(yaml, sizeof yaml, "%s---\n" JAIL("p.a", "") "---\n"
	    JAIL("p.b", ""), kept);
	world_apply(w, yaml);
	same(w, JAIL("p.a", "") "---\n" JAIL("p.b", "exec.start: q\n") "---\n"
	    JAIL("p.c", ""), "conflict p.b;conflict p.c;", "p.b", THEIRS);
	assert_string_equal(foreseen(w, JAIL("p.a", "")), "remove p.b;");
	assert_null(inventory_find(&w->inventory, "p"));
	assert_true(kernel_jid(w, "p.b") != 0);
	/* One that ended is no parent at all. */
	kernel_kill(w, "p");
	world_apply(w, kept);
	kernel_kill(w, "p");
	same(w, JAIL("p.c", ""), "blocked p.c;", "p.c", "does not run");
}

/* The addresses that somebody else's jail has are taken, whatever its name. */
static void
addresses_of_a_stranger(void **state)
{
	struct world *w = *state;
	const char *set = JAIL("b", "ip4.addr: [192.0.2.7, 192.0.2.8]\n") "---\n" P;
	struct in_addr address = { htonl(0xc0000207) };
	struct jail_call c = { 0 };

	world_apply(w, P);
	replace(w, "p");
	assert_int_equal(call_add_text(&c, "name", "p"), 0);
	assert_int_equal(call_add(&c, "ip4.addr", &address, sizeof address), 0);
	assert_true(call_set(w->kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
	same(w, set, "blocked b;conflict p;", "b",
	    "address 192.0.2.7 belongs to the jail p");
}

/*
 * An entry whose jail is gone is dropped with its spec, whoever has the name then;
 * not while something is left that was made for it, nor where only the mark is gone.
 */
static void
a_stranger_keeps_no_entry(void **state)
{
	struct world *w = *state;
	struct entry *e;
	struct error err;

	error_clear(&err);
	world_apply(w, P);
	replace(w, "p");
	e = inventory_find(&w->inventory, "p");
	assert_int_equal(inventory_making(&w->inventory, e, "x", &err), 0);
	world_apply(w, "");
	assert_non_null(inventory_find(&w->inventory, "p"));
	assert_int_equal(inventory_unmade(&w->inventory, e, "x", &err), 0);
	assert_string_equal(foreseen(w, ""), "");
	world_apply(w, "");
	assert_string_equal(w->deeds, "");
	assert_null(inventory_find(&w->inventory, "p"));
	assert_true(kernel_jid(w, "p") != 0);
	kernel_kill(w, "p");
	world_apply(w, P);
	e = inventory_find(&w->inventory, "p");
	memset(e->token, '0', sizeof e->token - 1);
	free(e->path);
	e->path = strdup("/elsewhere");
	world_apply(w, "");
	assert_non_null(inventory_find(&w->inventory, "p"));
}

/* Nor is anything taken over there. */
static void
nothing_is_adopted_in_a_stranger(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct world *w = *state;
	struct managed *m;
	struct error err;

	world_apply(w, P);
	replace(w, "p");
	assert_true(kernel_make(w, "p.c") > 0);
	world_reconciler(w, &opt);
	world_want(w, P "---\n" JAIL("p.c", ""));
	m = reconciler_jail(&w->reconciler, "p.c", false);
	error_clear(&err);
	assert_int_equal(adopt_refused(&w->reconciler, m, false,
	    &err), -1);
	assert_string_equal(err.text,
	    "its parent is somebody else's; adopt that one first");
}

/* Whatever else it waits for: that would not help. */
static void
a_stranger_comes_before_dependencies(void **state)
{
	struct world *w = *state;

	make_stranger(w, "p", w->root);
	same(w, JAIL("p.c", "depend: [x]\n") "---\n"
	    JAIL("x", "depend: [nobody]\n"), "conflict p.c;blocked x;", "p.c",
	    THEIRS);
	assert_string_equal(world_state(w, "p.c"), "conflict");
}

/* What waits for a conflict does not come, as apply finds. */
static void
dependants_of_a_conflict(void **state)
{
	struct world *w = *state;

	assert_true(kernel_make(w, "p") > 0);
	same(w, P "---\n" JAIL("a", "depend: [p]\n") "---\n"
	    JAIL("b", "depend: [a]\n"),
	    "blocked a;blocked b;conflict p;", "a",
	    "waits for p, which is conflict: a jail of that name");
	/* One that no spec says is there, whoever made it. */
	world_apply(w, JAIL("a", "depend: [p]\n"));
	assert_string_equal(w->deeds, "create a;");
}

/* A jail of another set's name is a conflict, though it runs. */
static void
dependants_of_another_set(void **state)
{
	struct world *w = *state;

	world_apply_other(w, P);
	same(w, P "---\n" JAIL("a", "depend: [p]\n"),
	    "blocked a;conflict p;", "a", "waits for p, which is conflict: "
	    "the name belongs to the specs in " OTHER_SET);
}

static int
setup_13(void **state)
{
	struct world *w = malloc(sizeof *w);

	assert_non_null(w);
	world_make(w, JAIL_GEN_13);
	*state = w;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define TEST_13(f) { #f " 13", f, setup_13, world_teardown, NULL }

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_made_in_a_stranger),
		TEST_13(nothing_is_made_in_a_stranger),
		TEST(nothing_is_made_in_one_that_is_kept),
		TEST_13(nothing_is_made_in_one_that_is_kept),
		TEST(addresses_of_a_stranger),
		TEST_13(addresses_of_a_stranger),
		TEST(a_stranger_keeps_no_entry),
		TEST_13(a_stranger_keeps_no_entry),
		TEST(nothing_is_adopted_in_a_stranger),
		TEST_13(nothing_is_adopted_in_a_stranger),
		TEST(a_stranger_comes_before_dependencies),
		TEST(dependants_of_a_conflict),
		TEST(dependants_of_another_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
