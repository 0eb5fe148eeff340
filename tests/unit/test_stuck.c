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

#define KEPT "agent: {protect: true}\n"
#define LEFT "agent: {on_remove: keep}\n"

/* What runs, what is wanted then, what plan and apply make of it. */
struct stuck_case {
	const char *before, *after, *plan;
	const char *deeds; /* NULL: in any order */
	const char *why; /* a jail p is blocked; NULL: nothing is asked of it */
};

/* In all of them a jail p restarts, or is to. */
static const struct stuck_case restarts[] = {
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
	{ JAIL("p", "") "---\n" JAIL("p.c", "") "---\n" JAIL("p.c.x", ""),
	    JAIL("p", ANEW) "---\n" JAIL("p.c.x", "depend: [nobody]\n"),
	    "restart p;remove p.c;remove p.c.x;",
	    "restart p.c.x;remove p.c;restart p;", NULL },
	/* Nobody goes down before what is to come first is there. */
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n"),
	    JAIL("p", ANEW "depend: [c]\n") "---\n" JAIL("a", "depend: [p]\n")
	    "---\n" JAIL("c", "exec.prestart: sleep 0.1\n"),
	    "restart a;create c;restart p;",
	    "create c;restart a;restart p;create a;", NULL },
	/* One that no spec says any more is kept. */
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n" KEPT),
	    JAIL("p", ANEW), "blocked a;restart p;", "restart p;", NULL },
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n" LEFT),
	    JAIL("p", ANEW), "restart p;", "restart p;", NULL },
	{ JAIL("p", "") "---\n" JAIL("b", "depend: [p]\n") "---\n"
	    JAIL("a", "depend: [b]\n" KEPT),
	    JAIL("p", ANEW) "---\n" JAIL("b", "depend: [p]\n"),
	    "blocked a;restart b;restart p;", "restart b;restart p;create b;",
	    NULL },
	{ JAIL("p", "") "---\n" JAIL("p.c", KEPT),
	    JAIL("p", ANEW), "blocked p;blocked p.c;", "",
	    "restart would stop p.c, which could not come up again: its spec "
	    "is gone, and agent.protect was true" },
	{ JAIL("p", "") "---\n" JAIL("p.c", KEPT),
	    JAIL("x", ""), "blocked p;blocked p.c;create x;", "create x;",
	    "remove waits for others to be down: its spec is gone, and "
	    "agent.protect was true" },
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n" KEPT),
	    JAIL("x", ""), "blocked a;remove p;create x;",
	    "create x;remove p;", NULL },
	/* Nor does one come up in a jail that is given away. */
	{ JAIL("p", "") "---\n" JAIL("a", LEFT) "---\n"
	    JAIL("a.y", "depend: [p]\n"),
	    JAIL("p", ANEW) "---\n" JAIL("a.y", ANEW),
	    "conflict a.y;restart p;", "restart p;", NULL },
	/* What a blocked one would be counts for those in it, should it go along. */
	{ JAIL("p", "") "---\n" JAIL("a", "depend: [p]\n") "---\n"
	    JAIL("a.y", ""),
	    JAIL("p", ANEW) "---\n" JAIL("a", "depend: [p]\nsecurelevel: 2\n"
	    ANEW) "---\n" JAIL("a.y", "securelevel: 1\n"),
	    "blocked a;modify a.y;restart p;", "restart p;modify a.y;", NULL },
	/* One that goes down with what it does not need any more comes up again. */
	{ JAIL("b", "") "---\n" JAIL("b.x", "") "---\n"
	    JAIL("a", "depend: [b.x]\n"),
	    JAIL("b.x", "") "---\n" JAIL("a", ""),
	    "restart a;remove b;remove b.x;", NULL, NULL },
	/* One that goes down for good keeps nobody up that it is in. */
	{ JAIL("b", "") "---\n" JAIL("b.x", "") "---\n" JAIL("p", "") "---\n"
	    JAIL("p.c", "depend: [b.x]\n"),
	    JAIL("b.x", "") "---\n" JAIL("p", ANEW) "---\n"
	    JAIL("p.c", "depend: [b]\n"),
	    "remove b;remove b.x;restart p;remove p.c;", NULL, NULL },
	/* Nobody goes down for what a jail waits for that is to be blocked. */
	{ JAIL("a", "") "---\n" JAIL("a.x", KEPT) "---\n"
	    JAIL("a.y", "jid: 703\n") "---\n" JAIL("b", ""),
	    JAIL("a", "depend: [b]\nallow.mount: true\n" ANEW) "---\n"
	    JAIL("a.y", "allow.mount: true\n" ANEW) "---\n"
	    JAIL("b", "jid: 703\n" ANEW),
	    "blocked a;blocked a.x;blocked a.y;blocked b;", "", NULL },
	/* What something keeps up is not removed, and good to be in. */
	{ JAIL("a", "") "---\n" JAIL("a.x", "") "---\n" JAIL("a.y", KEPT),
	    JAIL("a.x", ANEW), "blocked a;restart a.x;blocked a.y;",
	    "restart a.x;", NULL },
	{ JAIL("c", "") "---\n" JAIL("b", "depend: [c]\n") "---\n"
	    JAIL("b.x", LEFT),
	    JAIL("a", "depend: [c]\n"), "create a;blocked b;blocked c;",
	    "create a;", NULL },
	/* One that was blocked gives up what it has for one that it waits for. */
	{ JAIL("a", "allow.mount: true\n") "---\n" JAIL("a.y", "jid: 702\n"),
	    JAIL("a.y", "allow.mount: true\ndepend: [d]\n" ANEW) "---\n"
	    JAIL("d", "jid: 702\n") "---\n" JAIL("a", ANEW),
	    "blocked a;restart a.y;create d;", "restart a.y;create d;create a.y;",
	    NULL },
};

