/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory with a MANIFEST counts as a whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "agent/read/links.h"
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
	int fd;

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
	/* What mends it may take a moment to settle. */
	fd = open(spec_path(w, "b.yaml"), O_WRONLY | O_APPEND);
	assert_int_not_equal(fd, -1);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	close(fd);
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
	w->r.manifest_gone_ms -= 1100;
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
	bool whole;

	begin(w);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		write_text(w, MANIFEST_NAME, texts[i]);
		scan(w);
		expect(w, SCAN_UNSETTLED, "");
		assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), -1);
		assert_non_null(strstr(err.text, "MANIFEST: line 1"));
	}
	write_manifest(w, both);
	assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), 0);
	write_manifest(w, only_a);
	assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), -1);
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

/* `..data` leads to another directory. */
static void
swap(const struct world *w, const char *to)
{
	lead(w, spec_path(w, "..data"), to);
}

static void
link_to(const struct world *w, const char *name)
{
	char to[64];

	snprintf(to, sizeof to, "..data/%s", name);
	assert_int_equal(symlink(to, spec_path(w, name)), 0);
}

/* A directory as Kubernetes writes it: ..1 with a and b, which counts. */
static void
begin_linked(struct world *w)
{
	for (char name[] = "..1"; name[2] <= '3'; name[2]++)
		assert_int_equal(mkdir(spec_path(w, name), 0755), 0);
	write_jail(w, "..1/a.yaml", "a", "one");
	write_jail(w, "..1/b.yaml", "b", "one");
	swap(w, "..1");
	link_to(w, "a.yaml");
	link_to(w, "b.yaml");
	look(w);
	expect(w, SCAN_OK, "+a +b ");
}

/* It is not used, and that is said, with this reason. */
static void
is_held(struct world *w, const char *why)
{
	w->r.pending_ms = monotonic_ms();
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(w->s.behind_ms == SCAN_NEVER);
	w->r.pending_ms -= 60000;
	scan(w);
	expect(w, SCAN_MISSING, "");
	assert_non_null(strstr(w->s.why, why));
	assert_non_null(strstr(w->s.why, "the set stays what it was"));
}

static void
swapped_as_a_whole(void **state)
{
	struct world *w = *state;

	begin_linked(w);
	/* One of the next is wrong, one is gone, one is new. */
	write_text(w, "..2/a.yaml", "name: [\n");
	write_jail(w, "..2/c.yaml", "c", "two");
	swap(w, "..2");
	link_to(w, "c.yaml");
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	is_held(w, "a.yaml:2:1: ");
	assert_non_null(strstr(w->s.why, "/..data: "));
	assert_int_equal(w->s.jails, 2);
	/* Back to the one before: nothing has happened. */
	swap(w, "..1");
	assert_int_equal(unlink(spec_path(w, "c.yaml")), 0);
	link_to(w, "b.yaml");
	look(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	/* What is wrong may be found by resolving. */
	write_jail(w, "..2/a.yaml", "a", "two");
	write_text(w, "..2/b.yaml", "name: b\npath: ${none}\n");
	assert_int_equal(unlink(spec_path(w, "..2/c.yaml")), 0);
	swap(w, "..2");
	is_held(w, "b.yaml:2:");
	/* The next one heals it. */
	write_jail(w, "..3/a.yaml", "a", "three");
	swap(w, "..3");
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	look(w);
	expect(w, SCAN_OK, "+a -b ");
}

/* Links are made, and taken away, one by one behind the swap. */
static void
links_one_by_one(void **state)
{
	struct world *w = *state;
	struct error err;
	bool whole;

	begin_linked(w);
	assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), 0);
	assert_true(whole);
	write_jail(w, "..2/a.yaml", "a", "two");
	write_jail(w, "..2/c.yaml", "c", "two");
	swap(w, "..2");
	is_held(w, "b.yaml: is a symbolic link that leads nowhere");
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	is_held(w, "no link leads to c.yaml");
	assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), -1);
	assert_non_null(strstr(err.text, "no link leads to c.yaml"));
	link_to(w, "c.yaml");
	look(w);
	expect(w, SCAN_OK, "+a +c -b ");
	/* A file that is none belongs to it as well. */
	write_text(w, "d.yaml", "name: [\n");
	is_held(w, "d.yaml:2:1: ");
	write_jail(w, "d.yaml", "d", "two");
	look(w);
	expect(w, SCAN_OK, "+d ");
	/* Without links each file counts for itself. */
	write_text(w, "a.yaml", "name: [\n");
	write_jail(w, "c.yaml", "c", "three");
	look(w);
	expect(w, SCAN_OK, "+c ");
	assert_true(file_of(w, "a.yaml")->has_last_good);
	assert_int_equal(whole_check(w->opt.dir, false, &whole, &err), 0);
	assert_false(whole);
}

