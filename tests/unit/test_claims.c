/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails that swap addresses, where one of the changes is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "foreseen.h"

/* A kernel that refuses one host name. */
#define BAD "host.hostname: refused\n"

struct stage {
	struct world w;
	struct jail_backend backend;
	int (*set)(struct jail_kernel *k, struct iovec *iov, unsigned n,
	    int flags);
	int (*get)(struct jail_kernel *k, struct iovec *iov, unsigned n,
	    int flags);
	unsigned gets;
	useconds_t delay; /* of each */
};

static struct stage *stage; /* for the backend, which knows no tests */

static int
picky_set(struct jail_kernel *k, struct iovec *iov, unsigned n, int flags)
{
	for (unsigned i = 0; i + 1 < n; i += 2)
		if (strcmp(iov[i].iov_base, "host.hostname") == 0 &&
		    strcmp(iov[i + 1].iov_base, "refused") == 0) {
			errno = EPERM;
			return -1;
		}
	return stage->set(k, iov, n, flags);
}

/* A kernel that takes its time, or at least counts. */
static int
slow_get(struct jail_kernel *k, struct iovec *iov, unsigned n, int flags)
{
	stage->gets++;
	if (stage->delay > 0)
		usleep(stage->delay);
	return stage->get(k, iov, n, flags);
}

static int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof *s);

	world_make(&s->w, JAIL_GEN_15);
	s->backend = *s->w.kernel->backend;
	s->set = s->backend.set;
	s->backend.set = picky_set;
	s->get = s->backend.get;
	s->w.kernel->backend = &s->backend;
	*state = stage = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	world_remove(&s->w);
	free(s);
	return 0;
}

/* The IPv4 addresses of a jail, each with a space behind it; static buffer. */
static const char *
addresses(struct stage *s, const char *name)
{
	static char text[512];
	struct text_list l = { 0 };
	struct live live;

	text[0] = '\0';
	assert_int_equal(live_read(&s->w.observer, name, NULL, NULL, &live,
	    NULL), 0);
	assert_int_equal(live_texts(&live, "ip4.addr", &l, NULL), 0);
	for (size_t i = 0; i < l.count; i++) {
		strcat(text, l.text[i]);
		strcat(text, " ");
	}
	text_list_free(&l);
	live_free(&live);
	return text;
}

#define ONE(name, x, more) JAIL(name, "ip4.addr: [192.0.2." x "]\n" more)
#define TWO(name, x, y, more) \
    JAIL(name, "ip4.addr: [192.0.2." x ", 192.0.2." y "]\n" more)

/* Each has one address: each change is for itself. */
static void
one_address_each(void **state)
{
	struct stage *s = *state;

	world_apply(&s->w, ONE("a", "5", "") "---\n" ONE("b", "6", ""));
	world_apply(&s->w, ONE("a", "6", "") "---\n" ONE("b", "5", BAD));
	assert_string_equal(addresses(s, "a"), "192.0.2.5 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.6 ");
	assert_string_equal(world_state(&s->w, "a"), "blocked");
	assert_string_equal(world_state(&s->w, "b"), "failed");
	world_apply(&s->w, ONE("a", "6", BAD) "---\n" ONE("b", "5", ""));
	assert_string_equal(addresses(s, "a"), "192.0.2.5 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.5 ");
	world_apply(&s->w, ONE("a", "6", "") "---\n" ONE("b", "5", ""));
	assert_int_equal(s->w.failures, 0);
	assert_string_equal(addresses(s, "a"), "192.0.2.6 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.5 ");
	world_apply(&s->w, ONE("a", "5", "") "---\n" ONE("b", "6", ""));
	assert_string_equal(s->w.deeds, "modify b;modify a;");
}

