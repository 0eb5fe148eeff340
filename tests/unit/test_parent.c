/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the jail around a nested one forbids it is said before anything is tried,
 * and is just what jail_set(2) forbids; what is taken from it with a change of
 * that one is given back in the same pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/realise.h"
#include "foreseen.h"

#define PARENT "children.max: 4\n"

/* `why` NULL: the jail can be had. */
static const struct {
	const char *parent, *child, *why;
} pairs[] = {
	{ "", "", NULL },
	{ "", "allow.mount: true\n",
	    "allow.mount: its parent p does not have it" },
	{ "", "allow.mount: false\n", NULL },
	{ "allow.mount: true\n", "allow.mount: true\n", NULL },
	{ "", "allow.set_hostname: true\n", NULL },
	{ "allow.set_hostname: false\n", "allow.set_hostname: true\n",
	    "allow.set_hostname: its parent p does not have it" },
	{ "", "allow.unprivileged_parent_tampering: true\n", NULL },
	{ "allow.unprivileged_proc_debug: false\n",
	    "allow.unprivileged_proc_debug: true\n", NULL },
	{ "securelevel: 2\n", "securelevel: 1\n",
	    "securelevel: 1 is less than 2" },
	{ "securelevel: 2\n", "securelevel: 2\n", NULL },
	{ "", "enforce_statfs: 1\n", "enforce_statfs: 1 is less than 2" },
	{ "enforce_statfs: 1\n", "enforce_statfs: 1\n", NULL },
	{ "", "children.max: 4\n", "children.max: 4 is not less than 4" },
	{ "", "children.max: 3\n", NULL },
	{ "devfs_ruleset: 4\n", "devfs_ruleset: 5\n", NULL },
	{ "", "sysvmsg: new\n", "sysvmsg: its parent p has none" },
	{ "", "sysvmsg: disable\n", NULL },
	{ "sysvmsg: new\n", "sysvmsg: inherit\n", NULL },
	{ "allow.sysvipc: true\n", "sysvshm: new\n", NULL },
	{ "allow.sysvipc: true\n", "allow.sysvipc: true\n", NULL },
	{ "allow.sysvipc: true\nsysvsem: disable\n", "allow.sysvipc: true\n",
	    NULL },
	{ "allow.sysvipc: true\nsysvsem: disable\n",
	    "allow.sysvipc: true\nsysvsem: new\n",
	    "sysvsem: its parent p has none" },
	{ "ip4: inherit\n", "ip4.addr: [192.0.2.1, 192.0.2.2]\n", NULL },
	{ "ip4.addr: [192.0.2.1]\n", "ip4.addr: [192.0.2.1]\n", NULL },
	{ "ip4.addr: [192.0.2.1]\n", "ip4.addr: [192.0.2.2]\n",
	    "ip4.addr: its parent p does not have 192.0.2.2" },
	{ "", "ip4.addr: [192.0.2.2]\n",
	    "ip4.addr: its parent p does not have 192.0.2.2" },
	{ "ip4.addr: [192.0.2.1, 192.0.2.2]\n", "ip4.addr: [192.0.2.2]\n",
	    "ip4.addr: a jail in p, which has several" },
	{ "ip4.addr: [192.0.2.1, 192.0.2.2]\n", "ip4: inherit\n", NULL },
	{ "ip6.addr: [2001:db8::1]\n", "ip6.addr: [2001:db8::2]\n",
	    "ip6.addr: its parent p does not have 2001:db8::2" },
	{ "vnet: new\n", "ip4.addr: [192.0.2.1, 192.0.2.2]\n", NULL },
	{ "ip4.addr: [192.0.2.1]\n", "vnet: new\n", NULL },
};
#define PAIRS (sizeof pairs / sizeof *pairs)

static void
pair_text(size_t i, char *buf, size_t size)
{
	snprintf(buf, size, JAIL("p", PARENT "%s") "---\n"
	    JAIL("p.c", "exec.prestart: never\n%s"), pairs[i].parent,
	    pairs[i].child);
}

