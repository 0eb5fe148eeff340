/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing texts, JSON strings over any bytes, and what terminals get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "agent/base/buffer.h"

#define R "\xef\xbf\xbd" /* U+FFFD */

static void
json_is(const char *text, const char *expected)
{
	struct buffer b = { .data = NULL };

	buffer_json(&b, text);
	assert_false(b.failed);
	assert_string_equal(b.data, expected);
	buffer_free(&b);
}

static void
test_json(void **state)
{
	(void)state;
	json_is("", "\"\"");
	json_is(NULL, "\"\"");
	json_is("a/b", "\"a/b\"");
	json_is("\"\\", "\"\\\"\\\\\"");
	json_is("\b\t\n\f\r\x01\x1f\x7f",
	    "\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"");
	json_is("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

/* RFC 3629: what is no UTF-8 shows byte by byte. */
static void
test_not_utf8(void **state)
{
	(void)state;
	json_is("\x80", "\"" R "80\"");
	json_is("a\xffz", "\"a" R "ffz\"");
	json_is("\xc3", "\"" R "c3\"");			 /* cut short */
	json_is("\xe2\x82", "\"" R "e2" R "82\"");	 /* cut short */
	json_is("\xc0\xaf", "\"" R "c0" R "af\"");	 /* overlong '/' */
	json_is("\xe0\x80\xaf", "\"" R "e0" R "80" R "af\"");
	json_is("\xed\xa0\x80", "\"" R "ed" R "a0" R "80\""); /* surrogate */
	json_is("\xf4\x90\x80\x80", "\"" R "f4" R "90" R "80" R "80\"");
	json_is("\xf0\x9f\x98", "\"" R "f0" R "9f" R "98\"");
	json_is(R, "\"" R "ef" R "bf" R "bd\"");
}

/* All texts of one and two bytes, and random ones: there and back. */
static void
there_and_back(const char *text)
{
	struct buffer b = { .data = NULL };
	json_t *value;
	char *back;

	buffer_json(&b, text);
	value = json_loadb(b.data, b.len, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	back = strdup(json_string_value(value));
	assert_non_null(back);
	assert_int_equal(text_from_utf8(back), 0);
	assert_string_equal(back, text);
	free(back);
	json_decref(value);
	buffer_free(&b);
}

static void
test_any_bytes(void **state)
{
	uint32_t random = 1;
	char text[16];
	int i, k;

	(void)state;
	for (i = 1; i < 65536; i++) {
		text[0] = (char)(i & 0xff);
		text[1] = (char)(i >> 8);
		text[2] = '\0';
		if (text[0] != '\0')
			there_and_back(text);
	}
	for (i = 0; i < 20000; i++) {
		for (k = 0; k < 8; k++) {
			random = random * 1664525 + 1013904223;
			/* Mostly bytes that begin or continue sequences. */
			text[k] = (char)(random >> 24 | (random & 0x300 ?
			    0x80 : 1));
		}
		text[8] = '\0';
		there_and_back(text);
	}
}

static void
test_not_ours(void **state)
{
	char cut[] = "a" R "f", upper[] = R "FF", bare[] = R, zero[] = R "00";

	(void)state;
	assert_int_equal(text_from_utf8(cut), -1);
	assert_int_equal(text_from_utf8(upper), -1);
	assert_int_equal(text_from_utf8(bare), -1);
	assert_int_equal(text_from_utf8(zero), -1);
}

static void
test_printable(void **state)
{
	struct buffer b = { .data = NULL };

	(void)state;
	buffer_printable(&b, "a\x1b[31m\n\x7f\xff\xc2\x9b\xc3\xa9\"\\");
	assert_string_equal(b.data, "a?[31m????\xc3\xa9\"\\");
	buffer_free(&b);
	/* U+2027 to U+202F and U+2065 to U+206A, which begin and end outside. */
	buffer_printable(&b, "\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf"
	    "\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa");
	assert_string_equal(b.data, "\xe2\x80\xa7??\xe2\x80\xaf"
	    "\xe2\x81\xa5??\xe2\x81\xaa");
	buffer_free(&b);
}

static void
test_growing(void **state)
{
	struct buffer b = { .data = NULL };
	size_t len, i;
	char *text;

	(void)state;
	text = buffer_take(&b, &len);
	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	free(text);
	for (i = 0; i < 1000; i++)
		buffer_printf(&b, "%03zu", i);
	assert_int_equal(b.len, 3000);
	text = buffer_take(&b, &len);
	assert_int_equal(strlen(text), 3000);
	assert_memory_equal(text + 2997, "999", 3);
	free(text);
	/* Too much is remembered, and nothing follows. */
	buffer_text(&b, "x");
	assert_int_equal(buffer_reserve(&b, SIZE_MAX / 2), -1);
	buffer_text(&b, "y");
	assert_true(b.failed);
	assert_int_equal(b.len, 1);
	assert_null(buffer_take(&b, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
