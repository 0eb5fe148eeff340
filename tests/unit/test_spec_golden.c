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

#include "golden.h"

#define DIRECTORY "tests/golden/specs"

static void
check_or_update(const char *name)
{
	struct textbuf b = { 0 };
	struct spec_set set;
	char input[512];
	const char *file = input;

	snprintf(input, sizeof input, DIRECTORY "/%s", name);
	(void)spec_load(&file, 1, &set);
	golden_outcome(&b, &set, DIRECTORY);
	spec_set_free(&set);
	assert_non_null(b.text);
	golden_compare(input, b.text);
	free(b.text);
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

/* Every example, a file or a set, is valid by itself, without a warning. */
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

		if (*e->d_name == '.')
			continue;
		snprintf(name, sizeof name, "examples/%s", e->d_name);
		(void)spec_load(&path, 1, &set);
		for (size_t i = 0; i < set.errors.count; i++)
			fail_msg("%s:%u: %s", name,
			    set.errors.error[i].place.line,
			    set.errors.error[i].message);
		/* A directory may hold something else. */
		assert_true(set.count > 0 || set.file_count == 0);
		count += set.count > 0;
		spec_set_free(&set);
	}
	closedir(d);
	assert_true(count >= 8);
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