/* Two: the only one of two jails could be had by both. */
#define HAS(name, x, more) JAIL(name, "ip4.addr: [192.0.2." x \
    ", 198.51.100." x "]\n" more)
#define NEVER "agent: {restart: never}\n"
#define OPEN "ip4: inherit\n"
#define TWO(x, y) "ip4.addr: [192.0.2." x ", 192.0.2." y "]\n"
#define BUSY(name) JAIL(name, "agent: {paused: why}\n")

/* Chains: what one of them is to get the next one gives up, if it can. */
static const struct stuck_case chains[] = {
	/* The holder waits for a jail that is looked at last. */
	{ JAIL("p", "") "---\n" HAS("a", "2", "depend: [p]\n") "---\n"
	    HAS("h", "1", ""),
	    JAIL("p", ANEW) "---\n" HAS("a", "1", ANEW "depend: [p]\n")
	    "---\n" JAIL("h", ANEW "depend: [z]\n") "---\n"
	    JAIL("z", "depend: [nobody]\n"),
	    "blocked a;blocked h;restart p;blocked z;", "restart p;", NULL },
	/* A holder is only to be changed, and gets nothing itself. */
	{ JAIL("p", "") "---\n" HAS("a", "1", "depend: [p]\n") "---\n"
	    HAS("b", "2", "") "---\n" HAS("h", "3", ""),
	    JAIL("p", ANEW) "---\n" HAS("a", "2", ANEW "depend: [p]\n")
	    "---\n" HAS("b", "3", "") "---\n" BUSY("h"),
	    "blocked a;blocked b;blocked h;restart p;", "restart p;", NULL },
	/* Another one has it in its spec, and is not to come. */
	{ JAIL("p", "") "---\n" HAS("b", "2", "depend: [p]\n"),
	    JAIL("p", ANEW) "---\n" JAIL("b", ANEW "depend: [p]\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.2]\n") "---\n"
	    HAS("a", "1", "depend: [z]\n") "---\n"
	    JAIL("z", "depend: [nobody]\n"),
	    "blocked a;restart b;restart p;blocked z;",
	    "restart b;restart p;create b;", NULL },
	/* What the holder waits for waits, too, and is not to come. */
	{ HAS("a", "1", "") "---\n" HAS("f", "2", "") "---\n"
	    HAS("b", "3", "") "---\n" JAIL("d", ""),
	    HAS("a", "2", ANEW) "---\n" JAIL("f", ANEW "depend: [e]\n")
	    "---\n" BUSY("b") "---\n" JAIL("d", ANEW) "---\n"
	    HAS("e", "3", "depend: [d]\n"),
	    "blocked a;blocked b;restart d;blocked e;blocked f;", "restart d;",
	    NULL },
	/* The holder waits for a jail in the one that is to get it. */
	{ HAS("c", "5", ""),
	    HAS("b", "5", "") "---\n" JAIL("b.y", "depend: [nobody]\n")
	    "---\n" JAIL("c", ANEW "depend: [b.y]\n"),
	    "blocked b;blocked b.y;blocked c;", "", NULL },
	{ HAS("a", "1", "") "---\n" HAS("c", "5", ""),
	    HAS("a", "5", ANEW) "---\n" HAS("b", "1", "") "---\n"
	    JAIL("b.y", "depend: [nobody]\n") "---\n"
	    JAIL("c", ANEW "depend: [b.y]\n"),
	    "blocked a;blocked b;blocked b.y;blocked c;", "", NULL },
	/* Jails in one that has all addresses of the host count with its own. */
	{ JAIL("p", OPEN) "---\n" JAIL("p.c", TWO("3", "1")) "---\n"
	    HAS("c", "2", ""),
	    JAIL("p", OPEN) "---\n" JAIL("p.c", TWO("3", "1")) "---\n"
	    JAIL("c", ANEW TWO("1", "2")) "---\n" JAIL("d", TWO("1", "4")),
	    "blocked c;blocked d;", "", NULL },
	{ JAIL("p", OPEN) "---\n" HAS("p.c", "2", "") "---\n"
	    JAIL("c", TWO("3", "1")),
	    JAIL("p", OPEN) "---\n" JAIL("p.c", ANEW TWO("1", "2")) "---\n"
	    JAIL("c", TWO("3", "1")) "---\n" JAIL("p.d", TWO("1", "4")),
	    "blocked p.c;blocked p.d;", "", NULL },
	{ JAIL("p", OPEN) "---\n" JAIL("p.c", TWO("3", "1")) "---\n"
	    JAIL("c", TWO("2", "4")),
	    JAIL("p", OPEN) "---\n" JAIL("p.c", TWO("2", "4")) "---\n"
	    JAIL("c", ANEW TWO("3", "1")),
	    "restart c;modify p.c;", NULL, NULL },
	/* Nor do those in one that has addresses of its own. */
	{ JAIL("p", TWO("1", "5")), JAIL("p", TWO("1", "5")) "---\n"
	    JAIL("p.c", "ip4: disable\n") "---\n" JAIL("q", "vnet: new\n")
	    "---\n" JAIL("q.c", TWO("1", "5")),
	    "create p.c;create q;create q.c;",
	    "create p.c;create q;create q.c;", NULL },
	/* A jid is given up with the jail alone. */
	{ JAIL("a", "jid: 51\n"),
	    JAIL("a", "host.hostname: y\n") "---\n" JAIL("p", "jid: 51\n"),
	    "modify a;blocked p;", "modify a;", "jid 51 " },
	{ JAIL("a", "jid: 51\n") "---\n" JAIL("p", ""),
	    JAIL("a", "") "---\n" JAIL("p", "jid: 51\n"),
	    "modify a;blocked p;", "modify a;", "jid 51 " },
	{ JAIL("a", "jid: 51\n"), JAIL("a", ANEW) "---\n"
	    JAIL("p", "jid: 51\n"), "restart a;create p;", NULL, NULL },
	{ JAIL("a", "jid: 51\n") "---\n" JAIL("b", ""),
	    JAIL("a", "host.hostname: y\n") "---\n"
	    JAIL("b", "jid: 51\nhost.hostname: y\n" NEVER),
	    "modify a;modify b;", "modify a;modify b;", NULL },
	/* The holder ends with its parent, whatever its own spec says. */
	{ JAIL("p", "ip4: inherit\n") "---\n" HAS("p.c", "3", NEVER),
	    JAIL("p.c", ANEW NEVER) "---\n" HAS("c", "3", ""),
	    "create c;remove p;remove p.c;",
	    "restart p.c;remove p;create c;", NULL },
};

