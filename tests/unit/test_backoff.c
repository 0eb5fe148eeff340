/* SPDX-License-Identifier: BSD-2-Clause */
/* When it is tried again, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/backoff.h"

#define INITIAL 1000
#define MAX (5 * 60 * 1000)
#define RESET (10 * 60 * 1000)

/* Dice for a delay without jitter: its middle. */
static int64_t
next(struct backoff *b, int64_t now, bool was_up, int64_t delay)
{
	return backoff_next(b, now, was_up, INITIAL, MAX, RESET,
	    (uint32_t)(delay / 10));
}

static const int64_t delays[] = { 1000, 2000, 4000, 8000, 16000, 32000, 64000,
	128000, 256000, 300000, 300000, 300000 };
#define DELAYS (sizeof delays / sizeof *delays)

static void
first_is_immediate_then_doubles(void **state)
{
	struct backoff b = { 0 };
	int64_t now = 5000;

	(void)state;
	backoff_up(&b, now);
	assert_int_equal(next(&b, ++now, true, 0), 0);
	for (size_t i = 0; i < DELAYS; i++) {
		backoff_up(&b, now);
		now += 10;
		assert_int_equal(next(&b, now, true, delays[i]), delays[i]);
		now += delays[i];
	}
}

/* A jail that never came up gets no immediate second try. */
static void
failed_start_waits(void **state)
{
	struct backoff b = { 0 };

	(void)state;
	for (size_t i = 0; i < DELAYS; i++)
		assert_int_equal(next(&b, 100, false, delays[i]), delays[i]);
}

static void
healthy_time_and_new_spec_reset(void **state)
{
	struct backoff b = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		next(&b, 100, false, delays[i]);
	backoff_up(&b, 1000);
	assert_int_equal(next(&b, 1000 + RESET - 1, true, 32000), 32000);
	backoff_up(&b, 1000);
	assert_int_equal(next(&b, 1000 + RESET, true, 0), 0);
	assert_int_equal(next(&b, 1001 + RESET, false, 1000), 1000);
	assert_int_equal(next(&b, 1002 + RESET, false, 2000), 2000);
	backoff_reset(&b);
	assert_int_equal(next(&b, 1003 + RESET, false, 1000), 1000);
}

static void
jitter_has_bounds(void **state)
{
	int64_t low = INT64_MAX, high = 0;

	(void)state;
	for (uint32_t dice = 0; dice < 100000; dice++) {
		struct backoff b = { .tries = 4 };
		int64_t d = backoff_next(&b, 1, false, INITIAL, MAX, RESET,
		    dice * 2654435761u);

		low = d < low ? d : low;
		high = d > high ? d : high;
	}
	assert_int_equal(low, 7200);
	assert_int_equal(high, 8800);
}

static void
many_tries_do_not_overflow(void **state)
{
	struct backoff b = { .tries = 4000000000u };
	int64_t day = 24 * 3600 * 1000;

	(void)state;
	assert_in_range(backoff_next(&b, 1, false, 1, 366 * day, RESET, 7),
	    329 * day, 403 * day);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_is_immediate_then_doubles),
		cmocka_unit_test(failed_start_waits),
		cmocka_unit_test(healthy_time_and_new_spec_reset),
		cmocka_unit_test(jitter_has_bounds),
		cmocka_unit_test(many_tries_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
