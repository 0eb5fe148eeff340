/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds for every spec: parse(print(x)) is x, decode(encode(x)) is x, and
 * no bytes from outside do harm.  Random, with fixed seeds; SPEC_ROUNDS in the
 * environment asks for more rounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec_random.h"

static void
print_and_parse(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rounds(2000); i++) {
		struct spec_docs docs = { 0 };
		struct spec_set set = { 0 };
		struct spec *s;
		char *text, *again;

		seed = 1000 + i;
		s = random_spec();
		text = spec_print(s);
		assert_non_null(text);
		(void)spec_parse("again.yaml", text, strlen(text), &docs,
		    &set.errors);
		spec_resolve(&docs, &set);
		if (set.errors.count > 0 || set.count != 1)
			fail_msg("seed %u: %s\n%s", 1000 + i,
			    set.errors.count > 0 ?
			    set.errors.error[0].message : "no spec", text);
		again = spec_print(set.spec[0]);
		assert_string_equal(again, text);
		assert_true(spec_same(set.spec[0], s));
		free(again);
		free(text);
		spec_free(s);
		spec_docs_free(&docs);
		spec_set_free(&set);
	}
}

static void
encode_and_decode(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rounds(2000); i++) {
		struct error err = { 0 };
		unsigned char *data, *again;
		size_t len, n;
		struct spec *s, *t;

		seed = 5000 + i;
		s = random_spec();
		assert_int_equal(spec_encode(s, &data, &len), 0);
		t = spec_decode(data, len, &err);
		if (t == NULL)
			fail_msg("seed %u: %s", 5000 + i, err.text);
		assert_string_equal(t->param[0].place.file,
		    s->param[0].place.file);
		assert_int_equal(spec_encode(t, &again, &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(again, data, len);
		free(again);
		spec_free(t);
		t = spec_copy(s);
		assert_int_equal(spec_encode(t, &again, &n), 0);
		assert_memory_equal(again, data, len);
		/* Nothing that is cut off, too long or changed passes. */
		assert_null(spec_decode(data, random_below((unsigned)len),
		    NULL));
		data[random_below((unsigned)len)] ^=
		    (unsigned char)(1 + random_below(255));
		spec_free(spec_decode(data, len, &err));
		free(again);
		free(data);
		spec_free(t);
		spec_free(s);
	}
}

/* Changes a few bytes, runs of bytes, and the length. */
static size_t
damage(unsigned char *data, size_t len)
{
	static const char marks[] = "\xff:-[]{}&*!|>'\"%@\n \t$";
	for (unsigned n = 1 + random_below(8); n > 0 && len > 8; n--) {
		size_t at = random_below((unsigned)len), run;

		switch (random_below(5)) {
		case 0:
			data[at] = (unsigned char)random_below(256);
			break;
		case 1:
			data[at] = (unsigned char)
			    marks[random_below(sizeof marks)];
			break;
		case 2:
			run = random_below((unsigned)(len - at)) / 4;
			memmove(data + at, data + at + run, len - at - run);
			len -= run;
			break;
		case 3:
			run = random_below((unsigned)(len - at));
			memmove(data, data + at, run);
			break;
		default:
			len = at;
		}
	}
	return len;
}

static void
decode_damaged(void **state)
{
	unsigned char noise[256];

	(void)state;
	for (unsigned i = 0; i < rounds(5000); i++) {
		unsigned char *data;
		size_t len;
		struct spec *s;

		seed = 20000 + i;
		s = random_spec();
		assert_int_equal(spec_encode(s, &data, &len), 0);
		len = damage(data, len);
		spec_free(spec_decode(data, len, NULL));
		free(data);
		spec_free(s);
		for (size_t j = 0; j < sizeof noise; j++)
			noise[j] = (unsigned char)random_below(256);
		assert_null(spec_decode(noise, random_below(256), NULL));
	}
}

static void
parse_damaged(void **state)
{
	(void)state;
	for (unsigned i = 0; i < rounds(5000); i++) {
		struct spec_docs docs = { 0 };
		struct spec_set set = { 0 };
		struct spec *s;
		size_t len;
		char *text;

		seed = 40000 + i;
		s = random_spec();
		text = spec_print(s);
		len = damage((unsigned char *)text, strlen(text));
		(void)spec_parse("damaged.yaml", text, len, &docs,
		    &set.errors);
		free(text);
		spec_resolve(&docs, &set);
		for (size_t j = 0; j < set.errors.count; j++) {
			const char *m = set.errors.error[j].message;

			assert_int_equal(utf8_prefix(m, strlen(m)), strlen(m));
		}
		spec_docs_free(&docs);
		spec_set_free(&set);
		spec_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_and_parse),
		cmocka_unit_test(encode_and_decode),
		cmocka_unit_test(decode_damaged),
		cmocka_unit_test(parse_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
