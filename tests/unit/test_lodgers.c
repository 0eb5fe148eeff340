/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jails of somebody else, or of another set, in those of the agent: none of them
 * ends because of what a spec says, and what else becomes of them is said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/lodgers.h"
#include "foreseen.h"

#define ANEW "osrelease: 14.0\n"
/* Neither plan nor apply touches the jail, and both say why. */
static void
keeps(struct world *w, const char *yaml, const char *jail, const char *why)
{
	char plan[256];

	snprintf(plan, sizeof plan, "blocked %s;", jail);
	assert_string_equal(foreseen(w, yaml), plan);
	assert_non_null(strstr(world_reason(w, jail), why));
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, jail), "blocked");
	assert_non_null(strstr(world_reason(w, jail), why));
}

static void
strangers_stay(void **state)
{
	struct world *w = *state;
	const char *in[] = { "p.x", "p.c.x" };

	for (size_t i = 0; i < 2; i++) {
		world_apply(w, JAIL("p", "") "---\n" JAIL("p.c", ""));
		kernel_make(w, in[i]);
		keeps(w, JAIL("p", ANEW) "---\n" JAIL("p.c", ""), "p",
		    "x, which this agent did not make, would end with p: end "
		    "it with the tool that made it, or");
		assert_int_not_equal(kernel_jid(w, in[i]), 0);
		kernel_kill(w, in[i]);
		world_apply(w, JAIL("p", ANEW) "---\n" JAIL("p.c", ""));
		assert_non_null(strstr(w->deeds, "restart p;"));
		kernel_make(w, "p.x");
		kernel_make(w, "p.y");
		world_apply(w, "");
		assert_string_equal(world_state(w, "p"), "blocked");
		assert_non_null(strstr(world_reason(w, "p"),
		    "p.x and 1 more, which this agent did not make"));
		assert_int_not_equal(kernel_jid(w, "p.x"), 0);
		kernel_kill(w, "p.x");
		kernel_kill(w, "p.y");
		world_apply(w, "");
		assert_int_equal(kernel_jid(w, "p"), 0);
	}
}

/* An agent does meanwhile what takes no restart. */
static void
change_goes_on(void **state)
{
	struct world *w = *state;
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = true };
	const char *changed = JAIL("p", ANEW "host.hostname: two\n");

	world_apply(w, JAIL("p", "host.hostname: one\n"));
	kernel_make(w, "p.x");
	assert_string_equal(foreseen_for_agent(w, changed), "modify p;");
	world_reconciler(w, &opt);
	world_want(w, changed);
	world_rest(w);
	assert_string_equal(live_text(w, "p", "host.hostname"), "two");
	assert_string_equal(world_state(w, "p"), "blocked");
	assert_non_null(strstr(world_reason(w, "p"), "p.x, which this agent "
	    "did not make, would end with p"));
	assert_string_equal(foreseen_for_agent(w, changed), "blocked p;");
	/* What others change is undone. */
	assert_true(kernel_set_text(w, "p", "host.hostname", "theirs") > 0);
	world_reconciler(w, &opt);
	world_want(w, changed);
	world_rest(w);
	assert_string_equal(live_text(w, "p", "host.hostname"), "two");
	/* So it is where a user asks for the restart. */
	world_reconciler(w, &opt);
	world_want(w, JAIL("p", "host.hostname: three\n"));
	reconciler_jail(&w->reconciler, "p", false)->by_hand = true;
	world_rest(w);
	assert_string_equal(live_text(w, "p", "host.hostname"), "three");
	assert_string_equal(world_state(w, "p"), "blocked");
	kernel_kill(w, "p.x");
	reconciler_look_all(&w->reconciler);
	w->deeds[0] = '\0';
	world_rest(w);
	assert_string_equal(w->deeds, "restart p;");
	assert_string_equal(world_state(w, "p"), "ready");
}

/* A name that a spec says does not make it ours. */
static void
strangers_with_our_name(void **state)
{
	struct world *w = *state;
	const char *both = JAIL("p", ANEW) "---\n" JAIL("p.c", "");

	world_apply(w, JAIL("p", "") "---\n" JAIL("p.c", ""));
	kernel_kill(w, "p.c");
	kernel_make(w, "p.c");
	assert_string_equal(foreseen(w, both), "blocked p;conflict p.c;");
	world_apply(w, both);
	assert_string_equal(w->deeds, "");
	assert_int_not_equal(kernel_jid(w, "p.c"), 0);
}

