/* SPDX-License-Identifier: BSD-2-Clause */
/* Which jails a broken file may be about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/read/words.h"

static void
words(void **state)
{
	static const char text[] = "{\"name\":\"web.a-b_c\",x:[1]}\xc3\xa4\nend";
	char *w = words_of(text, strlen(text));

	(void)state;
	assert_string_equal(w, " name web.a-b_c x 1 end ");
	assert_true(words_have(w, "web.a-b_c"));
	assert_true(words_have(w, "end"));
	assert_false(words_have(w, "web"));
	assert_false(words_have(w, "a-b_c"));
	/* It could be quoted, and in UTF-16 anything could be there. */
	assert_true(words_have(w, "en d"));
	free(w);
	assert_null(words_of("n\0a\0", 4));
	assert_null(words_of("name: \"\\x63\"", 12));
	assert_true(words_have(NULL, "any"));
	w = words_of("", 0);
	assert_false(words_have(w, "any"));
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
