/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are made anew in steps: what waits for a second of quiet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kept_world.h"

/*
 * A file that is removed and made anew in steps is what it was until there are no
 * more of them, also for an agent that starts meanwhile.
 */
static void
made_anew_in_steps(void **state)
{
	static const char first[] = "name: a\npath: /\npersist: true\n",
	    more[] = "host.hostname: one\n";
	struct keeper *k = *state;
	struct world *w = k->w;

	write_jail(w, "a.yaml", "a", "one");
	look(k);
	expect(w, SCAN_OK, "+a ");
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	write_in_place(w, "a.yaml", "a", first);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_in_place(w, "a.yaml", "a", more);
	look(k);
	expect(w, SCAN_OK, "");
	/* That it was gone is known by now. */
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	look_once(k);
	expect(w, SCAN_OK, "-a ");
	write_in_place(w, "a.yaml", "a", first);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "+a ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "one");
	write_in_place(w, "a.yaml", "a", "host.hostname: two\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1020000);
	look_once(k);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "two");
	/* In one that there was no step of, by an agent that starts. */
	write_in_place(w, "a.yaml", "w", first);
	again(k);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_in_place(w, "a.yaml", "a", "host.hostname: three\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	usleep(1020000);
	look_once(k);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "three");
}

/* So it is where no step is the beginning of what was there before. */
static void
made_anew_otherwise(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	write_text(w, "a.yaml", "name: a\npath: /\npersist: true\n"
	    "securelevel: 1\n");
	look(k);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
		write_in_place(w, "a.yaml", "a", "# another one, with more\n"
		    "name: a\npath: /\npersist: true\n"
		    "host.hostname: other.example.org\n");
		if (i == 1)
			again(k);
		look_once(k);
		expect(w, SCAN_UNSETTLED, "");
		write_in_place(w, "a.yaml", "a", i == 0 ? "securelevel: 2\n" :
		    "securelevel: 3\n");
		look_once(k);
		expect(w, SCAN_UNSETTLED, "");
		usleep(1020000);
		look_once(k);
		expect(w, SCAN_OK, "+a ");
		assert_string_equal(spec_text(w->s.changed[0], "securelevel"),
		    i == 0 ? "2" : "3");
		time_passes(w);
	}
	/* What says all that, and more, is taken for a whole one. */
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	write_in_place(w, "a.yaml", "w", "# this is another one, with more\n"
	    "name: a\npath: /\npersist: true\nhost.domainname: example\n"
	    "host.hostname: other.example.org\nsecurelevel: 1\n");
	look_once(k);
	expect(w, SCAN_OK, "+a ");
	/* What ends within a line may go on there. */
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	write_in_place(w, "a.yaml", "w", "# this is yet another one, longer\n"
	    "name: a\npath: /\npersist: true\nhost.domainname: example\n"
	    "securelevel: 1\nhost.hostname: another.example");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
}