/* What is the only one of both can be had beside one that is to give it up, and cannot. */
static void
shared_with_one_that_is_blocked(void **state)
{
	static const char *const rest = "---\n" TWO("k", "7", "8", "") "---\n";
	static const char *const plans[] = { "blocked h;modify x;",
		"blocked h;create x;" };
	struct stage *s = *state;
	char yaml[1024];

	for (size_t i = 0; i < 2; i++) {
		snprintf(yaml, sizeof yaml, "%s%s%s", ONE("h", "5", ""), rest,
		    ONE("x", "6", ""));
		world_apply(&s->w, i == 0 ? yaml : ONE("h", "5", "") "---\n"
		    TWO("k", "7", "8", ""));
		snprintf(yaml, sizeof yaml, "%s%s%s", ONE("h", "7", ""), rest,
		    ONE("x", "5", ""));
		assert_string_equal(foreseen(&s->w, yaml), plans[i]);
		world_apply(&s->w, yaml);
		assert_string_equal(world_state(&s->w, "h"), "blocked");
		assert_string_equal(world_state(&s->w, "x"), "ready");
		assert_string_equal(addresses(s, "h"), "192.0.2.5 ");
		assert_string_equal(addresses(s, "x"), "192.0.2.5 ");
		/* Not so with several. */
		snprintf(yaml, sizeof yaml, "%s%s%s", ONE("h", "7", ""), rest,
		    TWO("x", "5", "9", ""));
		world_apply(&s->w, "");
		world_apply(&s->w, ONE("h", "5", "") "---\n"
		    TWO("k", "7", "8", ""));
		assert_string_equal(foreseen(&s->w, yaml), "blocked h;"
		    "blocked x;");
		world_apply(&s->w, yaml);
		assert_string_equal(world_state(&s->w, "x"), "blocked");
		world_apply(&s->w, "");
	}
}

/* So it is in a jail. */
static void
shared_inside(void **state)
{
	static const char *const after = ONE("q", "5", "children.max: 3\n")
	    "---\n" ONE("q.a", "5", "") "---\n" ONE("q.b", "6", "");
	struct stage *s = *state;

	world_apply(&s->w, ONE("q", "5", "children.max: 3\n") "---\n"
	    ONE("q.b", "5", ""));
	assert_string_equal(foreseen(&s->w, after), "create q.a;blocked q.b;");
	world_apply(&s->w, after);
	assert_string_equal(world_state(&s->w, "q.b"), "blocked");
	assert_string_equal(addresses(s, "q.a"), "192.0.2.5 ");
	assert_string_equal(addresses(s, "q.b"), "192.0.2.5 ");
}

#define BEFORE TWO("a", "5", "7", "") "---\n" TWO("b", "6", "8", "")
#define SWAPPED TWO("a", "6", "8", "") "---\n" TWO("b", "5", "7", "")

/* What was given up for a change that failed comes back. */
static void
claimant_fails(void **state)
{
	struct stage *s = *state;

	world_apply(&s->w, BEFORE);
	world_apply(&s->w, TWO("a", "6", "8", BAD) "---\n"
	    TWO("b", "5", "7", ""));
	assert_string_equal(world_state(&s->w, "a"), "failed");
	assert_string_equal(world_state(&s->w, "b"), "blocked");
	assert_non_null(strstr(world_reason(&s->w, "b"), "which failed"));
	assert_string_equal(addresses(s, "a"), "192.0.2.5 192.0.2.7 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.6 192.0.2.8 ");
	world_apply(&s->w, SWAPPED);
	assert_int_equal(s->w.failures, 0);
	assert_string_equal(addresses(s, "a"), "192.0.2.6 192.0.2.8 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.5 192.0.2.7 ");
	world_apply(&s->w, SWAPPED);
	assert_string_equal(s->w.deeds, "");
}

/* It has given up what it had: it runs with what it gets. */
static void
holder_fails(void **state)
{
	struct stage *s = *state;

	world_apply(&s->w, BEFORE);
	world_apply(&s->w, TWO("a", "6", "8", "") "---\n"
	    TWO("b", "5", "7", BAD));
	assert_string_equal(world_state(&s->w, "a"), "ready");
	assert_string_equal(world_state(&s->w, "b"), "failed");
	assert_string_equal(addresses(s, "a"), "192.0.2.6 192.0.2.8 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.5 192.0.2.7 ");
}

/* An address that is not swapped stays all the time, and in its place. */
static void
the_rest_stays(void **state)
{
	struct stage *s = *state;

	world_apply(&s->w, TWO("a", "5", "7", "") "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.6, 192.0.2.9, 192.0.2.8]\n"));
	world_apply(&s->w, TWO("a", "6", "8", BAD) "---\n"
	    JAIL("b", "ip4.addr: [192.0.2.5, 192.0.2.9, 192.0.2.7]\n"));
	assert_string_equal(addresses(s, "a"), "192.0.2.5 192.0.2.7 ");
	assert_string_equal(addresses(s, "b"),
	    "192.0.2.6 192.0.2.8 192.0.2.9 ");
}

