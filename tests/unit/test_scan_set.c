/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory with a MANIFEST counts as a whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scan_world.h"

static const char *const both[] = { "a.yaml", "b.yaml", NULL };
static const char *const only_a[] = { "a.yaml", NULL };

/* Scans until it is settled, or two seconds have gone by. */
static void
look(struct world *w)
{
	for (int i = 0; i < 20; i++) {
		scan(w);
		if (w->s.again_ms == 0 || w->s.changed_count > 0)
			return;
		usleep(w->s.again_ms * 1000);
	}
}

static void
begin(struct world *w)
{
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	write_manifest(w, both);
	look(w);
	expect(w, SCAN_OK, "+a +b ");
}

static void
as_a_whole(void **state)
{
	struct world *w = *state;

	begin(w);
	write_jail(w, "a.yaml", "a", "two");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(w->s.behind_ms == SCAN_NEVER);
	write_jail(w, "b.yaml", "b", "two");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	write_manifest(w, both);
	look(w);
	expect(w, SCAN_OK, "+a +b ");
	/* The list first, then the files. */
	assert_int_equal(rename(spec_path(w, "b.yaml"),
	    temp_file(&w->top, "away")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	write_manifest(w, only_a);
	look(w);
	expect(w, SCAN_OK, "-b ");
	assert_int_equal(rename(temp_file(&w->top, "away"),
	    spec_path(w, "b.yaml")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	/* Without a list each file counts for itself. */
	assert_int_equal(unlink(spec_path(w, MANIFEST_NAME)), 0);
	look(w);
	expect(w, SCAN_OK, "+b ");
}

static void
said_after_a_while(void **state)
{
	struct world *w = *state;

	begin(w);
	write_jail(w, "a.yaml", "a", "two");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	w->r.pending_ms -= 60000;
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, "a.yaml is another one"));
	assert_non_null(strstr(w->s.why, "the set stays what it was"));
	write_manifest(w, both);
	look(w);
	expect(w, SCAN_OK, "+a ");
	/* Patience begins anew. */
	write_jail(w, "a.yaml", "a", "three");
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
}

/* It is replaced as git does it: deleted, and made anew. */
static void
replaced_by_deletion(void **state)
{
	struct world *w = *state;

	begin(w);
	write_jail(w, "a.yaml", "a", "two");
	assert_int_equal(unlink(spec_path(w, MANIFEST_NAME)), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	/* Or swapped as what a link leads to. */
	assert_int_equal(symlink("none", spec_path(w, MANIFEST_NAME)), 0);
	usleep(1100000);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_int_equal(unlink(spec_path(w, MANIFEST_NAME)), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	write_jail(w, "b.yaml", "b", "two");
	write_manifest(w, both);
	look(w);
	expect(w, SCAN_OK, "+a +b ");
}

/*
 * Defaults that are not listed any more count until the agent has given them up,
 * and with them the whole set.
 */
static void
defaults_not_listed(void **state)
{
	static const char *const with[] = { "00.yaml", "a.yaml", "b.yaml",
		NULL };
	struct world *w = *state;

	write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 1\n");
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	write_manifest(w, with);
	look(w);
	expect(w, SCAN_OK, "+a +b ");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(unlink(spec_path(w, "00.yaml")), 0);
		write_jail(w, "a.yaml", "a", "two");
		write_manifest(w, both);
		look(w);
		expect(w, SCAN_OK, "");
		assert_true(file_of(w, "00.yaml")->gone);
		assert_int_equal(w->s.jails, 2);
		if (i == 1)
			break;
		/* They are back: as if nothing had been. */
		write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 1\n");
		write_jail(w, "a.yaml", "a", "one");
		write_manifest(w, with);
		look(w);
		expect(w, SCAN_OK, "");
		assert_false(file_of(w, "00.yaml")->gone);
	}
	reader_drop(&w->r);
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "two");
	assert_null(spec_param_find(w->s.changed[0], "securelevel"));
	assert_int_equal(w->s.file_count, 2);
}

static void
wrong_files(void **state)
{
	static const char *const texts[] = {
		"name: [\n",		      /* found by parsing */
		"name: b\npath: ${none}\n",   /* found by resolving */
		"name: a\npath: /\n",	      /* a name that is taken */
	};
	struct world *w = *state;

	begin(w);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_jail(w, "a.yaml", "a", "two");
		write_text(w, "b.yaml", texts[i]);
		write_manifest(w, both);
		scan(w);
		if (i == 0)
			expect(w, SCAN_UNSETTLED, "");
		w->r.pending_ms -= 60000;
		scan(w);
		expect(w, SCAN_MISSING, "");
		assert_non_null(strstr(w->s.why, ".yaml:"));
	}
	write_jail(w, "b.yaml", "b", "two");
	write_manifest(w, both);
	look(w);
	expect(w, SCAN_OK, "+a +b ");
}

static void
wrong_manifests(void **state)
{
	static const char *const texts[] = {
		"nonsense\n", "0123  a.yaml\n",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		"  ../a.yaml\n",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		"  a.txt\n",
		"g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		"  a.yaml\n",
	};
	struct world *w = *state;
	struct error err;

	begin(w);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_text(w, MANIFEST_NAME, texts[i]);
		scan(w);
		expect(w, SCAN_UNSETTLED, "");
		assert_int_equal(manifest_check(w->opt.dir, false, &err), -1);
		assert_non_null(strstr(err.text, "MANIFEST: line 1"));
	}
	write_manifest(w, both);
	assert_int_equal(manifest_check(w->opt.dir, false, &err), 0);
	write_manifest(w, only_a);
	assert_int_equal(manifest_check(w->opt.dir, false, &err), -1);
	assert_non_null(strstr(err.text, "does not list b.yaml"));
	/* Others may not write what decides. */
	write_manifest(w, both);
	assert_int_equal(chmod(spec_path(w, MANIFEST_NAME), 0666), 0);
	write_jail(w, "a.yaml", "a", "two");
	write_manifest(w, both);
	assert_int_equal(chmod(spec_path(w, MANIFEST_NAME), 0666), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_int_equal(chmod(spec_path(w, MANIFEST_NAME), 0644), 0);
	look(w);
	expect(w, SCAN_OK, "+a ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(as_a_whole),
		TEST(said_after_a_while),
		TEST(replaced_by_deletion),
		TEST(defaults_not_listed),
		TEST(wrong_files),
		TEST(wrong_manifests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
