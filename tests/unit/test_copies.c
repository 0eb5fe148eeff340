/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of applied specs: when one is due, and what becomes of it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/base/copies.h"
#include "temp_dir.h"

struct place {
	struct temp_dir top;
	struct paths p;
	char applied[512], copy[512];
};

static int
setup(void **state)
{
	static struct place l;

	memset(&l, 0, sizeof l);
	temp_dir_make(&l.top);
	snprintf(l.p.applied, sizeof l.p.applied, "%.500s/run", l.top.path);
	snprintf(l.p.copies, sizeof l.p.copies, "%.500s/state", l.top.path);
	snprintf(l.applied, sizeof l.applied, "%.400s/run/web.yaml",
	    l.top.path);
	snprintf(l.copy, sizeof l.copy, "%.400s/state/web.yaml", l.top.path);
	assert_int_equal(mkdir(l.p.applied, 0700), 0);
	assert_int_equal(mkdir(l.p.copies, 0700), 0);
	*state = &l;
	return 0;
}

static int
teardown(void **state)
{
	struct place *l = *state;

	temp_dir_remove(&l->top);
	return 0;
}

static void
assert_says(const char *file, const char *wanted)
{
	size_t len;
	char *text = temp_read(file, &len);

	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(text, wanted, len);
	free(text);
}

static void
make(const struct place *l)
{
	struct error err;

	assert_true(copies_due(&l->p, "web"));
	assert_int_equal(copies_do(COPIES_MAKE, l->p.applied, l->p.copies,
	    "web", &err), 0);
	assert_false(copies_due(&l->p, "web"));
}

static void
due_until_made(void **state)
{
	struct place *l = *state;
	struct error err;

	assert_false(copies_due(&l->p, "web"));
	temp_write(l->applied, 0600, "one", 3);
	make(l);
	assert_says(l->copy, "one");
	temp_write(l->applied, 0600, "two", 3);
	make(l);
	assert_says(l->copy, "two");
	assert_int_equal(copies_do(COPIES_REMOVE, l->p.applied, l->p.copies,
	    "web", &err), 0);
	assert_int_equal(access(l->copy, F_OK), -1);
	make(l);
}

/* What was written behind the copy is of before it, by its time. */
static void
clock_goes_back(void **state)
{
	const struct timespec early[2] = { { .tv_sec = 1000 },
		{ .tv_sec = 1000 } };
	struct place *l = *state;

	temp_write(l->applied, 0600, "one", 3);
	make(l);
	temp_write(l->applied, 0600, "two", 3);
	assert_int_equal(utimensat(AT_FDCWD, l->applied, early, 0), 0);
	make(l);
	assert_says(l->copy, "two");
}

static void
lost_ones_come_back(void **state)
{
	struct place *l = *state;
	struct error err;

	temp_write(l->applied, 0600, "one", 3);
	make(l);
	assert_int_equal(unlink(l->applied), 0);
	/* Its copy is not touched by that. */
	assert_int_equal(copies_do(COPIES_MAKE, l->p.applied, l->p.copies,
	    "web", &err), 0);
	assert_string_equal(copies_place(&l->p, "web"), l->p.copies);
	assert_int_equal(copies_bring_back(&l->p, "web", &err), 0);
	assert_says(l->applied, "one");
	assert_false(copies_due(&l->p, "web"));
	assert_string_equal(copies_place(&l->p, "web"), l->p.applied);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(due_until_made),
		TEST(clock_goes_back),
		TEST(lost_ones_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