/* Whom a user gave up may go, and nobody who came later. */
static void
approved_ones_go(void **state)
{
	struct world *w = *state;
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct managed *m;

	world_apply(w, JAIL("p", ""));
	kernel_make(w, "p.x");
	world_reconciler(w, &opt);
	world_want(w, JAIL("p", ANEW));
	m = reconciler_jail(&w->reconciler, "p", false);
	assert_int_equal(lodgers_approve(&w->reconciler, m), 1);
	assert_non_null(strstr(world_plan(w, "p"), "restart: "));
	kernel_make(w, "p.y");
	assert_non_null(strstr(world_plan(w, "p"), "blocked: "));
	kernel_kill(w, "p.y");
	kernel_kill(w, "p.x");
	kernel_make(w, "p.x");
	assert_non_null(strstr(world_plan(w, "p"), "blocked: "));
	assert_int_equal(lodgers_approve(&w->reconciler, m), 1);
	world_settle(w);
	assert_non_null(strstr(w->deeds, "restart p;"));
	assert_int_equal(kernel_jid(w, "p.x"), 0);
}

static void
other_sets_stay(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("p", ""));
	world_apply_other(w, "name: p.c\npath: @\npersist: true\n");
	keeps(w, JAIL("p", ANEW), "p", "p.c, of the specs in " OTHER_SET
	    ", would end with p: stop it by those specs");
	assert_int_not_equal(kernel_jid(w, "p.c"), 0);
	world_apply_other(w, "");
	world_apply(w, JAIL("p", ANEW));
	assert_non_null(strstr(w->deeds, "restart p;"));
}

/* They are told of; apply restarts those of its own set alone. */
static void
dependants_of_other_sets(void **state)
{
	struct world *w = *state;
	int jid;

	world_apply(w, JAIL("db", "") "---\n" JAIL("app", "depend: [db]\n"));
	world_apply_other(w, JAIL("web", "depend: [app]\n"));
	jid = kernel_jid(w, "web");
	assert_string_equal(foreseen(w, JAIL("db", ANEW) "---\n"
	    JAIL("app", "depend: [db]\n")), "restart app;restart db;");
	assert_string_equal(world_reason(w, "app"), "db restarts");
	world_apply(w, JAIL("db", "") "---\n" JAIL("app", "depend: [db]\n"
	    ANEW));
	assert_string_equal(w->deeds, "restart app;");
	assert_int_equal(kernel_jid(w, "web"), jid);
	assert_non_null(strstr(foreseen(w, JAIL("db", "")), "remove app;"));
	assert_non_null(strstr(world_reason(w, "app"), "; web, of the specs "
	    "in " OTHER_SET ", depends on it and goes on as it is"));
}

/* One that only depends on the jail keeps nobody from a restart. */
static void
strangers_in_dependants(void **state)
{
	struct world *w = *state;
	const char *after = JAIL("db", ANEW) "---\n"
	    JAIL("web", "depend: [db]\n") "---\n"
	    JAIL("web2", "depend: [web]\n");
	int web, web2;

	world_apply(w, JAIL("db", "") "---\n" JAIL("web", "depend: [db]\n")
	    "---\n" JAIL("web2", "depend: [web]\n"));
	kernel_make(w, "web.x");
	web = kernel_jid(w, "web");
	web2 = kernel_jid(w, "web2");
	assert_string_equal(foreseen(w, after), "restart db;");
	world_apply(w, after);
	assert_string_equal(w->deeds, "restart db;");
	assert_int_equal(kernel_jid(w, "web"), web);
	assert_int_equal(kernel_jid(w, "web2"), web2);
	assert_string_equal(foreseen(w, ""),
	    "blocked db;blocked web;remove web2;");
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove web2;");
	assert_string_equal(world_state(w, "db"), "blocked");
	assert_int_not_equal(kernel_jid(w, "web.x"), 0);
	kernel_kill(w, "web.x");
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove web;remove db;");
}