static void
judge(const struct stuck_case *c)
{
	struct world *w;
	void *state;

	assert_int_equal(world_setup(&state), 0);
	w = state;
	world_apply(w, c->before);
	assert_int_equal(w->failures, 0);
	assert_string_equal(foreseen(w, c->after), c->plan);
	if (c->why != NULL && strstr(world_reason(w, "p"), c->why) == NULL)
		fail_msg("%s: %s", c->after, world_reason(w, "p"));
	world_apply(w, c->after);
	assert_int_equal(w->failures, 0);
	if (c->deeds != NULL && strcmp(w->deeds, c->deeds) != 0)
		fail_msg("%s: %s, p: %s", c->after, w->deeds,
		    world_reason(w, "p"));
	if (c->why != NULL) {
		assert_string_equal(world_state(w, "p"), "blocked");
		if (strstr(world_reason(w, "p"), c->why) == NULL)
			fail_msg("%s: %s", c->after, world_reason(w, "p"));
	}
	assert_int_equal(world_teardown(&state), 0);
}

static void
nobody_goes_down_in_vain(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof restarts / sizeof *restarts; i++)
		judge(&restarts[i]);
}

static void
nobody_gives_up_in_vain(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
		judge(&chains[i]);
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

/*
 * Who goes down for another jail meanwhile, and comes back, is no less in the jail
 * around it than one that runs on.
 */
static void
one_that_is_down_for_another(void **state)
{
	struct world *w = *state;
	const char *follows = JAIL("p", "children.max: 2\nsecurelevel: 2\n" ANEW)
	    "---\n" JAIL("p.c", "securelevel: 0\n") "---\n" JAIL("z", ANEW);
	const char *gives = JAIL("p", "children.max: 2\nsecurelevel: 2\n" ANEW)
	    "---\n" JAIL("p.c", "jid: 702\n" ANEW) "---\n"
	    JAIL("p.d", "securelevel: 0\n" ANEW);

	world_apply(w, JAIL("p", "children.max: 2\n") "---\n"
	    JAIL("p.c", "depend: [z]\n") "---\n" JAIL("z", ""));
	assert_string_equal(foreseen(w, follows),
	    "blocked p;restart p.c;restart z;");
	world_apply(w, follows);
	assert_string_equal(w->deeds, "restart p.c;restart z;create p.c;");
	assert_string_equal(world_state(w, "p"), "blocked");
	world_apply(w, "");
	world_apply(w, JAIL("p", "children.max: 2\n") "---\n"
	    JAIL("p.c", "") "---\n" JAIL("p.d", "jid: 702\n"));
	assert_string_equal(foreseen(w, gives),
	    "blocked p;restart p.c;restart p.d;");
	world_apply(w, gives);
	assert_string_equal(w->deeds, "restart p.d;restart p.c;create p.d;");
	assert_string_equal(world_state(w, "p"), "blocked");
}

/*
 * One that is blocked, and would wait for a blocked one that its dependency is in,
 * does not have that one looked at again and again.
 */
static void
blocked_beside_blocked(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "children.max: 1\n") "---\n"
	    JAIL("a.x", "") "---\n" JAIL("b", "children.max: 1\n") "---\n"
	    JAIL("b.x", ""));
	world_apply(w, JAIL("a", "children.max: 1\nsecurelevel: 2\n"
	    "depend: [b.x]\n" ANEW) "---\n" JAIL("a.x", "securelevel: 0\n")
	    "---\n" JAIL("b", "children.max: 1\ndepend: [nobody]\n" ANEW)
	    "---\n" JAIL("b.x", ANEW));
	assert_string_equal(w->deeds, "restart b.x;modify a.x;");
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_string_equal(world_state(w, "b"), "blocked");
}

