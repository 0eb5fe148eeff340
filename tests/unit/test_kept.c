/* SPDX-License-Identifier: BSD-2-Clause */
/* Last good texts: what is told to keep, kept by a signer, and recalled. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kept_world.h"

static void
recalled(void **state)
{
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	write_jail(k->w, "b.yaml", "b", "one");
	look(k);
	assert_int_equal(k->kept, 2);
	look(k);
	assert_int_equal(k->kept, 0);
	again(k);
	look(k);
	assert_int_equal(k->kept, 0); /* it is there already */
	write_jail(k->w, "a.yaml", "a", "two");
	look(k);
	assert_int_equal(k->kept, 1);
	write_text(k->w, "a.yaml", "name: [\n");
	look(k);
	assert_int_equal(k->kept, 0);
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "two");
	assert_string_equal(host_of(k, "b"), "one");
	assert_false(file_of(k->w, "a.yaml")->valid);
	assert_true(file_of(k->w, "a.yaml")->has_last_good);
	/* Found wrong by resolving: the same. */
	write_text(k->w, "b.yaml", "name: b\npath: ${none}\n");
	again(k);
	look(k);
	assert_string_equal(host_of(k, "b"), "one");
	write_jail(k->w, "b.yaml", "b", "three");
	look(k);
	assert_string_equal(host_of(k, "b"), "three");
	assert_int_equal(k->kept, 1);
}

static void
forgotten(void **state)
{
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	write_jail(k->w, "b.yaml", "b", "one");
	look(k);
	assert_int_equal(unlink(spec_path(k->w, "a.yaml")), 0);
	look(k);
	expect(k->w, SCAN_OK, "-a ");
	assert_int_equal(k->forgotten, 0);
	assert_in_range(k->w->s.again_ms, 1000, 1100);
	second_passes(k);
	look(k);
	assert_int_equal(k->forgotten, 1);
	assert_int_equal(k->w->s.again_ms, 0);
	write_text(k->w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "(none)");
	assert_false(file_of(k->w, "a.yaml")->has_last_good);
	/* Removed while nobody looked. */
	assert_int_equal(unlink(spec_path(k->w, "b.yaml")), 0);
	again(k);
	look(k);
	assert_int_equal(k->forgotten, 0);
	second_passes(k);
	look(k);
	assert_int_equal(k->forgotten, 1);
	write_text(k->w, "b.yaml", "name: [\n");
	look(k);
	assert_string_equal(host_of(k, "b"), "(none)");
}

/* An editor renames a file and writes it anew; an agent may start meanwhile. */
static void
written_anew(void **state)
{
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	write_jail(k->w, "b.yaml", "b", "one");
	look(k);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rename(spec_path(k->w, "a.yaml"),
		    spec_path(k->w, "a.yaml~")), 0);
		look(k);
		write_text(k->w, "a.yaml", "name: [\n");
		look(k);
		expect(k->w, SCAN_OK, "+a ");
		assert_string_equal(host_of(k, "a"), "one");
		assert_true(file_of(k->w, "a.yaml")->has_last_good);
		write_jail(k->w, "a.yaml", "a", "one");
		look(k);
		assert_int_equal(k->w->s.errors.count, 0);
		again(k);
	}
	/* Under another name it is no second one. */
	look(k);
	assert_int_equal(rename(spec_path(k->w, "a.yaml"),
	    spec_path(k->w, "c.yaml")), 0);
	look(k);
	write_text(k->w, "a.yaml", "name: [\n");
	look(k);
	expect(k->w, SCAN_OK, "");
	assert_true(file_of(k->w, "c.yaml")->valid);
	assert_false(file_of(k->w, "a.yaml")->has_last_good);
}

/* An agent that is killed while it uses an answer has its texts kept before. */
static void
killed_while_used(void **state)
{
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	write_jail(k->w, "a.yaml", "a", "two");
	scan(k->w);
	assert_int_equal(kept_outdate(&k->w->r, take, k), 0);
	write_text(k->w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "two");
}

