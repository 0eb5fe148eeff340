/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory that comes and goes, on a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/unseen.h"

#define MINUTE_MS 60000
#define DAY_MS (24 * 60 * (int64_t)MINUTE_MS)

/* Once is told as it is, both times. */
static void
test_once(void **state)
{
	struct unseen u = { .told = false };

	(void)state;
	assert_false(unseen_scanned(&u, false, 1000));
	assert_true(unseen_scanned(&u, true, 2000));
	assert_true(u.told);
	assert_int_equal(unseen_due(&u, 2000), 0);
	assert_false(unseen_scanned(&u, true, 9000));
	assert_true(unseen_scanned(&u, false, 10000));
	assert_false(u.told);
	assert_int_equal(unseen_due(&u, 10000), 0);
}

/* Again soon after, it has to stay: that is told when it is due. */
static void
test_stays(void **state)
{
	struct unseen u = { .told = false };
	int64_t due;

	(void)state;
	assert_true(unseen_scanned(&u, true, 1000));
	assert_true(unseen_scanned(&u, false, 2000));
	assert_true(unseen_scanned(&u, true, 3000));
	assert_false(unseen_scanned(&u, false, 4000));
	due = unseen_due(&u, 4000);
	assert_in_range(due, 1000, MINUTE_MS);
	assert_false(unseen_scanned(&u, false, 4000 + due - 1));
	assert_true(u.told);
	assert_true(unseen_scanned(&u, false, 4000 + due));
	assert_false(u.told);
	/* Long after, it is as if that had not been. */
	assert_true(unseen_scanned(&u, true, DAY_MS));
	assert_true(unseen_scanned(&u, false, DAY_MS + 1));
}

/* How often something else is told in a day of going and coming back. */
static unsigned
told_in_a_day(int64_t away_ms, int64_t there_ms)
{
	struct unseen u = { .told = false };
	unsigned told = 0;
	int64_t now = 1000;

	while (now < DAY_MS) {
		told += unseen_scanned(&u, true, now);
		now += away_ms;
		told += unseen_scanned(&u, false, now);
		for (int64_t left = there_ms; left > 0; left -= 1000)
			told += unseen_scanned(&u, false, now + there_ms -
			    left + 1000);
		now += there_ms;
	}
	return told;
}

static void
test_flaps(void **state)
{
	(void)state;
	for (int64_t s = 1; s <= 50; s++) {
		assert_in_range(told_in_a_day(1000, s * 1000), 3, 20);
		assert_in_range(told_in_a_day(s * 1000, 1000), 3, 20);
	}
	/* At the worst, twice a minute. */
	for (int64_t s = 50; s < 120; s++)
		assert_in_range(told_in_a_day(1000, s * 1000), 3, 3000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_stays),
		cmocka_unit_test(test_flaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