/*
 * One that nobody speaks of comes back as it was: where it cannot, it does not go.  Who
 * has the name of one that ended is not taken for it.
 */
static void
unsaid_ones(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS };
	struct world *w = *state;
	const char *set = JAIL("p", "children.max: 1\nsecurelevel: 1\n") "---\n"
	    JAIL("c", ANEW);

	world_apply(w, JAIL("c", "") "---\n" JAIL("p", "children.max: 1\n"
	    "securelevel: 0\n") "---\n" JAIL("p.c", "depend: [c]\n"
	    "securelevel: 0\n") "---\n" JAIL("s", "depend: [c]\n"));
	kernel_kill(w, "s");
	assert_true(kernel_make(w, "s") > 0);
	assert_string_equal(foreseen_with(w, set, &opt), "restart c;modify p;");
	w->told = w->failures = 0;
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	world_want(w, set);
	world_leave_unsaid(w);
	world_settle(w);
	assert_string_equal(w->deeds, "modify p;restart c;");
	assert_true(kernel_jid(w, "p.c") > 0);
	kernel_kill(w, "s");
	/* What it depends on is looked at first. */
	kernel_kill(w, "c");
	set = JAIL("p", "children.max: 1\n" ANEW) "---\n"
	    JAIL("c", "depend: [z]\n") "---\n" JAIL("z", "depend: [nobody]\n");
	assert_string_equal(foreseen_with(w, set, &opt),
	    "blocked c;blocked p;blocked z;");
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	set = JAIL("p", "children.max: 1\n" ANEW) "---\n"
	    JAIL("z", "depend: [nobody]\n") "---\n" JAIL("c", "depend: [z]\n");
	world_want(w, set);
	world_leave_unsaid(w);
	world_settle(w);
	assert_string_equal(w->deeds, "");
}