/* What could not be kept must not be taken for what was before it. */
static void
outdated(void **state)
{
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	k->dead = true;
	write_jail(k->w, "a.yaml", "a", "two");
	scan(k->w);
	assert_int_equal(kept_outdate(&k->w->r, take, k), 0);
	assert_int_equal(k->forgotten, 1);
	assert_int_equal(kept_tell(&k->w->r, take, k), 0);
	write_text(k->w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	expect(k->w, SCAN_OK, "");
	assert_false(file_of(k->w, "a.yaml")->has_last_good);
	assert_null(file_of(k->w, "a.yaml")->words);
}

static void
later(struct keeper *k)
{
	second_passes(k);
	look(k);
}

/* Until a disk has removed what the signer was told to, a mark says so. */
static void
outdated_slowly(void **state)
{
	struct keeper *k = *state;
	struct text_list marked = { 0 };
	char name[KEPT_NAME_SIZE];

	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	k->slow = true;
	/* Back to what is still kept, but will not be: it is kept once more. */
	write_jail(k->w, "a.yaml", "a", "two");
	look(k);
	assert_int_equal(k->forgotten, 1);
	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	assert_int_equal(k->kept, 1);
	keep_up(k);
	write_text(k->w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "one");
	write_jail(k->w, "a.yaml", "a", "one");
	/* Gone for long, and there again, but broken: nothing comes back. */
	write_jail(k->w, "b.yaml", "b", "one");
	look(k);
	assert_int_equal(unlink(spec_path(k->w, "a.yaml")), 0);
	look(k);
	later(k);
	assert_int_equal(k->forgotten, 1);
	write_text(k->w, "a.yaml", "name: [\n");
	look(k);
	assert_false(file_of(k->w, "a.yaml")->has_last_good);
	/* So it is for an agent that starts after both were killed. */
	kept_name(spec_path(k->w, "a.yaml"), name);
	assert_int_equal(faccessat(k->dir, name, F_OK, 0), 0);
	assert_int_equal(kept_clear(k->good, k->outdated, &marked), 0);
	assert_int_equal(marked.count, 0);
	assert_int_equal(faccessat(k->dir, name, F_OK, 0), -1);
	assert_int_equal(kept_marked(k->outdated, &marked), 0);
	assert_int_equal(marked.count, 0);
}

/* An agent that starts while a set is replaced waits for the new one, too. */
static void
list_is_replaced(void **state)
{
	static const char *const both[] = { "a.yaml", "b.yaml", NULL };
	struct keeper *k = *state;

	write_jail(k->w, "a.yaml", "a", "one");
	write_jail(k->w, "b.yaml", "b", "one");
	write_manifest(k->w, both);
	look(k);
	expect(k->w, SCAN_OK, "+a +b ");
	assert_int_equal(k->kept, 3);
	assert_int_equal(unlink(spec_path(k->w, MANIFEST_NAME)), 0);
	write_jail(k->w, "a.yaml", "a", "two");
	again(k);
	look_once(k);
	expect(k->w, SCAN_UNSETTLED, "");
	write_jail(k->w, "b.yaml", "b", "two");
	write_manifest(k->w, both);
	look(k);
	expect(k->w, SCAN_OK, "+a +b ");
	second_passes(k);
	look(k);
	assert_int_equal(k->forgotten, 0);
	/* After a second each file counts for itself, for the next one, too. */
	assert_int_equal(unlink(spec_path(k->w, MANIFEST_NAME)), 0);
	again(k);
	look_once(k);
	expect(k->w, SCAN_UNSETTLED, "");
	k->w->r.manifest_gone_ms -= 1000;
	look(k);
	expect(k->w, SCAN_OK, "+a +b ");
	assert_int_equal(k->forgotten, 1);
	again(k);
	look_once(k);
	expect(k->w, SCAN_OK, "+a +b ");
}

/* What was swapped in before an agent starts is no more for it than for the last. */
static void
swapped_before(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	assert_int_equal(rename(w->opt.dir, temp_file(&w->top, "1")), 0);
	lead(k->w, w->opt.dir, "1");
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	look(k);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(mkdir(temp_file(&w->top, "2"), 0755), 0);
	lead(k->w, w->opt.dir, "2");
	write_text(w, "a.yaml", "name: [\n");
	write_jail(w, "c.yaml", "c", "two");
	for (int i = 0; i < 2; i++) {
		again(k);
		look_once(k);
		expect(w, SCAN_UNSETTLED, "");
		w->r.pending_ms -= 60000;
		look_once(k);
		expect(w, SCAN_MISSING, "");
		assert_non_null(strstr(w->s.why, "a.yaml:2:1: "));
	}
	assert_int_equal(k->forgotten, 0);
	/* The one before again. */
	lead(k->w, w->opt.dir, "1");
	again(k);
	look(k);
	expect(w, SCAN_OK, "+a +b ");
	lead(k->w, w->opt.dir, "2");
	again(k);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_jail(w, "a.yaml", "a", "two");
	look(k);
	expect(w, SCAN_OK, "+a +c ");
	assert_string_equal(host_of(k, "a"), "two");
	/* From then on each file counts for itself. */
	write_text(w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	expect(w, SCAN_OK, "+a +c ");
	assert_string_equal(host_of(k, "a"), "two");
}

/* The same through links, and without anything that is known. */
static void
linked_before(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	assert_int_equal(mkdir(spec_path(w, "..1"), 0755), 0);
	write_text(w, "..1/a.yaml", "name: [\n");
	write_jail(w, "..1/b.yaml", "b", "one");
	lead(k->w, spec_path(w, "..data"), "..1");
	assert_int_equal(symlink("..data/a.yaml", spec_path(w, "a.yaml")), 0);
	assert_int_equal(symlink("..data/b.yaml", spec_path(w, "b.yaml")), 0);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_jail(w, "..1/a.yaml", "a", "one");
	look(k);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(mkdir(spec_path(w, "..2"), 0755), 0);
	write_text(w, "..2/a.yaml", "name: [\n");
	lead(k->w, spec_path(w, "..data"), "..2");
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	again(k);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	lead(k->w, spec_path(w, "..data"), "..1");
	assert_int_equal(symlink("..data/b.yaml", spec_path(w, "b.yaml")), 0);
	look(k);
	expect(w, SCAN_OK, "+a +b ");
	assert_int_equal(k->forgotten, 0);
}

/* Defaults that go with what mends a set, by an agent that met it when held. */
static void
defaults_held_before(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	write_text(w, "d.yaml", "name: \"*\"\nhost.hostname: given\n");
	assert_int_equal(mkdir(spec_path(w, "..1"), 0755), 0);
	assert_int_equal(mkdir(spec_path(w, "..2"), 0755), 0);
	write_text(w, "..1/a.yaml", "name: a\npath: /\npersist: true\n");
	write_text(w, "..2/a.yaml", "name: [\n");
	lead(k->w, spec_path(w, "..data"), "..1");
	assert_int_equal(symlink("..data/a.yaml", spec_path(w, "a.yaml")), 0);
	look(k);
	expect(w, SCAN_OK, "+a ");
	lead(k->w, spec_path(w, "..data"), "..2");
	again(k);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	assert_int_equal(unlink(spec_path(w, "d.yaml")), 0);
	lead(k->w, spec_path(w, "..data"), "..1");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_text(w, "d.yaml", "name: \"*\"\nhost.hostname: given\n");
	look(k);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(host_of(k, "a"), "given");
}

/* Its text is the last good one, and does not help. */
static void
invalid_by_defaults(void **state)
{
	struct keeper *k = *state;

	write_text(k->w, "00.yaml", "name: \"*\"\nvars: {v: one}\n");
	write_text(k->w, "a.yaml", "name: a\npath: /\npersist: true\n"
	    "host.hostname: ${v}\n");
	look(k);
	expect(k->w, SCAN_OK, "+a ");
	write_text(k->w, "00.yaml", "name: \"*\"\nvars: {w: one}\n");
	for (int i = 0; i < 2; i++) {
		look(k);
		expect(k->w, SCAN_OK, "");
		assert_false(file_of(k->w, "a.yaml")->valid);
		assert_false(file_of(k->w, "a.yaml")->has_last_good);
		again(k);
	}
	write_text(k->w, "00.yaml", "name: \"*\"\nvars: {v: two}\n");
	look(k);
	assert_string_equal(host_of(k, "a"), "two");
}

/* Each byte of a kept file counts. */
static void
forged(void **state)
{
	struct keeper *k = *state;
	char name[KEPT_NAME_SIZE], path[600], *data, *text;
	struct error err;
	size_t len, n;

	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	snprintf(path, sizeof path, "%s/%s", k->good,
	    kept_name(spec_path(k->w, "a.yaml"), name));
	data = temp_read(path, &len);
	assert_int_equal(kept_read(k->good, k->pub, spec_path(k->w, "a.yaml"),
	    &text, &n, &err), 0);
	free(text);
	/* The first line is a comment, which nobody signed. */
	for (size_t i = strcspn(data, "\n") + 1; i < len; i += 1 + i / 40) {
		int rc;

		data[i] ^= 1;
		temp_write(path, 0600, data, len);
		data[i] ^= 1;
		rc = kept_read(k->good, k->pub, spec_path(k->w, "a.yaml"),
		    &text, &n, &err);
		assert_int_equal(rc, -1);
	}
	for (size_t i = 0; i < len; i += 7) {
		temp_write(path, 0600, data, i);
		assert_int_equal(kept_read(k->good, k->pub, spec_path(k->w,
		    "a.yaml"), &text, &n, &err), -1);
	}
	/* A genuine one of another file. */
	temp_write(path, 0600, data, len);
	snprintf(path, sizeof path, "%s/%s", k->good,
	    kept_name(spec_path(k->w, "b.yaml"), name));
	temp_write(path, 0600, data, len);
	assert_int_equal(kept_read(k->good, k->pub, spec_path(k->w, "b.yaml"),
	    &text, &n, &err), -1);
	write_text(k->w, "b.yaml", "name: [\n");
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "one");
	assert_int_equal(k->w->s.changed_count, 1);
	free(data);
}

/*
 * Defaults whose file vanished while nobody looked count on, until the agent
 * gives them up; other files that vanished then are its own to judge.
 */
static void
vanished_meanwhile(void **state)
{
	struct keeper *k = *state;
	const struct world *w = k->w;

	write_text(w, "00.yaml", "name: \"*\"\nhost.hostname: given\n");
	write_text(w, "01.yaml", "name: \"*\"\nsecurelevel: 1\n");
	write_text(w, "a.yaml", "name: a\npath: /\npersist: true\n");
	write_jail(w, "b.yaml", "b", "one");
	look(k);
	assert_int_equal(k->kept, 4);
	again(k);
	assert_int_equal(unlink(spec_path(w, "00.yaml")), 0);
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	/* Renamed, they did not vanish. */
	assert_int_equal(rename(spec_path(w, "01.yaml"),
	    spec_path(w, "02.yaml")), 0);
	scan(k->w);
	expect(w, SCAN_UNSETTLED, "+a ");
	assert_string_equal(host_of(k, "a"), "given");
	assert_true(file_of(w, "00.yaml")->unsettled);
	look(k);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.file_count, 3);
	assert_true(file_of(w, "00.yaml")->gone);
	/* Nobody decided: so it is for the next agent. */
	again(k);
	look(k);
	assert_true(file_of(w, "00.yaml")->gone);
	reader_drop(&k->w->r);
	look(k);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(k->forgotten, 1);
	again(k);
	look(k);
	assert_int_equal(w->s.file_count, 2);
	assert_string_equal(host_of(k, "a"), "");
}

