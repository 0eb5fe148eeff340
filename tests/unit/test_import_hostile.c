/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of a megabyte that are made to take long, or much memory: each is
 * refused or imported, in time that its size explains.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "specs/jailconf/jailconf.h"
#include "specs/text.h"

#define SIZE 1000000
#ifdef __SANITIZE_ADDRESS__
#define SIZE_IN_VAIN (SIZE / 5) /* the work grows with its square */
#else
#define SIZE_IN_VAIN SIZE
#endif
#define SECONDS_MAX 10 /* of the processor; the worst takes a tenth */

/* A name of many components. */
#define EIGHT(x) x x x x x x x x
#define DEEP(x) EIGHT(EIGHT(x x x x))

/* The text of every file. */
struct source {
	const char *text;
	size_t len;
};

static int
read_source(void *arg, const char *path, bool pattern,
    struct conf_texts *found, struct error *err)
{
	const struct source *s = arg;
	char *copy = malloc(s->len + 1);

	(void)pattern;
	(void)err;
	assert_non_null(copy);
	memcpy(copy, s->text, s->len);
	return conf_texts_add(found, path, copy, s->len);
}

/* Imports a text; what is wrong, if so, has a reason. */
static bool
import(const char *name, const char *text, size_t len)
{
	struct source source = { text, len };
	const struct conf_reader reader = { read_source, &source };
	struct spec_errors errors = { 0 };
	struct conf_jails jails = { 0 };
	clock_t start = clock();
	double seconds;
	struct conf conf;
	char *yaml = NULL;
	bool done;

	if (conf_parse(&conf, "jail.conf", &reader, &errors) == 0 &&
	    conf_resolve(&conf, &jails, &errors) == 0)
		yaml = conf_convert(&conf, &jails, &errors);
	seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	done = yaml != NULL;
	print_message("%-10s %s in %.2f s\n", name, done ? "imported" :
	    "refused", seconds);
	assert_true(done || errors.count > 0);
	assert_true(errors.count <= CONF_ERRORS_MAX + 500);
	assert_true(seconds < SECONDS_MAX);
	free(yaml);
	conf_jails_free(&jails);
	spec_errors_free(&errors);
	conf_free(&conf);
	return done;
}

/* A text of a start, a line with a number again and again, and an end. */
static const struct {
	const char *name, *start, *line, *end;
	bool imported;
} cases[] = {
	{ "jails", "", "a%d{persist;}", "", true },
	{ "same", "", "a{persist;}", "", true },
	{ "params", "a{", "p%d;", "}", false },
	{ "meta", "a{persist;", "meta.p%d=1;", "}", false },
	{ "variables", "a{persist;", "$p%d=1;", "}", true },
	{ "patterns", "", "'*'{x%1$d;}a%1$d{}", "", false },
	{ "appending", "persist;", "'*'{exec.start+=x;}a%d{}", "", false },
	{ "words", "a{persist;exec.start=", "$", ";}", false },
	{ "references", "$x=y;a{persist;exec.start=\"", "$x ", "\";}", false },
	{ "renamed", "$host=y;a{persist;exec.start=\"", "$host", "\";}",
	    false },
	{ "list", "$x=y;a{persist;exec.start=", "$x,", "z;}", false },
	{ "doubling", "$v0=xxxxxxxxxxxxxxxx;", "$v%2$d=\"$v%1$d$v%1$d\";",
	    "a{persist;exec.start=$v100;}", false },
	{ "nesting", "", "a{", "", false },
	{ "including", "", ".include \"x\";\n", "", false },
	{ "matching", "", ".include \"*\";\n", "", false },
	{ "quotes", "", "\"\\\"\n", "", false },
	{ "braces", "", "${\n", "", false },
	{ "comments", "a{persist;", "/**/", "}", true },
	{ "lines", "a{persist;}", "#\n", "", true },
	{ "numbers", "'*'{persist;}x{depend=1;}", "%1$d{depend=%1$d;}", "",
	    false },
	{ "negatives", "a{", "no.no%d.no;", "}", false },
	{ "warnings", "", "a%d{persist;allow.dying;}", "", true },
	{ "unknown", "", "'*.*'{pirsist%d;}", "", true },
};

/* What each of many jails goes through in vain: two halves. */
static const struct {
	const char *name, *start, *line, *turn, *then, *end;
} halves[] = {
	{ "missing", "x=\"", "$m", "\";", "a%d{}", "" },
	{ "empty", "x=", "''", ";", "a%d{}", "" },
	{ "special", "", "$jid;", "", "a%d{}", "" },
	{ "again", "", "$a;", "", "a%d{}", "" },
	{ "long name", "", "p", ";", "a%d{}", "" },
	{ "long names", "x=\"${", "m", "}\";", "a%d{}", "" },
	{ "long text", "x=\"", "t", "$m\";", "a%d{}", "" },
	{ "deep names", "'*" DEEP(".*") "'{", "'*'{}", "}'a" DEEP(".a") "'{",
	    "b%d{}", "}" },
};

static void
fill(struct textbuf *b, const char *format, size_t size)
{
	for (int n = 0; b->len < size; n++) {
		char line[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(line, sizeof line, format, n, n + 1);
#pragma GCC diagnostic pop
		textbuf_text(b, line);
	}
}

static void
hostile(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct textbuf b = { 0 };

		textbuf_text(&b, cases[i].start);
		fill(&b, cases[i].line, SIZE);
		textbuf_text(&b, cases[i].end);
		assert_false(b.failed);
		assert_int_equal(import(cases[i].name, b.text, b.len),
		    cases[i].imported);
		free(b.text);
	}
}

static void
in_vain(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
		struct textbuf b = { 0 };

		textbuf_text(&b, halves[i].start);
		fill(&b, halves[i].line, SIZE_IN_VAIN / 2);
		textbuf_text(&b, halves[i].turn);
		fill(&b, halves[i].then, SIZE_IN_VAIN);
		textbuf_text(&b, halves[i].end);
		assert_false(b.failed);
		assert_false(import(halves[i].name, b.text, b.len));
		free(b.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile),
		cmocka_unit_test(in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
