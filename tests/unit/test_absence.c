/* SPDX-License-Identifier: BSD-2-Clause */
/* Absence needs proof, on scans and a clock that the test makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "absence_scene.h"

static const char *const three_gone[] = { "j0", "j1", "j2", NULL };

static void
two_scans_a_second_apart(void **state)
{
	struct scene *s = *state;

	scan(s, NULL, one_gone);
	assert_true(s->a.pending);
	assert_int_equal(alive(s), JAILS);
	s->now += ABSENCE_MS - 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	s->now += 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	assert_false(s->a.pending);
}

static void
back_in_time_stays(void **state)
{
	struct scene *s = *state;
	char yaml[512];

	scan(s, NULL, one_gone);
	s->now += 500;
	yaml_of(0, 1, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	s->now += 5000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_false(s->a.pending);
	assert_int_equal(s->w.told, JAILS);
}

/* Neither a missing directory nor an unsettled file proves anything. */
static void
doubtful_scans_prove_nothing(void **state)
{
	struct scene *s = *state;

	scan_with(s, SCAN_UNSETTLED, NULL, one_gone, NULL);
	s->now += 5000;
	scan_with(s, SCAN_UNSETTLED, NULL, NULL, NULL);
	s->now += 5000;
	scan_with(s, SCAN_MISSING, NULL, NULL, NULL);
	s->now += 5000;
	scan_with(s, SCAN_MISSING, NULL, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	/* Absent before, then the directory is gone: held, and it says so. */
	scan(s, NULL, one_gone);
	s->now += 5000;
	scan_with(s, SCAN_MISSING, NULL, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_non_null(s->a.hold);
	/* What is there then may be on its way: it is proven anew. */
	s->now += 5000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	s->now += 500;
	s->replaced = true;
	scan(s, NULL, NULL);
	s->a.seen = true;
	s->now += 999;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	s->now += 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

/*
 * A second between the looks, not between the answers: slow disks and an agent
 * that had no processor for a while prove nothing.
 */
static void
slow_answers_prove_nothing(void **state)
{
	struct scene *s = *state;

	scan(s, NULL, one_gone);
	s->now += 5000;
	s->took = 4001;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_true(s->a.pending);
	s->took = 0;
	s->now += 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	/* Nor does what the first of them took. */
	s->took = 5000;
	scan(s, NULL, (const char *const []){ "j1", NULL });
	s->took = 0;
	s->now += 999;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	s->now += 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 2);
}

/* Some file is always being written, but none of them all the time. */
static void
always_some_writer(void **state)
{
	struct scene *s = *state;

	s->behind = 10;
	scan_with(s, SCAN_UNSETTLED, NULL, one_gone, NULL);
	s->now += ABSENCE_MS;
	scan_with(s, SCAN_UNSETTLED, NULL, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_true(s->a.pending);
	s->now += 10;
	scan_with(s, SCAN_UNSETTLED, NULL, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

/* A file that comes and goes says nothing of the others for long. */
static void
one_comes_and_goes(void **state)
{
	struct scene *s = *state;
	unsigned rounds = 0;
	char yaml[512];

	yaml_of(1, 1, yaml, sizeof yaml);
	scan(s, NULL, one_gone);
	while (alive(s) == JAILS && rounds++ < 10) {
		s->now += 500;
		scan(s, NULL, (const char *const []){ "j1", NULL });
		s->now += 300;
		scan(s, yaml, NULL);
	}
	assert_int_equal(alive(s), JAILS - 1);
	assert_in_range(rounds, 4, 6);
}

static void
gone_is_remembered_when_unsettled(void **state)
{
	struct scene *s = *state;

	/* The reader says it once; the scan that said it was no proof. */
	scan_with(s, SCAN_UNSETTLED, NULL, one_gone, NULL);
	s->now += 2000;
	scan(s, NULL, NULL);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

static void
invalid_file_holds(void **state)
{
	struct scene *s = *state;
	struct scan_file bad = { .path = (char []){ "/etc/x.yaml" } };
	struct managed *m = reconciler_jail(&s->w.reconciler, "j0", false);

	scan_with(s, SCAN_OK, NULL, one_gone, &bad);
	s->now += 2000;
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(alive(s), JAILS);
	assert_int_equal(s->a.held, 1);
	assert_non_null(strstr(m->hold, "/etc/x.yaml"));
	/* Last good specs of its own do not tell what else is in it. */
	bad.has_last_good = true;
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(alive(s), JAILS);
	/* A document may have been moved there. */
	bad.words = (char []){ " name j0 path root " };
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(alive(s), JAILS);
	assert_int_equal(s->a.held, 1);
	assert_non_null(strstr(m->hold, "/etc/x.yaml"));
	assert_non_null(strstr(s->a.hold, "/etc/x.yaml"));
	/* Else it is about others. */
	bad.words = (char []){ " name j00 xj0 path j1 " };
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(alive(s), JAILS - 1);
	assert_null(s->a.hold);
}

/*
 * When it goes, or is mended in steps, what it was about may be about to come:
 * that is a new absence, and nothing of the old one holds any more.
 */
static void
invalid_file_ends(struct scene *s, const char *gone, struct scan_file *mended)
{
	struct scan_file bad = { .path = (char []){ "/etc/x.yaml" } };
	struct managed *m = reconciler_jail(&s->w.reconciler, gone, false);
	const unsigned before = alive(s);

	scan_with(s, SCAN_OK, NULL, (const char *const []){ gone, NULL }, &bad);
	s->now += 5000;
	scan_with(s, SCAN_OK, NULL, NULL, &bad);
	assert_int_equal(s->a.held, 1);
	assert_non_null(m->hold);
	s->now += 5000;
	scan_with(s, SCAN_OK, NULL, NULL, mended);
	assert_int_equal(alive(s), before);
	assert_true(s->a.pending);
	assert_null(m->hold);
	assert_int_equal(s->a.held, 0);
	s->now += ABSENCE_MS - 1;
	scan_with(s, SCAN_OK, NULL, NULL, mended);
	assert_int_equal(alive(s), before);
	s->now += 1;
	scan_with(s, SCAN_OK, NULL, NULL, mended);
	assert_int_equal(alive(s), before - 1);
}

static void
invalid_file_goes(void **state)
{
	struct scan_file good = { .path = (char []){ "/etc/x.yaml" },
		.valid = true };
	struct scene *s = *state;

	s->a.limit = (struct limit){ 5, false };
	invalid_file_ends(s, "j0", NULL);
	invalid_file_ends(s, "j1", &good);
}

static void
too_many_are_held_until_ack(void **state)
{
	struct scene *s = *state;

	scan(s, NULL, three_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_int_equal(s->a.held, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct managed *m = reconciler_jail(&s->w.reconciler,
		    three_gone[i], false);

		assert_non_null(m->hold);
		m->acked = true;
	}
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 3);
	assert_int_equal(s->a.held, 0);
	assert_null(s->a.hold);
	/* What was approved does not count against others. */
	scan(s, NULL, (const char *const []){ "j3", NULL });
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 4);
}

/* A deletion that takes its time: those that went first go with the others. */
static void
slow_deletion(void **state)
{
	struct scene *s = *state;
	char yaml[512];

	for (unsigned round = 0; round < 2; round++) {
		scan(s, NULL, one_gone);
		s->now += 900;
		scan(s, NULL, &three_gone[1]);
		s->now += 100;
		scan(s, NULL, NULL);
		assert_int_equal(alive(s), JAILS);
		assert_true(s->a.pending);
		assert_null(s->a.hold);
		if (round == 0) {
			s->now += 900;
			scan(s, NULL, NULL);
			assert_int_equal(s->a.held, 3);
			yaml_of(0, 3, yaml, sizeof yaml);
			scan(s, yaml, NULL);
			assert_int_equal(s->a.held, 0);
		}
	}
	/* The others come back, so there is but one. */
	yaml_of(1, 2, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	s->now += 1000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

static void
files_back_end_the_hold(void **state)
{
	struct scene *s = *state;
	char yaml[512];

	scan(s, NULL, three_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	yaml_of(0, 3, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	assert_null(s->a.hold);
	assert_null(reconciler_jail(&s->w.reconciler, "j0", false)->hold);
	assert_int_equal(alive(s), JAILS);
	assert_int_equal(s->w.told, JAILS);
}

/*
 * One after the other they count together, for ten minutes, and the share is
 * one of the jails at the beginning of these: two of ten.
 */
static void
window_of_removals(void **state)
{
	static const char *const each[][2] = { { "j0", NULL }, { "j1", NULL },
		{ "j2", NULL } };
	struct scene *s = *state;

	for (unsigned i = 0; i < 3; i++) {
		assert_null(s->a.hold);
		scan(s, NULL, each[i]);
		s->now += 2000;
		scan(s, NULL, NULL);
	}
	assert_int_equal(alive(s), 8);
	assert_non_null(s->a.hold);
	assert_non_null(strstr(s->a.hold, "allows (2 in"));
	/* Until the first of them is ten minutes ago: one of nine, then. */
	s->now += REMOVAL_WINDOW_MS - 4001;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), 8);
	s->now += 1;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), 8);
	s->now += 4000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), 7);
}

/* A slow trickle ends where the same removals at once would be held. */
static void
trickle_of_removals(void **state)
{
	struct scene *s = *state;

	s->a.limit = (struct limit){ 50, true };
	for (unsigned i = 0; i < JAILS; i++) {
		char name[8];

		snprintf(name, sizeof name, "j%u", i);
		scan(s, NULL, (const char *const []){ name, NULL });
		s->now += 50000;
		scan(s, NULL, NULL);
	}
	assert_int_equal(alive(s), 5);
	assert_non_null(strstr(s->a.hold, "allows (5 in"));
}

static void
explicit_limits(void **state)
{
	struct scene *s = *state;
	struct limit l;

	assert_int_equal(limit_parse("3", &l), 0);
	assert_true(l.value == 3 && !l.percent);
	assert_int_equal(limit_parse("100%", &l), 0);
	assert_true(l.value == 100 && l.percent);
	assert_int_equal(limit_parse("101%", &l), -1);
	assert_int_equal(limit_parse("-1", &l), -1);
	assert_int_equal(limit_parse("", &l), -1);
	assert_int_equal(limit_parse("3x", &l), -1);
	assert_int_equal(limit_parse("99999999999999999999", &l), -1);
	s->a.limit = (struct limit){ 3, false };
	scan(s, NULL, three_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 3);
}

/* What was never made is forgotten: nothing is removed. */
static void
jails_that_never_were_do_not_count(void **state)
{
	static const char *const gone[] = { "n0", "n1", "n2", "n3", NULL };
	struct scene *s = *state;
	char yaml[1024] = "";
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += (size_t)snprintf(yaml + n, sizeof yaml - n, "%sname: n%u\n"
		    "path: /does/not/exist\npersist: true\n",
		    i == 0 ? "" : "---\n", i);
	scan(s, yaml, NULL);
	assert_int_equal(s->w.reconciler.count, JAILS + 4);
	scan(s, NULL, gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_null(s->a.hold);
	assert_int_equal(s->w.reconciler.count, JAILS);
}

static void
start_again(struct scene *s)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };

	reconciler_free(&s->w.reconciler);
	s->w.has_reconciler = false;
	absence_free(&s->a);
	s->a.limit.value = -1;
	s->a.seen = true;
	world_restart(&s->w);
	world_reconciler(&s->w, &opt);
}

/* An agent that starts knows the jails from its inventory alone. */
static void
absent_since_before_the_start(void **state)
{
	struct scene *s = *state;
	char yaml[2048];

	start_again(s);
	yaml_of(1, JAILS - 1, yaml, sizeof yaml);
	scan_with(s, SCAN_MISSING, NULL, NULL, NULL);
	s->now += 2000;
	scan(s, yaml, NULL);
	assert_int_equal(alive(s), JAILS);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

/*
 * A name that an error keeps out is said by some file, though an agent that
 * starts is told of no spec; nothing is held that could be approved.
 */
static void
barred_since_before_the_start(void **state)
{
	struct scene *s = *state;
	struct managed *m;
	char yaml[2048];

	start_again(s);
	m = reconciler_jail(&s->w.reconciler, "j0", false);
	yaml_of(1, JAILS - 1, yaml, sizeof yaml);
	s->barred = "j0";
	scan(s, yaml, NULL);
	for (unsigned i = 0; i < 2; i++) {
		s->now += 2000;
		scan(s, NULL, NULL);
		assert_int_equal(alive(s), JAILS);
		assert_int_equal(s->a.held, 0);
		assert_null(m->hold);
		assert_string_equal(managed_file(m), "/etc/x.yaml");
	}
	/* What was held before is not any more. */
	scan(s, NULL, three_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(s->a.held, 3);
	s->barred = "j0";
	scan(s, NULL, NULL);
	assert_null(m->hold);
	assert_int_equal(s->a.held, 2);
	/* And goes when no file says it. */
	yaml_of(1, 2, yaml, sizeof yaml);
	scan(s, yaml, one_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	s->now += REMOVAL_WINDOW_MS;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
}

/* Files come back one by one: those that are missing still are not given up. */
static void
back_one_by_one(void **state)
{
	struct scene *s = *state;
	char yaml[512];

	scan(s, NULL, three_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(s->a.held, 3);
	for (unsigned i = 0; i < 2; i++) {
		s->now += 5000;
		yaml_of(i, 1, yaml, sizeof yaml);
		scan(s, yaml, NULL);
		s->now += 5000;
		scan(s, NULL, NULL);
		assert_int_equal(alive(s), JAILS);
		assert_int_equal(s->a.held, 2 - i);
	}
	/* The last is not held for ever: it is one alone by now. */
	s->now += REMOVAL_WINDOW_MS;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	assert_null(s->a.hold);
}

/* Also when they are few enough to be removed: others may come as well. */
static void
others_may_come(void **state)
{
	static const char *const two_gone[] = { "j0", "j1", NULL };
	struct scene *s = *state;
	char yaml[512];

	scan(s, NULL, two_gone);
	s->now += 900;
	yaml_of(0, 1, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	s->now += 200;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_true(s->a.pending);
	s->now += 800;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS - 1);
	/* But not for ever. */
	s->a.limit = (struct limit){ 5, false };
	scan(s, NULL, (const char *const []){ "j2", "j3", NULL });
	s->now += ABSENCE_MS;
	s->a.returns_at = s->now - REMOVAL_WINDOW_MS;
	s->a.return_at = s->now;
	yaml_of(3, 1, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	assert_int_equal(alive(s), JAILS - 2);
}

/* An agent that never saw a file does not believe that there is none. */
static void
no_file_at_all(void **state)
{
	struct scene *s = *state;
	struct scan_file some = { .path = (char []){ "/etc/x.yaml" },
		.valid = true };

	s->a.seen = false;
	scan(s, NULL, one_gone);
	s->now += 2000;
	scan(s, NULL, NULL);
	assert_int_equal(alive(s), JAILS);
	assert_non_null(strstr(s->a.hold, "no spec file"));
	/* One that shows does not mean that all are there. */
	scan_with(s, SCAN_OK, NULL, NULL, &some);
	assert_int_equal(alive(s), JAILS);
	assert_non_null(strstr(s->a.hold, "were gone at once"));
	s->now += REMOVAL_WINDOW_MS;
	scan_with(s, SCAN_OK, NULL, NULL, &some);
	assert_int_equal(alive(s), JAILS - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_scans_a_second_apart),
		TEST(back_in_time_stays),
		TEST(doubtful_scans_prove_nothing),
		TEST(slow_answers_prove_nothing),
		TEST(always_some_writer),
		TEST(one_comes_and_goes),
		TEST(gone_is_remembered_when_unsettled),
		TEST(invalid_file_holds),
		TEST(invalid_file_goes),
		TEST(too_many_are_held_until_ack),
		TEST(slow_deletion),
		TEST(files_back_end_the_hold),
		TEST(window_of_removals),
		TEST(trickle_of_removals),
		TEST(explicit_limits),
		TEST(jails_that_never_were_do_not_count),
		TEST(absent_since_before_the_start),
		TEST(barred_since_before_the_start),
		TEST(back_one_by_one),
		TEST(others_may_come),
		TEST(no_file_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
