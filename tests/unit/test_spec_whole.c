/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A document that is the whole of a jail becomes a spec when it is parsed; when
 * defaults turn up afterwards its assignments are made of that again.  Both
 * ways must lead to the same: specs, places, errors.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "specs/spec.h"

/* Defaults that cover nothing: what follows is not taken for whole. */
static const char nothing[] = "name: nothing.at.all.*\n";
/* What turns up: all kinds of assignments, and something wrong for some. */
static const char late[] = "name: '*'\n"
    "host.domainname: ${name}.example.org\n"
    "vars: {v: [x, y]}\n"
    "exec.start+: [/bin/late, '${v}']\n"
    "allow.mount: true\n"
    "enforce_statfs: 0\n"
    "meta.late: on\n"
    "agent: {protect: true, labels: {late: 'yes'}, retry: {max: 7m}}\n";

static char *
read_file(const char *path, size_t *len)
{
	char *text = malloc(SPEC_FILE_MAX);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(f);
	*len = fread(text, 1, SPEC_FILE_MAX, f);
	fclose(f);
	return text;
}

static void
resolve(const char *path, bool whole, bool with_late, struct spec_set *set)
{
	struct spec_docs docs = { 0 };
	size_t len;
	char *text = read_file(path, &len);

	*set = (struct spec_set){ 0 };
	if (!whole)
		assert_int_equal(spec_parse("nothing.yaml", nothing,
		    sizeof nothing - 1, &docs, &set->errors), 0);
	(void)spec_parse(path, text, len, &docs, &set->errors);
	if (with_late)
		assert_int_equal(spec_parse("late.yaml", late,
		    sizeof late - 1, &docs, &set->errors), 0);
	/* Nothing may refer to what was parsed. */
	memset(text, 'x', len);
	free(text);
	spec_docs_settle(&docs);
	spec_resolve(&docs, set);
	(void)spec_set_loops(set);
	spec_docs_free(&docs);
	spec_errors_sort(&set->errors);
}

static void
same_place(const struct spec_place *a, const struct spec_place *b)
{
	assert_string_equal(a->file, b->file);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->column, b->column);
}

static void
same_sets(const struct spec_set *a, const struct spec_set *b)
{
	assert_int_equal(a->errors.count, b->errors.count);
	for (size_t i = 0; i < a->errors.count; i++) {
		char *x = spec_error_text(&a->errors.error[i]);
		char *y = spec_error_text(&b->errors.error[i]);

		assert_string_equal(x, y);
		free(x);
		free(y);
	}
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct spec *s = a->spec[i], *t = b->spec[i];

		assert_true(spec_same(s, t));
		same_place(&s->place, &t->place);
		assert_int_equal(s->count, t->count);
		for (size_t k = 0; k < s->count; k++)
			same_place(&s->param[k].place, &t->param[k].place);
	}
}

static unsigned
compare_file(const char *path)
{
	unsigned specs = 0;

	for (int with_late = 0; with_late < 2; with_late++) {
		struct spec_set a, b;

		resolve(path, true, with_late, &a);
		resolve(path, false, with_late, &b);
		same_sets(&a, &b);
		specs += (unsigned)a.count;
		spec_set_free(&a);
		spec_set_free(&b);
	}
	return specs;
}

static void
both_ways(void **state)
{
	static const char *const dirs[] = { "tests/golden/specs", "examples" };
	unsigned specs = 0;

	(void)state;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		DIR *d = opendir(dirs[i]);
		struct dirent *e;

		assert_non_null(d);
		while ((e = readdir(d)) != NULL) {
			char path[512];

			if (!spec_file_name(e->d_name))
				continue;
			snprintf(path, sizeof path, "%s/%s", dirs[i],
			    e->d_name);
			specs += compare_file(path);
		}
		closedir(d);
	}
	assert_true(specs > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
