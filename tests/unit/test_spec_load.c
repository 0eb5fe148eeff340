/* SPDX-License-Identifier: BSD-2-Clause */
/* Files, directories, limits, digests, and what a set tells. */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "specs/doc.h"
#include "specs/text.h"

static char dir[] = "/tmp/jailagent-specs-XXXXXX";

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "a.yaml", "b.yml", "c.yaml",
		"d.yaml", ".h.yaml", "e.yaml~", "#f.yaml#", ".#g.yaml",
		"i.txt", "j.yaml.swp" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (unlink(path) != 0)
			(void)rmdir(path);
	}
	return rmdir(dir);
}

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
load(struct spec_set *set)
{
	const char *path = dir;

	(void)spec_load(&path, 1, set);
}

/* Specs of a text. */
static int
read_text(const char *text, size_t len, struct spec_set *set)
{
	struct spec_docs docs = { 0 };
	int rc;

	*set = (struct spec_set){ 0 };
	rc = spec_parse("text.yaml", text, len, &docs, &set->errors);
	spec_resolve(&docs, set);
	spec_docs_free(&docs);
	return rc;
}

/* Expects exactly one error, at a place, with these words. */
static void
expect_error(const struct spec_set *set, unsigned line, const char *words)
{
	assert_int_equal(set->errors.count, 1);
	assert_int_equal(set->errors.error[0].place.line, line);
	if (strstr(set->errors.error[0].message, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", set->errors.error[0].message,
		    words);
}

static void
file_names(void **state)
{
	(void)state;
	assert_true(spec_file_name("web.yaml"));
	assert_true(spec_file_name("web.yml"));
	assert_false(spec_file_name("web.json"));
	assert_false(spec_file_name("yaml"));
	assert_false(spec_file_name(".yaml"));
	assert_false(spec_file_name(".web.yaml"));
	assert_false(spec_file_name(".web.yaml.swp"));
	assert_false(spec_file_name("web.yaml~"));
	assert_false(spec_file_name("#web.yaml#"));
	assert_false(spec_file_name("#web.yaml"));
	assert_false(spec_file_name(".#web.yaml"));
	assert_false(spec_file_name("web.yaml.swp"));
	assert_false(spec_file_name("web.yaml.tmp"));
}

static void
directories(void **state)
{
	static const char *const ignored[] = { ".h.yaml", "e.yaml~",
		"#f.yaml#", ".#g.yaml", "i.txt", "j.yaml.swp" };
	struct spec_set set;
	const struct spec *s;
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		write_file(ignored[i], "not: {a, spec");
	write_file("b.yml", "name: web\nexec.start+: [b]\n");
	write_file("a.yaml", "name: '*'\npath: /\npersist: true\n"
	    "exec.start: [a]\n");
	write_file("c.yaml", "name: db\n");
	load(&set);
	assert_int_equal(set.errors.count, 0);
	assert_int_equal(set.count, 2);
	assert_int_equal(set.file_count, 3);
	assert_int_equal(set.invalid.count, 0);
	s = spec_find(&set, "web");
	assert_int_equal(spec_list(s, "exec.start")->count, 2);
	snprintf(path, sizeof path, "%s/b.yml", dir);
	assert_string_equal(s->place.file, path);
	assert_int_equal(s->place.line, 1);
	assert_int_equal(s->place.column, 7);
	snprintf(path, sizeof path, "%s/a.yaml", dir);
	assert_string_equal(spec_param_find(s, "path")->place.file, path);
	assert_null(spec_find(&set, "*"));
	spec_set_free(&set);
}

static void
not_files(void **state)
{
	const char *missing = "/nonexistent/x.yaml";
	struct spec_set set;
	char path[256];

	(void)state;
	write_file("a.yaml", "name: web\npath: /\npersist: true\n");
	snprintf(path, sizeof path, "%s/b.yml", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/c.yaml", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/d.yaml", dir);
	assert_int_equal(symlink("nowhere", path), 0);
	load(&set);
	assert_int_equal(set.errors.count, 3);
	assert_string_equal(set.errors.error[0].message, "not a regular file");
	assert_string_equal(set.errors.error[1].message, "not a regular file");
	assert_string_equal(set.errors.error[2].message,
	    "cannot open: No such file or directory");
	assert_string_equal(set.errors.error[2].place.file, path);
	assert_int_equal(set.errors.error[2].place.line, 0);
	/* The one that can be read is there all the same. */
	assert_non_null(spec_find(&set, "web"));
	spec_set_free(&set);
	assert_int_equal(spec_load(&missing, 1, &set), -1);
	assert_int_equal(set.errors.count, 1);
	spec_set_free(&set);
}

static void
repeat(struct textbuf *b, const char *text, unsigned times)
{
	while (times-- > 0)
		textbuf_text(b, text);
}

static void
limits(void **state)
{
	struct textbuf b = { 0 };
	struct spec_set set;

	(void)state;
	textbuf_text(&b, "name: web\npath: /\npersist: true\n");
	while (b.len <= SPEC_FILE_MAX)
		textbuf_text(&b, "# comment\n");
	write_file("a.yaml", b.text);
	load(&set);
	expect_error(&set, 0, "more than the limit of 1048576");
	spec_set_free(&set);
	b.len = 0;
	textbuf_text(&b, "name: web\npath: /\npersist: true\nexec.start:\n- ok\n"
	    "- ");
	repeat(&b, "x", SPEC_SCALAR_MAX + 1);
	assert_int_equal(read_text(b.text, b.len, &set), -1);
	expect_error(&set, 6, "65537 bytes is longer than the limit of 65536");
	spec_set_free(&set);
	assert_int_equal(read_text(b.text, b.len - 1, &set), 0);
	spec_set_free(&set);
	b.len = 0;
	repeat(&b, "---\nname: '*'\n", SPEC_DOCUMENTS_MAX + 1);
	assert_int_equal(read_text(b.text, b.len, &set), -1);
	expect_error(&set, 2 * SPEC_DOCUMENTS_MAX + 1,
	    "more than 10000 documents");
	spec_set_free(&set);
	b.len = 0;
	textbuf_text(&b, "name: web\n");
	repeat(&b, "unknown: x\n", 5000);
	assert_int_equal(read_text(b.text, b.len, &set), -1);
	assert_int_equal(set.errors.count, 1000);
	spec_set_free(&set);
	free(b.text);
}

static double
seconds_for(const char *text, size_t len)
{
	struct timespec from, to;
	struct spec_set set;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	(void)read_text(text, len, &set);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	spec_set_free(&set);
	return (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* A megabyte of anything takes time in proportion: seconds mean a square. */
static void
hostile(void **state)
{
	static const struct {
		const char *head, *unit;
	} cases[] = {
		{ "", "[" }, { "", "{a: " }, { "", "- " }, { "", "? " },
		{ "", "&a " }, { "", "*a " }, { "", "!!a " }, { "", "%TAG\n" },
		{ "", "%a b\n" }, { "", "--- " }, { "", "...\n" },
		{ "a: [", "b, " }, { "a: {", "b, " }, { "a: {", "b: c, " },
		{ "", "a: b\n" }, { "a: '", "''" }, { "a: \"", "\\x41" },
		{ "a: |\n", " x\n" }, { "a: >\n", " x\n\n" }, { "", "#\n" },
		{ "name: web\nvars:\n", " x: ${x}\n" },
		{ "name: web\nexec.start: [", "'${a}', " },
		{ "name: web\nip4.addr: ", "1.1.1.1," },
		{ "name: web\nip4.addr: [", "1.1.1.1," },
		{ "name: web\ndepend: [", "web," },
		{ "", "---\nname: web\n" }, { "", "---\nname: '*'\n" },
		{ "name: ", "*." }, { "name: ", "a." }, { "", "a:\n- " },
		{ "name: w\nexec.start: '", "${name}" },
		{ "name: w\nexec.start: '", "$" }, { "", "\xef\xbb\xbf" },
		{ "", "\"" }, { "", "a:" }, { "", " " }, { "", "\n" },
		{ "", "\t" }, { "", "a b " }, { "[", "a: b, " }, { "", "? a\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct textbuf b = { 0 };
		double spent;

		textbuf_text(&b, cases[i].head);
		while (b.len + strlen(cases[i].unit) <= SPEC_FILE_MAX)
			textbuf_text(&b, cases[i].unit);
		spent = seconds_for(b.text, b.len);
		if (getenv("VERBOSE") != NULL)
			print_message("%.3f s: %s\n", spent, cases[i].unit);
		if (spent > 8)
			fail_msg("%.1f s of CPU for \"%s\"", spent,
			    cases[i].unit);
		free(b.text);
	}
}

static void
digest_of(const char *text, unsigned char *digest)
{
	struct spec_set set;

	if (read_text(text, strlen(text), &set) != 0 || set.count == 0)
		fail_msg("%s", set.errors.error[0].message);
	memcpy(digest, spec_digest(set.spec[set.count - 1]),
	    SPEC_DIGEST_SIZE);
	spec_set_free(&set);
}

static void
expect_digests(const char *a, const char *b, bool same)
{
	unsigned char x[SPEC_DIGEST_SIZE], y[SPEC_DIGEST_SIZE];

	digest_of(a, x);
	digest_of(b, y);
	if ((memcmp(x, y, sizeof x) == 0) != same)
		fail_msg("%s\nand\n%s\nshould %s", a, b,
		    same ? "mean the same" : "differ");
}

static void
digests(void **state)
{
	static const char web[] = "name: web\npath: /w\npersist: true\n"
	    "host.hostname: x\nip4.addr: [10.0.0.1]\n";

	(void)state;
	expect_digests(web, "# A comment\nip4: {addr: 10.0.0.1}\n"
	    "host: {hostname: \"x\"}\npersist: 'true'\npath: //w/\nname: web\n",
	    true);
	expect_digests(web, "name: '*'\npersist: true\nip4.addr: 10.0.0.1\n"
	    "path: /other\n---\nname: web\npath: /w\nvars: {h: x}\n"
	    "host.hostname: ${h}\nagent: {heal: always}\n", true);
	expect_digests(web, "name: web\npath: /w\npersist: true\n"
	    "host.hostname: y\nip4.addr: [10.0.0.1]\n", false);
	expect_digests("name: a\npath: /\npersist: true\n",
	    "name: b\npath: /\npersist: true\n", false);
	/* Said is said, also where it is the default. */
	expect_digests("name: a\npath: /\npersist: true\n",
	    "name: a\npath: /\npersist: true\nenforce_statfs: 2\n", false);
	expect_digests("name: a\npath: /\npersist: true\n",
	    "name: a\npath: /\npersist: true\nexec.stop: []\n", false);
	expect_digests("name: a\npath: /\npersist: true\n",
	    "name: a\npath: /\npersist: true\nagent.heal: never\n", false);
	expect_digests("name: a\npath: /\nexec.start: [x, y]\n",
	    "name: a\npath: /\nexec.start: [y, x]\n", false);
}

static void
access_by_name(void **state)
{
	static const char text[] = "name: web\npath: /w\npersist: true\n"
	    "jid: 7\ndepend: [db, mail]\nenv.A: b\n";
	struct spec_set set;
	const struct spec *s;

	(void)state;
	assert_int_equal(read_text(text, strlen(text), &set), 0);
	s = spec_find(&set, "web");
	assert_string_equal(spec_text(s, "path"), "/w");
	assert_string_equal(spec_text(s, "enforce_statfs"), "2");
	assert_null(spec_text(s, "securelevel"));
	assert_string_equal(spec_text(s, "env.A"), "b");
	assert_true(spec_bool(s, "persist"));
	assert_false(spec_bool(s, "allow.mount"));
	assert_int_equal(spec_int(s, "jid"), 7);
	assert_int_equal(spec_int(s, "stop.timeout"), 10);
	assert_int_equal(s->depend.count, 2);
	assert_string_equal(s->depend.text[1], "mail");
	assert_int_equal(spec_list(s, "exec.start")->count, 0);
	assert_int_equal(s->agent.retry_max_ms, 300000);
	/* Two warnings: neither is in the set. */
	assert_int_equal(set.errors.count, 2);
	assert_true(set.errors.error[0].warning);
	spec_set_free(&set);
}

/* What is declared but cannot be used is listed, and said in its own file. */
static void
invalid_names(void **state)
{
	struct spec_set set;
	const char *file = NULL;

	(void)state;
	write_file("a.yaml", "name: '*'\npersist: true\n"
	    "path: /jails/${where}\n");
	write_file("b.yml", "name: web\n");
	write_file("c.yaml", "name: db\nvars: {where: x}\ndepend: web\n"
	    "---\nname: mail\npersist: maybe\n");
	write_file("d.yaml", "name: db2\nvars: {where: y}\n---\nname: twice\n"
	    "---\nname: twice\n");
	load(&set);
	assert_int_equal(set.count, 2);
	assert_non_null(spec_find(&set, "db"));
	assert_non_null(spec_find(&set, "db2"));
	assert_int_equal(set.invalid.count, 3);
	assert_string_equal(set.invalid.text[0], "mail");
	assert_string_equal(set.invalid.text[1], "twice");
	assert_string_equal(set.invalid.text[2], "web");
	for (size_t i = 0; i < set.errors.count; i++) {
		/* No warning that db depends on what is not there. */
		assert_false(set.errors.error[i].warning);
		if (strstr(set.errors.error[i].message, "\"web\" cannot be "
		    "used, see ") != NULL)
			file = set.errors.error[i].place.file;
	}
	assert_non_null(file);
	assert_string_equal(file + strlen(file) - 5, "b.yml");
	spec_set_free(&set);
}

static void
error_texts(void **state)
{
	struct spec_errors errors = { 0 };
	struct spec_place p = { "a.yaml", 3, 4 };
	char *text;

	(void)state;
	assert_int_equal(spec_error_add(&errors, p, false, "b\x1b\n%s",
	    "\xff"), -1);
	p.line = 2;
	spec_error_add(&errors, p, true, "second");
	p.line = 0;
	spec_error_add(&errors, p, false, "first");
	spec_errors_sort(&errors);
	text = spec_error_text(&errors.error[0]);
	assert_string_equal(text, "a.yaml: first");
	free(text);
	text = spec_error_text(&errors.error[1]);
	assert_string_equal(text, "a.yaml:2:4: warning: second");
	free(text);
	text = spec_error_text(&errors.error[2]);
	assert_string_equal(text, "a.yaml:3:4: b???");
	free(text);
	spec_errors_free(&errors);
}

/* A file has so many errors and no more; what is wrong stays wrong. */
static void
many_errors(void **state)
{
	struct textbuf b = { 0 };
	struct spec_set set;

	(void)state;
	textbuf_text(&b, "name: a\npath: /\npersist: true\ncommand:\n");
	for (unsigned i = 0; i < 2 * DOC_ERRORS_MAX; i++)
		textbuf_text(&b, "- *x\n");
	textbuf_text(&b, "---\nname: b\npath: /\npersist: true\n"
	    "enforce_statfs: !!int 0\n"
	    "---\nname: c\npath: /\npersist: true\n");
	assert_int_equal(read_text(b.text, b.len, &set), -1);
	assert_int_equal(set.errors.count, DOC_ERRORS_MAX);
	assert_int_equal(set.count, 1);
	assert_string_equal(set.spec[0]->name, "c");
	assert_int_equal(set.invalid.count, 2);
	spec_set_free(&set);
	free(b.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_names),
		cmocka_unit_test_setup_teardown(directories, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(not_files, make_dir,
		    remove_dir),
		cmocka_unit_test_setup_teardown(limits, make_dir, remove_dir),
		cmocka_unit_test(hostile),
		cmocka_unit_test(digests),
		cmocka_unit_test(access_by_name),
		cmocka_unit_test_setup_teardown(invalid_names, make_dir,
		    remove_dir),
		cmocka_unit_test(error_texts),
		cmocka_unit_test(many_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
