/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file of specs gives as text, compared with a file beside it. */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "specs/spec.h"
#include "specs/text.h"

/* Appends canonical specs, then errors and warnings with bare file names. */
static inline void
golden_outcome(struct textbuf *b, const struct spec_set *set,
    const char *directory)
{
	size_t len = strlen(directory);

	for (size_t i = 0; i < set->count; i++) {
		char *text = spec_print(set->spec[i]);

		textbuf_text(b, "---\n");
		textbuf_text(b, text);
		free(text);
	}
	for (size_t i = 0; i < set->errors.count; i++) {
		char *text = spec_error_text(&set->errors.error[i]);

		/* Messages may name the file again. */
		for (const char *at = text; *at != '\0'; at++) {
			if (strncmp(at, directory, len) == 0 && at[len] == '/')
				at += len + 1;
			textbuf_add(b, at, 1);
		}
		textbuf_text(b, "\n");
		free(text);
	}
}

static inline char *
golden_read(const char *name)
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

/*
 * Compares what was found with INPUT's .out, which is written anew when
 * UPDATE is in the environment.
 */
static inline void
golden_compare(const char *input, const char *found)
{
	char output[512];
	char *expected;
	FILE *f;

	snprintf(output, sizeof output, "%.*s.out",
	    (int)(strlen(input) - strlen(".yaml")), input);
	if (getenv("UPDATE") != NULL) {
		f = fopen(output, "w");
		assert_non_null(f);
		fputs(found, f);
		assert_int_equal(fclose(f), 0);
	}
	expected = golden_read(output);
	if (expected == NULL || strcmp(found, expected) != 0)
		fail_msg("%s: found\n%s\nexpected\n%s", input, found,
		    expected == NULL ? "no such file" : expected);
	free(expected);
}

#endif