/* Defaults that are gone with a swap are in force, and with them the set. */
static void
defaults_swapped_away(void **state)
{
	struct world *w = *state;

	write_text(w, "00.yaml", "name: \"*\"\nsecurelevel: 1\n");
	begin_linked(w);
	write_jail(w, "..2/a.yaml", "a", "two");
	write_jail(w, "..2/b.yaml", "b", "two");
	swap(w, "..2");
	assert_int_equal(unlink(spec_path(w, "00.yaml")), 0);
	scan(w);
	expect(w, SCAN_UNSETTLED, "");
	look(w);
	expect(w, SCAN_OK, "");
	assert_true(file_of(w, "00.yaml")->gone);
	scan(w);
	expect(w, SCAN_OK, "");
	reader_drop(&w->r);
	scan(w);
	expect(w, SCAN_OK, "+a +b ");
	assert_null(spec_param_find(w->s.changed[0], "securelevel"));
}

/* In directories below, which may be links themselves. */
static void
swapped_below(void **state)
{
	struct world *w = *state;
	struct error err;
	bool whole;

	w->opt.below = true;
	write_jail(w, "top.yaml", "top", "one");
	for (char name[] = "..1"; name[2] <= '2'; name[2]++) {
		char sub[16];

		assert_int_equal(mkdir(spec_path(w, name), 0755), 0);
		snprintf(sub, sizeof sub, "%s/s", name);
		assert_int_equal(mkdir(spec_path(w, sub), 0755), 0);
	}
	write_jail(w, "..1/s/a.yaml", "a", "one");
	swap(w, "..1");
	link_to(w, "s");
	look(w);
	expect(w, SCAN_OK, "+a +top ");
	assert_int_equal(whole_check(w->opt.dir, true, &whole, &err), 0);
	assert_true(whole);
	write_jail(w, "top.yaml", "top", "two");
	write_text(w, "..2/s/a.yaml", "name: [\n");
	swap(w, "..2");
	is_held(w, "s/a.yaml:2:1: ");
	write_jail(w, "..2/s/a.yaml", "a", "two");
	look(w);
	expect(w, SCAN_OK, "+a +top ");
}

/* The directory itself is a link, or is behind one, as git-sync has it. */
static void
directory_swapped(void **state)
{
	struct world *w = *state;
	char dir[PATH_MAX];

	for (char name[] = "1"; name[0] <= '3'; name[0]++) {
		char sub[8];

		assert_int_equal(mkdir(temp_file(&w->top, name), 0755), 0);
		snprintf(sub, sizeof sub, "%s/sub", name);
		assert_int_equal(mkdir(temp_file(&w->top, sub), 0755), 0);
	}
	snprintf(dir, sizeof dir, "%s", temp_file(&w->top, "current"));
	assert_int_equal(symlink("1", dir), 0);
	free((char *)w->opt.dir);
	w->opt.dir = strdup(temp_file(&w->top, "current/sub"));
	reader_finish(&w->r);
	assert_int_equal(reader_init(&w->r, &w->opt, &(struct error){ 0 }), 0);
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	look(w);
	expect(w, SCAN_OK, "+a +b ");
	/* While it leads where it led each file counts for itself. */
	write_text(w, "a.yaml", "name: [\n");
	write_jail(w, "b.yaml", "b", "1");
	look(w);
	expect(w, SCAN_OK, "+b ");
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(symlink("2", dir), 0);
	write_text(w, "a.yaml", "name: [\n");
	write_jail(w, "c.yaml", "c", "two");
	is_held(w, "a.yaml:2:1: ");
	assert_int_equal(w->s.jails, 2);
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(symlink("1", dir), 0);
	look(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(symlink("3", dir), 0);
	write_jail(w, "a.yaml", "a", "three");
	look(w);
	expect(w, SCAN_OK, "+a -b ");
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
		TEST(swapped_as_a_whole),
		TEST(links_one_by_one),
		TEST(defaults_swapped_away),
		TEST(swapped_below),
		TEST(directory_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