/* What a release has left when the agent ended behind it. */
static void
release_all(struct stage *s, const char *name)
{
	struct jail_call c = { 0 };

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add(&c, "ip4.addr", "", 0), 0);
	assert_true(call_set(s->w.kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
	assert_string_equal(addresses(s, name), "");
}

/* A claim that is taken back, by a change or by a restart. */
static void
claim_given_up(void **state)
{
	static const char *const more[] = { "", "exec.start: [/bin/true]\n" };
	struct stage *s = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		world_apply(&s->w, BEFORE);
		release_all(s, "b");
		snprintf(text, sizeof text, "%s---\n%s%s",
		    TWO("a", "5", "7", ""), TWO("b", "5", "7", ""), more[i]);
		world_apply(&s->w, text);
		assert_string_equal(world_state(&s->w, "b"), "blocked");
		assert_string_equal(addresses(s, "b"), "192.0.2.6 192.0.2.8 ");
	}
}

#define OTHERS 150

/* The specs of that many jails, the last of which has an address. */
static char *
many(void)
{
	char *text = calloc(OTHERS, 128), *to = text;

	assert_non_null(text);
	for (int i = 0; i < OTHERS; i++)
		to += sprintf(to, "%sname: other%d\npath: @\npersist: true\n",
		    i == 0 ? "" : "---\n", i);
	strcpy(to, "ip4.addr: 192.0.2.5\n");
	return text;
}

/* An agent asks about the jails of others a few in each turn of its loop. */
static void
others_in_steps(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.healing = true };
	struct stage *s = *state;
	struct world *w = &s->w;
	char *others = many();
	unsigned before, most = 0;

	world_apply_other(w, others);
	free(others);
	s->delay = 100;
	s->backend.get = slow_get;
	world_reconciler(w, &opt);
	w->reconciler.turn_us = 300;
	world_want(w, TWO("a", "5", "6", ""));
	do {
		before = s->gets;
		assert_int_not_equal(event_base_loop(w->base,
		    EVLOOP_ONCE), -1);
		if (s->gets - before > most)
			most = s->gets - before;
	} while (!TAILQ_EMPTY(&w->reconciler.dirty));
	assert_in_range(s->gets, OTHERS, OTHERS * 100);
	assert_in_range(most, 1, OTHERS / 3);
	assert_string_equal(world_state(w, "a"), "blocked");
	assert_non_null(strstr(world_reason(w, "a"), "192.0.2.5 belongs to "
	    "the jail other149"));
}

#define LINKS 40

/* That many jails, each with two addresses, the `first` of which are another's. */
static char *
chain(int first, const char *more)
{
	char *text = calloc(LINKS, 160), *to = text;

	assert_non_null(text);
	for (int i = first; i < first + LINKS; i++)
		to += sprintf(to, "%sname: link%02d\npath: @\npersist: true\n"
		    "ip4.addr: [192.0.2.%d, 198.51.100.%d]\n%s",
		    i == first ? "" : "---\n", i - first, i, i, more);
	return text;
}

static void
apply_chain(struct stage *s, int first, const char *more)
{
	char *text = chain(first, more);

	world_apply(&s->w, text);
	free(text);
}

/* Each restarts and takes what the next one has; few questions tell that it can. */
static void
long_chain(void **state)
{
	struct stage *s = *state;

	apply_chain(s, 1, "");
	s->backend.get = slow_get;
	apply_chain(s, 2, "osrelease: 13.9-RELEASE\n");
	assert_string_equal(addresses(s, "link00"),
	    "192.0.2.2 198.51.100.2 ");
	assert_string_equal(addresses(s, "link39"),
	    "192.0.2.41 198.51.100.41 ");
	assert_in_range(s->gets, LINKS, LINKS * LINKS * 3);
	/* Changed while they run, only the next one is asked at each step. */
	s->gets = 0;
	apply_chain(s, 3, "osrelease: 13.9-RELEASE\n");
	assert_string_equal(addresses(s, "link00"),
	    "192.0.2.3 198.51.100.3 ");
	assert_in_range(s->gets, LINKS, LINKS * 20);
}

