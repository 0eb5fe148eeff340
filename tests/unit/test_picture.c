/* SPDX-License-Identifier: BSD-2-Clause */
/* What status --watch writes: over the last picture, and only when it differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command/picture.h"

/* What was written; static buffer. */
static const char *
written(const char *text, unsigned rows, unsigned columns)
{
	static char buf[4096];
	FILE *out = fmemopen(buf, sizeof buf, "w");

	assert_non_null(out);
	picture_write(text, rows, columns, out);
	assert_int_equal(fclose(out), 0);
	return buf;
}

static void
each_line_is_erased_behind(void **state)
{
	(void)state;
	assert_string_equal(written("one\n\ntwo\n", 0, 0),
	    "\033[Hone\033[K\n\033[K\ntwo\033[K\n\033[J");
	assert_string_equal(written("", 0, 0), "\033[H\033[J");
	assert_string_equal(written("no end", 24, 80),
	    "\033[Hno end\033[K\n\033[J");
}

static void
lines_are_broken_at_the_edge(void **state)
{
	(void)state;
	assert_string_equal(written("abcdefg\nxyz\n", 24, 3),
	    "\033[Habc\ndef\ng\033[K\nxyz\n\033[J");
	assert_string_equal(written("\033[32mab\033[0mc\xc3\xa9", 24, 4),
	    "\033[H\033[32mab\033[0mc\xc3\xa9\n\033[J");
}

/* The terminal never scrolls: the cursor ends in its last row. */
static void
what_does_not_fit_is_counted(void **state)
{
	(void)state;
	assert_string_equal(written("1\n2\n3\n", 4, 80),
	    "\033[H1\033[K\n2\033[K\n3\033[K\n\033[J");
	assert_string_equal(written("1\n2\n3\n4\n", 4, 80),
	    "\033[H1\033[K\n2\033[K\n\033[0m... 2 more lines\033[K\n\033[J");
}

static void
nothing_new_is_not_written(void **state)
{
	struct picture p = { .shown = NULL };
	FILE *out = tmpfile();
	long first;

	(void)state;
	assert_non_null(out);
	assert_int_equal(picture_show(&p, strdup("a\n"), out), 0);
	first = ftell(out);
	assert_true(first > 0);
	assert_int_equal(picture_show(&p, strdup("a\n"), out), 0);
	assert_int_equal(ftell(out), first);
	assert_int_equal(picture_show(&p, strdup("b\n"), out), 0);
	assert_int_equal(ftell(out), 2 * first);
	picture_free(&p);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_erased_behind),
		cmocka_unit_test(lines_are_broken_at_the_edge),
		cmocka_unit_test(what_does_not_fit_is_counted),
		cmocka_unit_test(nothing_new_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