/*
 * Defaults that are being written when an agent starts count as they were; what
 * else is in such files is not known yet, which changes nothing.
 */
static void
written_at_the_start(void **state)
{
	struct keeper *k = *state;
	int defaults, jail;

	write_text(k->w, "00.yaml", "name: \"*\"\nhost.hostname: given\n");
	write_text(k->w, "a.yaml", "name: a\npath: /\npersist: true\n");
	write_jail(k->w, "b.yaml", "b", "one");
	look(k);
	defaults = open(spec_path(k->w, "00.yaml"), O_WRONLY | O_APPEND);
	jail = open(spec_path(k->w, "b.yaml"), O_WRONLY | O_APPEND);
	assert_int_not_equal(defaults, -1);
	assert_int_not_equal(jail, -1);
	again(k);
	look_once(k);
	expect(k->w, SCAN_UNSETTLED, "+a ");
	assert_string_equal(host_of(k, "a"), "given");
	assert_int_equal(k->w->s.errors.count, 0);
	assert_int_equal(write(defaults, "securelevel: 1\n", 15), 15);
	close(defaults);
	close(jail);
	quiet_passes(k);
	look(k);
	expect(k->w, SCAN_OK, "+a +b ");
	assert_string_equal(host_of(k, "b"), "one");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recalled),
		TEST(forgotten),
		TEST(written_anew),
		TEST(killed_while_used),
		TEST(outdated),
		TEST(outdated_slowly),
		TEST(list_is_replaced),
		TEST(swapped_before),
		TEST(linked_before),
		TEST(defaults_held_before),
		TEST(invalid_by_defaults),
		TEST(forged),
		TEST(vanished_meanwhile),
		TEST(written_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
