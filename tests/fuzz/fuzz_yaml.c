/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a spec file.  What they make, if they are valid, is printed,
 * parsed again, encoded and decoded: the spec must be the same each time.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "specs/spec.h"
#include "specs/text.h"

static void
load(const char *file, const char *text, size_t len, struct spec_set *set)
{
	struct spec_docs docs = { 0 };

	*set = (struct spec_set){ 0 };
	(void)spec_parse(file, text, len, &docs, &set->errors);
	spec_resolve(&docs, set);
	spec_docs_free(&docs);
}

/* Messages go to terminals and into JSON. */
static void
check_errors(const struct spec_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		char *text = spec_error_text(&errors->error[i]);

		if (text == NULL)
			continue;
		for (const char *c = text; *c != '\0'; c++) {
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				fuzz_broken("messages are printable", text);
		}
		if (utf8_prefix(text, strlen(text)) != strlen(text))
			fuzz_broken("messages are UTF-8", text);
		free(text);
	}
}

static void
check_printed(const struct spec *s)
{
	char *text = spec_print(s), *again;
	struct spec_set set;

	if (text == NULL)
		return;
	load("again.yaml", text, strlen(text), &set);
	for (size_t i = 0; i < set.errors.count; i++) {
		if (!set.errors.error[i].warning)
			fuzz_broken(set.errors.error[i].message, text);
	}
	if (set.count != 1 || !spec_same(set.spec[0], s))
		fuzz_broken("parse(print(x)) means x", text);
	again = spec_print(set.spec[0]);
	if (again != NULL && strcmp(again, text) != 0)
		fuzz_broken("print(parse(print(x))) is print(x)", text);
	free(again);
	free(text);
	spec_set_free(&set);
}

static void
check_encoded(const struct spec *s)
{
	struct error err = { 0 };
	unsigned char *data;
	struct spec *copy;
	size_t len;

	if (spec_encode(s, &data, &len) != 0)
		return;
	copy = spec_decode(data, len, &err);
	if (copy == NULL)
		fuzz_broken("decode(encode(x)) is x", err.text);
	spec_free(copy);
	free(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_set set;

	if (sodium_init() < 0)
		return -1;
	load("fuzz.yaml", (const char *)data, size, &set);
	(void)spec_set_loops(&set);
	spec_errors_sort(&set.errors);
	check_errors(&set.errors);
	for (size_t i = 0; i < set.count; i++) {
		check_printed(set.spec[i]);
		check_encoded(set.spec[i]);
	}
	spec_set_free(&set);
	return 0;
}