/* Plan and pass without --prune: nobody speaks of what is not said. */
static void
done_as_planned(struct world *w, unsigned letters, const char *yaml,
    const char *plan, const char *deeds)
{
	const struct reconcile_options opt = { .letters = letters };

	assert_string_equal(foreseen_with(w, yaml, &opt), plan);
	w->told = w->failures = 0;
	w->deeds[0] = '\0';
	world_reconciler(w, &opt);
	world_want(w, yaml);
	world_leave_unsaid(w);
	world_settle(w);
	assert_string_equal(w->deeds, deeds);
	assert_int_equal(w->failures, 0);
	world_apply(w, "");
}

/* A jid is for nobody else as long as who has it comes back with it, or runs on. */
static void
jids(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "") "---\n" JAIL("a.x", "jid: 702\n")
	    "---\n" JAIL("d", ""));
	done_as_planned(w, ALL_LETTERS, JAIL("a", ANEW) "---\n"
	    JAIL("d", "jid: 702\n" ANEW), "restart a;restart a.x;blocked d;",
	    "restart a.x;restart a;create a.x;");
	world_apply(w, JAIL("a", "jid: 703\ndepend: [d]\n") "---\n"
	    JAIL("d", ""));
	done_as_planned(w, ALL_LETTERS, JAIL("a.y", "jid: 703\n") "---\n"
	    JAIL("d", ANEW), "restart a;blocked a.y;restart d;",
	    "restart a;restart d;create a;");
	world_apply(w, JAIL("c", "") "---\n" JAIL("a", "jid: 701\n"
	    "depend: [c]\n") "---\n" JAIL("a.y", ""));
	kernel_kill(w, "c");
	done_as_planned(w, ALL_LETTERS, JAIL("a", "depend: [c]\n") "---\n"
	    JAIL("a.y", ANEW "agent: {paused: why}\n") "---\n"
	    JAIL("c", "jid: 701\n"), "modify a;blocked a.y;blocked c;",
	    "modify a;");
	/* Nor is one made in a stranger, whatever it wants. */
	world_apply(w, JAIL("a", LEFT) "---\n" JAIL("d", "jid: 702\n"));
	world_apply(w, JAIL("d", "") "---\n" JAIL("a.x", "jid: 702\n"));
	assert_string_equal(world_state(w, "a.x"), "conflict");
}