/* The plan says so, apply tries nothing, and the kernel would refuse it. */
static void
refused(struct world *w, size_t i, const char *yaml)
{
	struct spec *s;
	char child[512];
	int jid;
	struct error err;

	error_clear(&err);
	assert_non_null(strstr(foreseen(w, yaml), "blocked p.c;"));
	trace_clear(w);
	world_apply(w, yaml);
	assert_null(strstr(w->deeds, "p.c"));
	assert_int_equal(w->failures, 0);
	assert_string_equal(world_state(w, "p.c"), "blocked");
	if (strstr(world_reason(w, "p.c"), pairs[i].why) == NULL)
		fail_msg("%s in\n%s", world_reason(w, "p.c"), yaml);
	assert_int_equal(trace_count(w, "spawn"), 0);
	if (kernel_jid(w, "p.c") != 0)
		return;
	snprintf(child, sizeof child, JAIL("p.c", "%s"), pairs[i].child);
	s = spec_of_text(w, child);
	if (realise_create(&w->observer, s, &(struct text_list){ NULL, 0 },
	    "0", &jid, &err) == 0)
		fail_msg("the kernel takes it: %s", yaml);
	spec_free(s);
}

static void
had(struct world *w, const char *yaml)
{
	char plan[1024];

	snprintf(plan, sizeof plan, "%s", foreseen(w, yaml));
	if (strstr(plan, "blocked") != NULL)
		fail_msg("%s in\n%s", world_reason(w, "p.c"), yaml);
	world_apply(w, yaml);
	if (w->failures > 0)
		fail_msg("%s in\n%s", w->error, yaml);
	assert_string_equal(foreseen(w, yaml), "");
}

/* Made together with its parent; changed together with it. */
static void
what_a_parent_forbids(void **state)
{
	static const char before[] = JAIL("p", PARENT) "---\n"
	    JAIL("p.c", "");

	(void)state;
	for (size_t i = 0; i < 2 * PAIRS; i++) {
		char yaml[1024];
		struct world w;

		world_make(&w, JAIL_GEN_15);
		pair_text(i / 2, yaml, sizeof yaml);
		if (i % 2 == 1)
			world_apply(&w, before);
		if (pairs[i / 2].why != NULL)
			refused(&w, i / 2, yaml);
		else
			had(&w, yaml);
		world_remove(&w);
	}
}

/* What it waits for may come later: then it is made. */
static void
permitted_later(void **state)
{
	struct world *w = *state;
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	world_reconciler(w, &opt);
	world_want(w, JAIL("p", PARENT) "---\n"
	    JAIL("p.c", "allow.mount: true\n"));
	world_rest(w);
	assert_string_equal(w->deeds, "create p;");
	assert_string_equal(world_state(w, "p.c"), "blocked");
	/* Whichever of them is looked at first. */
	world_want(w, JAIL("p.c", "allow.mount: true\n") "---\n"
	    JAIL("p.d", "allow.mount: true\nexec.prestart: once\n") "---\n"
	    JAIL("p", PARENT "allow.mount: true\n"));
	world_rest(w);
	assert_int_equal(w->failures, 0);
	assert_non_null(strstr(w->deeds, "modify p;"));
	assert_string_equal(world_state(w, "p.c"), "ready");
	assert_string_equal(world_state(w, "p.d"), "ready");
}

#define NEST(a, b, c) JAIL("p", "children.max: 9\n" a) "---\n" \
    JAIL("p.c", "children.max: 4\n" b) "---\n" JAIL("p.c.d", c)

/* A value that the kernel overwrites, however deep, is set again at once. */
static void
overwritten(void **state)
{
	struct world *w = *state;
	const char *yaml = NEST("devfs_ruleset: 6\n", "",
	    "devfs_ruleset: 5\n");

	world_apply(w, NEST("devfs_ruleset: 4\n", "", "devfs_ruleset: 5\n"));
	assert_string_equal(foreseen(w, yaml), "modify p;modify p.c.d;");
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "modify p;modify p.c.d;");
	assert_string_equal(foreseen(w, yaml), "");
}

/* What its parent gives up is forbidden to a jail that keeps to it. */
static void
tightened(void **state)
{
	struct world *w = *state;
	const char *yaml = NEST("securelevel: 2\n", "", "securelevel: 1\n");

	world_apply(w, NEST("", "", "securelevel: 1\n"));
	assert_string_equal(foreseen(w, yaml), "modify p;blocked p.c.d;");
	assert_non_null(strstr(world_reason(w, "p.c.d"),
	    "securelevel: 1 is less than 2, which its parent p.c has"));
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "modify p;");
	assert_string_equal(world_state(w, "p.c.d"), "blocked");
}

