/* SPDX-License-Identifier: BSD-2-Clause */
/* What health checks mean, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/health.h"

#define INTERVAL 10000
#define BEGAN 5000000

static const struct spec_health asked = { .interval_ms = INTERVAL,
	.timeout_ms = 5000, .retries = 3 };

static void
one_success_is_enough(void **state)
{
	struct health_count c = { 0 };

	(void)state;
	assert_int_equal(health_count(&c, &asked, false, BEGAN, BEGAN), 50);
	assert_int_equal(c.verdict, HEALTH_UNKNOWN);
	assert_int_equal(health_count(&c, &asked, true, BEGAN, BEGAN + 50),
	    INTERVAL);
	assert_int_equal(c.verdict, HEALTH_GOOD);
	assert_int_equal(c.failures, 0);
}

/* Checks come soon, and count once an interval. */
static void
quick_checks_count_once_an_interval(void **state)
{
	struct health_count c = { 0 };
	int64_t now = BEGAN, last = BEGAN;
	unsigned checks = 0;

	(void)state;
	while (c.verdict == HEALTH_UNKNOWN) {
		int before = c.failures;
		int64_t ms = health_count(&c, &asked, false, BEGAN, now);

		checks++;
		if (c.failures != before) {
			assert_int_equal(c.failures, before + 1);
			if (before > 0)
				assert_int_equal(now - last, INTERVAL);
			last = now;
		}
		assert_true(ms > 0 && ms <= INTERVAL);
		now += ms;
	}
	assert_int_equal(c.verdict, HEALTH_BAD);
	assert_int_equal(last - BEGAN, 2 * INTERVAL);
	/* 50, 100 ... 6400 ms in each of the two intervals. */
	assert_in_range(checks, 15, 20);
}

static void
start_period_does_not_count(void **state)
{
	struct spec_health s = asked;
	struct health_count c = { 0 };
	int64_t now = BEGAN;

	(void)state;
	s.start_period_ms = 60000;
	while (now < BEGAN + s.start_period_ms) {
		now += health_count(&c, &s, false, BEGAN, now);
		assert_int_equal(c.failures, 0);
		assert_int_equal(c.verdict, HEALTH_UNKNOWN);
	}
	for (int i = 0; i < 100 && c.verdict == HEALTH_UNKNOWN; i++)
		now += health_count(&c, &s, false, BEGAN, now);
	assert_int_equal(c.verdict, HEALTH_BAD);
	assert_in_range(now - BEGAN, 60000 + 2 * INTERVAL,
	    60000 + 4 * INTERVAL);
}

/* A healthy jail falls ill after three failures in a row, not before. */
static void
falls_ill_and_recovers(void **state)
{
	struct health_count c = { 0 };
	int64_t now = BEGAN;

	(void)state;
	now += health_count(&c, &asked, true, BEGAN, now);
	for (int i = 0; i < 2; i++) {
		now += health_count(&c, &asked, false, BEGAN, now);
		assert_int_equal(c.verdict, HEALTH_GOOD);
	}
	now += health_count(&c, &asked, true, BEGAN, now);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(c.verdict, HEALTH_GOOD);
		assert_int_equal(health_count(&c, &asked, false, BEGAN, now),
		    INTERVAL);
		now += INTERVAL;
	}
	assert_int_equal(c.verdict, HEALTH_BAD);
	assert_int_equal(health_count(&c, &asked, false, BEGAN, now),
	    INTERVAL);
	assert_int_equal(c.failures, 3);
	(void)health_count(&c, &asked, true, BEGAN, now + INTERVAL);
	assert_int_equal(c.verdict, HEALTH_GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_success_is_enough),
		cmocka_unit_test(quick_checks_count_once_an_interval),
		cmocka_unit_test(start_period_does_not_count),
		cmocka_unit_test(falls_ill_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