/* Nobody waits for one that may not be made. */
static void
nobody_is_made(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "") "---\n" JAIL("a.x", ""));
	done_as_planned(w, LETTER_M | LETTER_R, JAIL("a", ANEW) "---\n"
	    JAIL("a.x", "depend: [a.y]\n") "---\n" JAIL("a.y", ""),
	    "blocked a;modify a.x;blocked a.y;", "modify a.x;");
}

/* What is given away is not taken along, whoever else is in it. */
static void
given_away_with_a_stranger(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [b]\n" LEFT) "---\n" JAIL("b", ""));
	assert_true(kernel_make(w, "a.l") > 0);
	assert_string_equal(foreseen(w, ""), "remove b;");
	world_apply(w, "");
	assert_string_equal(w->deeds, "remove b;");
	assert_true(kernel_jid(w, "a.l") > 0);
}

/* What a jail is to be counts for those in it while it is made, too. */
static void
in_one_that_is_made(void **state)
{
	const char *set = JAIL("b", ANEW "exec.prestart: sleep 0.1\n") "---\n"
	    JAIL("b.x", "allow.mount: true\n") "---\n"
	    JAIL("a", "depend: [b.x]\n" ANEW) "---\n" JAIL("p", ANEW);
	struct world *w = *state;
	int jid;

	world_apply(w, JAIL("b", "") "---\n" JAIL("a", "depend: [p]\n")
	    "---\n" JAIL("p", ""));
	jid = kernel_jid(w, "a");
	assert_string_equal(foreseen(w, set),
	    "blocked a;restart b;blocked b.x;restart p;");
	world_apply(w, set);
	assert_int_equal(kernel_jid(w, "a"), jid);
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

/* Nor is one changed that would depend on itself. */
static void
loop_of_running_jails(void **state)
{
	static const char *const loop = JAIL("a", "depend: [b]\n") "---\n"
	    JAIL("b", "depend: [a]\nhost.hostname: x\n");
	struct world *w = *state;

	world_apply(w, JAIL("a", "") "---\n" JAIL("b", ""));
	assert_string_equal(foreseen(w, loop), "blocked a;blocked b;");
	world_apply(w, loop);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "b"), "blocked");
	assert_string_equal(world_reason(w, "b"), "dependency loop: b -> a -> b");
	world_apply(w, JAIL("a", "depend: [b]\n") "---\n" JAIL("b", ""));
	assert_string_equal(w->deeds, "modify a;");
}

/*
 * What is and what is to be lead in a circle together, of two jails and of four:
 * what is to be counts, and all are changed.
 */
static void
circles_of_old_and_new(void **state)
{
	struct world *w = *state;

	world_apply(w, JAIL("a", "depend: [b]\n") "---\n" JAIL("b", ""));
	world_apply(w, JAIL("a", "") "---\n" JAIL("b", "depend: [a]\n"));
	assert_string_equal(w->deeds, "modify a;modify b;");
	world_apply(w, JAIL("a", "depend: [b]\n") "---\n" JAIL("b", ANEW));
	assert_string_equal(w->deeds, "modify a;restart b;");
	world_apply(w, "");
	world_apply(w, JAIL("a", "depend: [b]\n") "---\n" JAIL("b", "") "---\n"
	    JAIL("c", "depend: [d]\n") "---\n" JAIL("d", ""));
	world_apply(w, JAIL("a", "") "---\n" JAIL("b", "depend: [c]\n") "---\n"
	    JAIL("c", "") "---\n" JAIL("d", "depend: [a]\n"));
	assert_string_equal(w->deeds, "modify a;modify c;modify d;modify b;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_goes_down_in_vain),
		cmocka_unit_test(nobody_gives_up_in_vain),
		cmocka_unit_test_setup_teardown(mended, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(one_that_is_down_for_another,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(blocked_beside_blocked,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(unsaid_ones, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(jids, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(nobody_is_made, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(given_away_with_a_stranger,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(in_one_that_is_made,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(waits_in_vain_is_blocked,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(loop_of_running_jails,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(circles_of_old_and_new,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