/* Nobody goes down for what a jail has that cannot be removed for another one. */
static void
strangers_keep_addresses(void **state)
{
	struct world *w = *state;
	const char *after = JAIL("p", ANEW) "---\n" JAIL("a", ANEW
	    "depend: [p]\nip4.addr: [192.0.2.1, 192.0.2.2]\n");

	world_apply(w, JAIL("p", "") "---\n"
	    JAIL("a", "depend: [p]\nip4.addr: [192.0.2.3]\n") "---\n"
	    JAIL("db", "ip4.addr: [192.0.2.1, 192.0.2.2]\n") "---\n"
	    JAIL("web", "depend: [db]\n"));
	kernel_make(w, "web.x");
	assert_string_equal(foreseen(w, after),
	    "blocked a;blocked db;restart p;blocked web;");
	world_apply(w, after);
	assert_string_equal(w->deeds, "restart p;");
	assert_int_not_equal(kernel_jid(w, "web.x"), 0);
}

static int reads, fail_from, fail_to; /* readings of web by its name */
static struct jail_backend failing;
static const struct jail_backend *real;

static int
get_or_fail(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	for (unsigned i = 0; i + 1 < niov; i += 2)
		if (strcmp(iov[i].iov_base, "name") == 0 &&
		    iov[i + 1].iov_len > 0 &&
		    strcmp(iov[i + 1].iov_base, "web") == 0 &&
		    ++reads > fail_from && reads <= fail_to) {
			errno = EIO;
			return -1;
		}
	return real->get(k, iov, niov, flags);
}

/* Nobody ends because the jail around could not be read for a while. */
static void
unread_ones_stay(void **state)
{
	struct world *w = *state;
	char yaml[512];
	int web, x, again = 0;

	world_apply(w, JAIL("db", "") "---\n" JAIL("web", "depend: [db]\n"));
	x = kernel_make(w, "web.x");
	web = kernel_jid(w, "web");
	real = w->kernel->backend;
	failing = *real;
	failing.get = get_or_fail;
	for (int many = 1; many < 8; many++) {
		reads = fail_from = 0;
		for (int from = 0; reads >= fail_from; from++) {
			reads = 0;
			fail_from = from;
			fail_to = from + many;
			snprintf(yaml, sizeof yaml, JAIL("db", "osrelease: "
			    "14.%d\n") "---\n" JAIL("web", "depend: [db]\n"),
			    again++);
			w->kernel->backend = &failing;
			world_apply(w, yaml);
			w->kernel->backend = real;
			assert_int_equal(kernel_jid(w, "web.x"), x);
			assert_int_equal(kernel_jid(w, "web"), web);
		}
		assert_string_equal(w->deeds, "restart db;");
	}
}

/* What a change of the jail takes from a stranger is in the plan. */
static void
strangers_lose(void **state)
{
	struct world *w = *state;
	const char *all = JAIL("p", "securelevel: 1\nallow.mount: true\n");

	world_apply(w, JAIL("p", "allow.mount: true\n"));
	kernel_make(w, "p.x");
	assert_true(kernel_set_text(w, "p.x", "host.hostname", "theirs") > 0);
	assert_string_equal(foreseen(w, all), "modify p;");
	assert_non_null(strstr(world_reason(w, "p"), "; p.x, which this agent "
	    "did not make, gets another securelevel with it"));
	world_apply(w, all);
	assert_string_equal(w->deeds, "modify p;");
	assert_string_equal(foreseen(w, JAIL("p", "securelevel: 1\n"
	    "allow.mount: true\nhost.hostname: p\n")), "modify p;");
	assert_null(strstr(world_reason(w, "p"), "p.x"));
}

/* A removal that they keep off leaves the jail up when what is below restarts. */
static void
strangers_above_a_restart(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("d", "") "---\n" JAIL("e", "depend: [d]\n") "---\n"
	    JAIL("f", "depend: [e]\n"));
	kernel_make(w, "f.x");
	assert_string_equal(foreseen(w, JAIL("d", ANEW)),
	    "restart d;blocked e;blocked f;");
	world_apply(w, JAIL("d", ANEW));
	assert_string_equal(w->deeds, "restart d;");
	assert_string_equal(world_state(w, "e"), "blocked");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strangers_stay),
		TEST(change_goes_on),
		TEST(strangers_with_our_name),
		TEST(approved_ones_go),
		TEST(other_sets_stay),
		TEST(dependants_of_other_sets),
		TEST(strangers_in_dependants),
		TEST(strangers_keep_addresses),
		TEST(unread_ones_stay),
		TEST(strangers_lose),
		TEST(strangers_above_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