/* One file is edited. */
static void
edit(struct world *w, const char *yaml)
{
	assert_int_equal(reconciler_want(&w->reconciler, spec_of_text(w,
	    yaml)), 0);
	world_rest(w);
}

static void
agent_for(struct stage *s, const char *yaml)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	world_reconciler(&s->w, &opt);
	world_want(&s->w, yaml);
	world_rest(&s->w);
}

/* An agent sees the files edited one after the other. */
static void
two_edits(struct stage *s, const char *before, const char *first,
    const char *then)
{
	agent_for(s, before);
	edit(&s->w, first);
	s->w.deeds[0] = '\0';
	edit(&s->w, then);
}

/* What was said of each while the other was to stay as it was is asked anew. */
static void
swapped_in_two_edits(void **state)
{
	static const struct {
		const char *before, *first, *then, *a, *b;
	} row[] = {
		{ BEFORE, TWO("a", "6", "8", ""), TWO("b", "5", "7", ""),
			"192.0.2.6 192.0.2.8 ", "192.0.2.5 192.0.2.7 " },
		{ ONE("a", "5", "") "---\n" TWO("b", "6", "7", ""),
			TWO("a", "6", "8", ""), ONE("b", "5", ""),
			"192.0.2.6 192.0.2.8 ", "192.0.2.5 " },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		two_edits(s, row[i].before, row[i].first, row[i].then);
		assert_string_equal(world_state(&s->w, "a"), "ready");
		assert_string_equal(world_state(&s->w, "b"), "ready");
		assert_string_equal(addresses(s, "a"), row[i].a);
		assert_string_equal(addresses(s, "b"), row[i].b);
		world_apply(&s->w, "");
	}
}

/* Three of them: the verdict that stands on the asker is two jails away. */
static void
round_in_three_edits(void **state)
{
	struct stage *s = *state;

	two_edits(s, TWO("a", "1", "2", "") "---\n" TWO("b", "3", "4", "")
	    "---\n" TWO("c", "5", "6", ""), TWO("a", "3", "4", ""),
	    TWO("b", "5", "6", ""));
	assert_string_equal(world_state(&s->w, "a"), "blocked");
	assert_string_equal(world_state(&s->w, "b"), "blocked");
	edit(&s->w, TWO("c", "1", "2", ""));
	assert_string_equal(addresses(s, "a"), "192.0.2.3 192.0.2.4 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.5 192.0.2.6 ");
	assert_string_equal(addresses(s, "c"), "192.0.2.1 192.0.2.2 ");
	assert_string_equal(world_state(&s->w, "c"), "ready");
}

/*
 * A jail in another one gets its address with that one, so the verdict about it may
 * stand on the asker, too.
 */
static void
round_through_one_inside(void **state)
{
	static const char *const before = TWO("a", "5", "7", "") "---\n"
	    ONE("p", "4", "children.max: 1\n") "---\n" ONE("p.c", "4", "");
	struct stage *s = *state;

	two_edits(s, before, ONE("p.c", "5", ""),
	    ONE("p", "5", "children.max: 1\n"));
	assert_string_equal(world_state(&s->w, "p"), "blocked");
	assert_string_equal(world_state(&s->w, "p.c"), "blocked");
	edit(&s->w, TWO("a", "4", "8", ""));
	assert_string_equal(addresses(s, "a"), "192.0.2.4 192.0.2.8 ");
	assert_string_equal(addresses(s, "p"), "192.0.2.5 ");
	assert_string_equal(addresses(s, "p.c"), "192.0.2.5 ");
	assert_string_equal(world_state(&s->w, "p.c"), "ready");
}

static void
both_stay(struct stage *s)
{
	assert_string_equal(world_state(&s->w, "a"), "blocked");
	assert_string_equal(world_state(&s->w, "b"), "blocked");
	assert_string_equal(addresses(s, "a"), "192.0.2.5 192.0.2.7 ");
	assert_string_equal(addresses(s, "b"), "192.0.2.6 192.0.2.8 ");
	assert_null(strstr(s->w.deeds, "modify"));
}