/* Only the first of two steps is new: nothing counts before both are there. */
static void
in_two_steps(struct keeper *k, const char *file, const char *gone,
    const char *changes)
{
	static const char first[] = "name: a\npath: /\npersist: true\n";
	struct world *w = k->w;

	write_in_place(w, file, "w", first);
	look_once(k);
	expect(w, SCAN_UNSETTLED, gone);
	write_in_place(w, file, "a", "host.hostname: one\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	quiet_passes(k);
	look_once(k);
	expect(w, SCAN_OK, changes);
	time_passes(w);
}

/* What was last good is compared with, whatever was there since. */
static void
long_gone(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	look(k);
	/* Broken for long. */
	write_text(w, "a.yaml", "name: [\n");
	look(k);
	time_passes(w);
	in_two_steps(k, "a.yaml", "", "");
	/* Gone for long; the agent may hold its jail. */
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	look(k);
	expect(w, SCAN_OK, "-a ");
	second_passes(k);
	look(k);
	assert_int_equal(w->s.again_ms, 0);
	in_two_steps(k, "a.yaml", "", "+a ");
	/* In a file of another name, at once and later. */
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	in_two_steps(k, "all.yaml", "-a ", "+a ");
	assert_int_equal(unlink(spec_path(w, "all.yaml")), 0);
	look(k);
	second_passes(k);
	look(k);
	in_two_steps(k, "any.yaml", "", "+a ");
	/* While another file still declares it, that would be two of them. */
	write_in_place(w, "bb.yaml", "w", "name: b\npersist: true\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	assert_int_equal(unlink(spec_path(w, "b.yaml")), 0);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "-b ");
}

/* An agent that starts knows of what it holds by what it has applied. */
static void
held_by_another(void **state)
{
	static const char whole[] = "host.hostname: one\nname: a\npath: /\n"
	    "persist: true\n",
	    other[] = "name: c\npath: /\npersist: true\n";
	struct keeper *k = *state;
	struct world *w = k->w;
	char path[600];

	snprintf(path, sizeof path, "%s/a.yaml", k->applied);
	temp_write(path, 0600, whole, strlen(whole));
	look(k);
	in_two_steps(k, "a.yaml", "", "+a ");
	/* With another jail, of which nothing is known. */
	snprintf(path, sizeof path, "%s/c.yaml", k->applied);
	temp_write(path, 0600, other, strlen(other));
	write_in_place(w, "c.yaml", "w", "name: b\npath: /\npersist: true\n"
	    "---\nname: c\npath: /\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_in_place(w, "c.yaml", "a", "persist: true\n");
	look_once(k);
	quiet_passes(k);
	look_once(k);
	expect(w, SCAN_OK, "+b +c ");
	/* One that leaves out nothing does not wait, nor what nobody holds. */
	write_in_place(w, "d.yaml", "w", "name: d\npath: /\n"
	    "persist: true\n");
	look_once(k);
	expect(w, SCAN_OK, "+d ");
	assert_int_equal(unlink(path), 0);
}

/* Defaults that move to another file in steps are not used before all are there. */
static void
defaults_move(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	write_text(w, "d.yaml", "name: \"*\"\npath: /\npersist: true\n"
	    "host.hostname: one\n");
	write_text(w, "w.yaml", "name: w\n");
	look(k);
	expect(w, SCAN_OK, "+w ");
	assert_int_equal(unlink(spec_path(w, "d.yaml")), 0);
	write_in_place(w, "e.yaml", "w", "name: \"*\"\npersist: true\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	assert_true(file_of(w, "e.yaml")->unsettled);
	for (size_t i = 0; i < w->r.files.count; i++)
		if (w->r.files.file[i].vanished_ms != 0)
			w->r.files.file[i].vanished_ms -= PROOF_MS;
	write_in_place(w, "e.yaml", "a", "path: /\nhost.hostname: one\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, ""); /* so they are not dropped */
	assert_true(file_of(w, "d.yaml")->gone);
	assert_true(file_of(w, "e.yaml")->unsettled);
	quiet_passes(k);
	look_once(k);
	expect(w, SCAN_OK, "");
	reader_drop(&w->r);
	look_once(k);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.file_count, 2);
}

/* Events tell what was renamed; times do not, nor that there is a link. */
static void
not_renamed(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	w->r.watch = watch_new(w->opt.dir);
	assert_non_null(w->r.watch);
	write_jail(w, "a.yaml", "a", "one");
	look(k);
	assert_int_equal(unlink(spec_path(w, "a.yaml")), 0);
	write_in_place(w, "a.yaml", "w", "name: a\npersist: true\n");
	usleep(20000);
	assert_int_equal(chmod(spec_path(w, "a.yaml"), 0640), 0);
	(void)watch_drain(w->r.watch);
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_jail(w, "a.yaml", "a", "one");
	look(k);
	/* The file that a link leads to is made anew. */
	assert_int_equal(rename(spec_path(w, "a.yaml"),
	    spec_path(w, "a.conf")), 0);
	assert_int_equal(symlink("a.conf", spec_path(w, "a.yaml")), 0);
	(void)watch_drain(w->r.watch);
	look(k);
	assert_int_equal(unlink(spec_path(w, "a.conf")), 0);
	write_in_place(w, "a.conf", "w", "name: a\npersist: true\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
}

/* What is written after it was renamed may be written in steps, however soon. */
static void
renamed_and_written(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	w->r.watch = watch_new(w->opt.dir);
	assert_non_null(w->r.watch);
	write_jail(w, "a.yaml", "a", "one");
	look(k);
	assert_int_equal(rename(spec_path(w, "a.yaml"),
	    spec_path(w, "b.yaml")), 0);
	(void)watch_drain(w->r.watch);
	write_in_place(w, "b.yaml", "w", "name: a\npersist: true\n");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "-a ");
	/* That hint was taken by the look, so another one is asked for. */
	assert_true(w->r.missed);
	write_in_place(w, "b.yaml", "a", "path: /\nhost.hostname: one\n");
	look(k);
	expect(w, SCAN_OK, "+a ");
	assert_string_equal(spec_text(w->s.changed[0], "host.hostname"),
	    "one");
	/* A whole one is used at once. */
	write_text(w, "b.yaml", "name: a\npersist: true\n");
	(void)watch_drain(w->r.watch);
	look_once(k);
	expect(w, SCAN_OK, "+a ");
	assert_false(w->r.missed);
}

/* What a link leads to may be written when the link is there already. */
static void
linked_and_written(void **state)
{
	static const char *const targets[] = { "a.conf", "below/a.conf" };
	struct keeper *k = *state;
	struct world *w = k->w;

	w->r.watch = watch_new(w->opt.dir);
	assert_non_null(w->r.watch);
	assert_int_equal(mkdir(spec_path(w, "below"), 0755), 0);
	write_jail(w, "a.yaml", "a", "one");
	look(k);
	for (int i = 0; i < 2; i++) {
		lead(w, spec_path(w, "a.yaml"), targets[i]);
		write_in_place(w, targets[i], "w", "name: a\npersist: true\n");
		(void)watch_drain(w->r.watch);
		look_once(k);
		expect(w, SCAN_UNSETTLED, "");
		write_in_place(w, targets[i], "a",
		    "path: /\nhost.hostname: one\n");
		look_once(k);
		quiet_passes(k);
		look_once(k);
		expect(w, SCAN_OK, "");
	}
	/* One that was there before the link is whole. */
	write_text(w, "other.conf", "name: a\npersist: true\n");
	lead(w, spec_path(w, "a.yaml"), "other.conf");
	(void)watch_drain(w->r.watch);
	look_once(k);
	expect(w, SCAN_OK, "+a ");
}

/* Another directory that links lead into is whole. */
static void
linked_directory(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	w->r.watch = watch_new(w->opt.dir);
	assert_non_null(w->r.watch);
	assert_int_equal(mkdir(spec_path(w, "..1"), 0755), 0);
	assert_int_equal(mkdir(spec_path(w, "..2"), 0755), 0);
	write_jail(w, "..1/a.yaml", "a", "one");
	assert_int_equal(symlink("..1", spec_path(w, "..data")), 0);
	assert_int_equal(symlink("..data/a.yaml", spec_path(w, "a.yaml")), 0);
	look(k);
	expect(w, SCAN_OK, "+a ");
	write_in_place(w, "..2/a.yaml", "w",
	    "name: a\npath: /\npersist: true\n");
	lead(w, spec_path(w, "..data"), "..2");
	look_once(k);
	expect(w, SCAN_OK, "+a ");
	/* A broken file in the next one keeps all of it from being used. */
	assert_int_equal(symlink("..data/b.yaml", spec_path(w, "b.yaml")), 0);
	assert_int_equal(mkdir(spec_path(w, "..3"), 0755), 0);
	write_text(w, "..3/a.yaml", "name: [\n");
	write_jail(w, "..3/b.yaml", "b", "one");
	lead(w, spec_path(w, "..data"), "..3");
	look_once(k);
	expect(w, SCAN_UNSETTLED, "");
	write_jail(w, "..3/a.yaml", "a", "one");
	look(k);
	expect(w, SCAN_OK, "+a +b ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(made_anew_in_steps),
		TEST(made_anew_otherwise),
		TEST(long_gone),
		TEST(held_by_another),
		TEST(defaults_move),
		TEST(not_renamed),
		TEST(renamed_and_written),
		TEST(linked_and_written),
		TEST(linked_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