/* The same for an agent, and each time at once: nobody else changes it. */
static void
followed_again_and_again(void **state)
{
	struct world *w = *state;
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	world_reconciler(w, &opt);
	for (int i = 0; i < 6; i++) {
		world_want(w, i % 2 == 0 ?
		    NEST("devfs_ruleset: 6\n", "", "devfs_ruleset: 5\n") :
		    NEST("devfs_ruleset: 4\n", "", "devfs_ruleset: 5\n"));
		world_rest(w);
		assert_string_equal(world_state(w, "p.c.d"), "ready");
	}
	assert_string_equal(w->deeds, "create p;create p.c;create p.c.d;"
	    "modify p;modify p.c.d;modify p;modify p.c.d;modify p;"
	    "modify p.c.d;modify p;modify p.c.d;modify p;modify p.c.d;");
}

/* A deep nest is planned as fast as a flat one. */
static void
deep(void **state)
{
	enum { DEPTH = 30 };
	struct world *w = *state;
	char *yaml = malloc(DEPTH * 400), name[2 * DEPTH + 1] = "";
	size_t n = 0;

	assert_non_null(yaml);
	for (int i = 0; i < DEPTH; i++) {
		strcat(name, i == 0 ? "a" : ".a");
		n += (size_t)snprintf(yaml + n, 400, "%s" JAIL("%s",
		    "children.max: %d\n"), i == 0 ? "" : "---\n", name,
		    DEPTH - i);
	}
	world_apply(w, yaml);
	assert_int_equal(w->failures, 0);
	assert_int_equal(w->told, DEPTH);
	assert_string_equal(foreseen(w, yaml), "");
	free(yaml);
}

/* What left the spec of a nested jail is then what its parent has. */
static void
parent_is_default(void **state)
{
	struct world *w = *state;
	const char *parent = JAIL("p", PARENT "securelevel: 1\n"
	    "devfs_ruleset: 4\nallow.suser: false\n") "---\n";
	char before[1024], after[1024];

	snprintf(before, sizeof before, "%s" JAIL("p.c", "securelevel: 1\n"
	    "devfs_ruleset: 4\nallow.suser: false\n"), parent);
	snprintf(after, sizeof after, "%s" JAIL("p.c", ""), parent);
	world_apply(w, before);
	assert_int_equal(w->failures, 0);
	trace_clear(w);
	(void)foreseen(w, after);
	assert_null(strstr(world_plan(w, "p.c"), "devfs_ruleset"));
	assert_null(strstr(world_plan(w, "p.c"), "restart"));
	world_apply(w, after);
	assert_int_equal(trace_mutations(w), 0);
	/* And where it is another one, it is set. */
	snprintf(before, sizeof before, "%s" JAIL("p.c", "securelevel: 2\n"
	    "allow.reserved_ports: false\n"), parent);
	world_apply(w, before);
	assert_string_equal(foreseen(w, after), "modify p.c;");
	assert_string_equal(world_plan(w, "p.c"), "modify: "
	    "allow.reserved_ports, securelevel differs "
	    "[allow.reserved_ports:live securelevel:live]");
	world_apply(w, after);
	assert_string_equal(w->deeds, "modify p.c;");
	assert_int_equal(w->failures, 0);
	assert_string_equal(foreseen(w, after), "");
}

/* The host's own securelevel is none that a jail could be below. */
static void
least_level_is_the_hosts(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "securelevel: -1\n"));
	(void)foreseen(w, JAIL("a", ""));
	assert_null(strstr(world_plan(w, "a"), "restart"));
	world_apply(w, JAIL("a", "securelevel: 1\n"));
	assert_string_equal(foreseen(w, JAIL("a", "")), "restart a;");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_parent_forbids),
		TEST(permitted_later),
		TEST(overwritten),
		TEST(tightened),
		TEST(followed_again_and_again),
		TEST(deep),
		TEST(parent_is_default),
		TEST(least_level_is_the_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
