/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/golden/specs/NAME.yaml against NAME.out: the canonical specs, then the
 * errors and warnings.  With UPDATE=1 in the environment the .out files are
 * written anew; read what changed before it is committed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "specs/spec.h"
#include "specs/text.h"

#define DIRECTORY "tests/golden/specs"

/* What a file gives: specs as print makes them, errors with bare file names. */
static char *
outcome(const char *file)
{
	struct textbuf b = { 0 };
	struct spec_set set;

	(void)spec_load(&file, 1, &set);
	for (size_t i = 0; i < set.count; i++) {
		char *text = spec_print(set.spec[i]);

		textbuf_text(&b, "---\n");
		textbuf_text(&b, text);
		free(text);
	}
	for (size_t i = 0; i < set.errors.count; i++) {
		char *text = spec_error_text(&set.errors.error[i]);

		/* Messages may name the file again. */
		for (const char *at = text; *at != '\0'; at++) {
			if (strncmp(at, DIRECTORY "/", sizeof DIRECTORY) == 0)
				at += sizeof DIRECTORY;
			textbuf_add(&b, at, 1);
		}
		textbuf_text(&b, "\n");
		free(text);
	}
	spec_set_free(&set);
	return b.text;
}

static char *
read_file(const char *name)
{
	struct textbuf b = { 0 };
	char chunk[4096];
	FILE *f = fopen(name, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	textbuf_text(&b, "");
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		textbuf_add(&b, chunk, n);
	fclose(f);
	return b.text;
}

static void
check_or_update(const char *name)
{
	char input[512], output[512];
	char *found, *expected;
	FILE *f;

	snprintf(input, sizeof input, DIRECTORY "/%s", name);
	snprintf(output, sizeof output, "%.*s.out",
	    (int)(strlen(input) - strlen(".yaml")), input);
	found = outcome(input);
	assert_non_null(found);
	if (getenv("UPDATE") != NULL) {
		f = fopen(output, "w");
		assert_non_null(f);
		fputs(found, f);
		assert_int_equal(fclose(f), 0);
	}
	expected = read_file(output);
	if (expected == NULL || strcmp(found, expected) != 0)
		fail_msg("%s: found\n%s\nexpected\n%s", input, found,
		    expected == NULL ? "no such file" : expected);
	free(found);
	free(expected);
}

static void
golden(void **state)
{
	struct dirent *e;
	DIR *d = opendir(DIRECTORY);
	unsigned count = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0) {
			check_or_update(e->d_name);
			count++;
		}
	}
	closedir(d);
	assert_true(count > 40);
}

/* Every example is valid by itself, without a warning. */
static void
examples(void **state)
{
	struct dirent *e;
	DIR *d = opendir("examples");
	unsigned count = 0;

	(void)state;
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char name[512];
		const char *path = name;
		struct spec_set set;

		if (!spec_file_name(e->d_name))
			continue;
		snprintf(name, sizeof name, "examples/%s", e->d_name);
		(void)spec_load(&path, 1, &set);
		for (size_t i = 0; i < set.errors.count; i++)
			fail_msg("%s:%u: %s", name,
			    set.errors.error[i].place.line,
			    set.errors.error[i].message);
		assert_true(set.count > 0);
		spec_set_free(&set);
		count++;
	}
	closedir(d);
	assert_true(count >= 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(examples),
	};

	/* Run from anywhere: the sources are where the Makefile is. */
	if (access(DIRECTORY, F_OK) != 0 && getenv("SRCDIR") != NULL &&
	    chdir(getenv("SRCDIR")) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