/* A reason of its own still counts: nobody gives up anything in vain. */
static void
swapped_in_vain(void **state)
{
	struct stage *s = *state;

	two_edits(s, BEFORE "---\n" TWO("c", "9", "10", ""),
	    TWO("a", "6", "9", ""), TWO("b", "5", "7", ""));
	both_stay(s);
}

/* The same where who keeps one of them would change, too, but may not. */
static void
swapped_in_vain_for_a_third(void **state)
{
	struct stage *s = *state;

	two_edits(s, BEFORE "---\n" TWO("c", "9", "10", "") "---\n"
	    TWO("d", "11", "12", ""), TWO("c", "11", "12", ""),
	    TWO("a", "6", "9", ""));
	edit(&s->w, TWO("b", "5", "7", ""));
	both_stay(s);
}

/* One that has what others claim goes down only for one that gets all it claims. */
static void
down_for_nothing(void **state)
{
	struct stage *s = *state;

	two_edits(s, TWO("a", "4", "1", "") "---\n" TWO("b", "5", "9", "")
	    "---\n" TWO("c", "6", "7", ""), TWO("a", "6", "5", ""),
	    TWO("c", "4", "7", "osrelease: 13.9\n"));
	assert_string_equal(world_state(&s->w, "a"), "blocked");
	assert_string_equal(world_state(&s->w, "c"), "blocked");
	assert_string_equal(addresses(s, "c"), "192.0.2.6 192.0.2.7 ");
	assert_string_equal(s->w.deeds, "");
}

/* Nor for one that waits for another one, which does not get all. */
static void
down_for_nothing_far_away(void **state)
{
	struct stage *s = *state;

	two_edits(s, TWO("a", "6", "7", "") "---\n" ONE("b", "5", "") "---\n"
	    TWO("c", "3", "1", "") "---\n" ONE("d", "2", ""),
	    TWO("d", "5", "6", ""),
	    TWO("c", "7", "2", "osrelease: 13.9\n"));
	assert_string_equal(s->w.deeds, "");
	edit(&s->w, TWO("a", "4", "3", ""));
	assert_string_equal(s->w.deeds, "");
	/* And for an agent that knows nothing of this yet. */
	agent_for(s, TWO("a", "4", "3", "") "---\n" TWO("d", "5", "6", "")
	    "---\n" TWO("c", "7", "2", "osrelease: 13.9\n") "---\n"
	    ONE("b", "5", ""));
	assert_string_equal(world_state(&s->w, "a"), "blocked");
	assert_string_equal(addresses(s, "c"), "192.0.2.3 192.0.2.1 ");
	assert_string_equal(s->w.deeds, "");
}

/*
 * A change of addresses whose agent was killed before it was noted: the jail has
 * what no spec says.  It can be had by another one, and what was applied before
 * does not come back.
 */
static void
given_up_unnoted(void **state)
{
	static const unsigned char has[] = { 192, 0, 2, 5, 192, 0, 2, 1 };
	struct stage *s = *state;
	struct jail_call c = { 0 };

	agent_for(s, TWO("v", "5", "2", "") "---\n" ONE("p", "6", ""));
	assert_int_equal(call_add_text(&c, "name", "v"), 0);
	assert_int_equal(call_add(&c, "ip4.addr", has, sizeof has), 0);
	assert_true(call_set(s->w.kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
	agent_for(s, TWO("v", "5", "6", "") "---\n" ONE("p", "1", ""));
	assert_string_equal(world_state(&s->w, "v"), "ready");
	assert_string_equal(world_state(&s->w, "p"), "ready");
	assert_string_equal(addresses(s, "v"), "192.0.2.5 192.0.2.6 ");
	assert_string_equal(addresses(s, "p"), "192.0.2.1 ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_address_each),
		TEST(shared_with_one_that_is_blocked),
		TEST(shared_inside),
		TEST(claimant_fails),
		TEST(holder_fails),
		TEST(the_rest_stays),
		TEST(claim_given_up),
		TEST(others_in_steps),
		TEST(long_chain),
		TEST(swapped_in_two_edits),
		TEST(round_in_three_edits),
		TEST(round_through_one_inside),
		TEST(swapped_in_vain),
		TEST(swapped_in_vain_for_a_third),
		TEST(down_for_nothing),
		TEST(down_for_nothing_far_away),
		TEST(given_up_unnoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
