/* SPDX-License-Identifier: BSD-2-Clause */
/* Last good texts: what is told to keep, kept by a signer, and recalled. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "agent/read/scan_kept.h"
#include "agent/sign/kept.h"
#include "scan_world.h"

/* A signer in this process: what the reader tells is done at once. */
struct keeper {
	struct world *w;
	char good[512], key[512], pub[512];
	struct minisign_secret *secret;
	int dir;
	bool dead; /* the signer: nothing is written any more */
	unsigned kept, forgotten;
};

static int
setup(void **state)
{
	static struct keeper k;
	struct minisign_public pub;
	struct error err;
	void *w;

	memset(&k, 0, sizeof k);
	if (world_setup(&w) != 0)
		return -1;
	k.w = w;
	snprintf(k.good, sizeof k.good, "%.400s/good", k.w->top.path);
	snprintf(k.key, sizeof k.key, "%.400s/key", k.w->top.path);
	snprintf(k.pub, sizeof k.pub, "%.400s/key.pub", k.w->top.path);
	assert_int_equal(mkdir(k.good, 0700), 0);
	assert_int_equal(minisign_generate(k.key, k.pub, &pub, &err), 0);
	k.secret = minisign_secret_read(k.key, &err);
	assert_non_null(k.secret);
	k.dir = open(k.good, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(k.dir, -1);
	k.w->opt.good = k.good;
	k.w->opt.public_key = k.pub;
	*state = &k;
	return 0;
}

static int
teardown(void **state)
{
	struct keeper *k = *state;
	void *w = k->w;

	close(k->dir);
	minisign_secret_free(k->secret);
	return world_teardown(&w);
}

static int
take(void *arg, unsigned type, const void *data, size_t len)
{
	struct keeper *k = arg;
	const char *path = data;
	struct error err;

	if (type == READER_FORGET) {
		k->forgotten++;
		assert_int_equal(len, KEPT_NAME_SIZE - 1);
		return unlinkat(k->dir, path, 0) == 0 || errno == ENOENT ? 0 :
		    -1;
	}
	assert_int_equal(type, READER_KEEP);
	k->kept++;
	return k->dead ? 0 : kept_write(k->dir, k->secret, path, path + strlen(path) + 1,
	    len - strlen(path) - 1, &err);
}

/* One scan, and what the agent is told before and behind its answer. */
static void
look_once(struct keeper *k)
{
	scan(k->w);
	assert_int_equal(kept_outdate(&k->w->r, take, k), 0);
	assert_int_equal(kept_tell(&k->w->r, take, k), 0);
}

/* Until all is settled; what was said is of the first scan that said it. */
static void
look(struct keeper *k)
{
	k->kept = k->forgotten = 0;
	look_once(k);
	while (k->w->s.state == SCAN_UNSETTLED) {
		usleep(k->w->s.again_ms * 1000);
		look_once(k);
	}
}

/* The second after which what is gone is forgotten. */
static void
second_passes(struct keeper *k)
{
	struct reader *r = &k->w->r;

	r->begun_ms -= PROOF_MS;
	for (size_t i = 0; i < r->away.count; i++)
		r->away.file[i].vanished_ms -= PROOF_MS;
}

/* The agent ended, and another one starts. */
static void
again(struct keeper *k)
{
	struct error err;

	reader_finish(&k->w->r);
	assert_int_equal(reader_init(&k->w->r, &k->w->opt, &err), 0);
}

static const char *
host_of(const struct keeper *k, const char *name)
{
	for (size_t i = 0; i < k->w->s.changed_count; i++)
		if (strcmp(k->w->s.changed[i]->name, name) == 0)
			return spec_text(k->w->s.changed[i], "host.hostname");
	return "(none)";
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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

static void
below(struct keeper *k)
{
	struct world *w = k->w;

	w->opt.below = true;
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	assert_int_equal(mkdir(spec_path(w, ".to"), 0755), 0);
	assert_int_equal(symlink(".to", spec_path(w, "link")), 0);
	write_jail(w, "top.yaml", "top", "one");
	write_jail(w, "sub/a.yaml", "a", "one");
	write_jail(w, "link/b.yaml", "b", "one");
	look(k);
	assert_int_equal(k->kept, 4); /* and the directories */
	look(k);
	assert_int_equal(k->kept, 0);
	again(k);
	look(k);
	assert_int_equal(k->kept, 0);
	assert_int_equal(k->forgotten, 0);
}

/*
 * Directories that were unmounted while nobody looked, or cannot be reached, are
 * what they were.
 */
static void
directories_away(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(rename(spec_path(w, ".to"), spec_path(w, ".from")),
	    0);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	for (unsigned i = 0; i < 2; i++) {
		again(k);
		look(k);
		expect(w, SCAN_OK, "+a +b +top ");
		expect_error(w, "sub/a.yaml", "another directory than before");
		expect_error(w, "link", "leads nowhere");
		assert_true(w->s.accept_helps);
		assert_int_equal(k->forgotten, 0);
	}
	/* Back again, nothing has happened. */
	assert_int_equal(rmdir(spec_path(w, "sub")), 0);
	assert_int_equal(rename(spec_path(w, ".sub"), spec_path(w, "sub")), 0);
	assert_int_equal(rename(spec_path(w, ".from"), spec_path(w, ".to")),
	    0);
	look(k);
	expect(w, SCAN_OK, "");
	assert_int_equal(w->s.errors.count, 0);
	/* Taken as it is when that is said. */
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	w->r.seen = false; /* READER_ACCEPT */
	places_forget(&w->r.places);
	look(k);
	expect(w, SCAN_OK, "-a ");
	assert_int_equal(w->s.errors.count, 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+b +top ");
}

/* One that was a mount is missed even when nothing is left of it. */
static void
mount_away(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_string_equal(w->r.places.place[2].name, "sub");
	w->r.places.place[2].mounted = true;
	free(w->r.places_told);
	w->r.places_told = NULL;
	assert_int_equal(kept_tell(&w->r, take, k), 0);
	again(k);
	assert_true(w->r.places.place[2].mounted);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	expect_error(w, "sub", "was mounted");
	assert_true(w->s.accept_helps);
	/* The directory below the mount, whatever is in it. */
	again(k);
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	write_jail(w, "sub/c.yaml", "c", "one");
	look(k);
	expect(w, SCAN_OK, "+a +b +top ");
	expect_error(w, "sub", "another device");
}

/* What somebody removed is gone, as while an agent looks. */
static void
directory_removed(void **state)
{
	struct keeper *k = *state;
	struct world *w = k->w;

	below(k);
	assert_int_equal(rename(spec_path(w, "sub"), spec_path(w, ".sub")), 0);
	assert_int_equal(unlink(spec_path(w, "link")), 0);
	again(k);
	look(k);
	expect(w, SCAN_OK, "+top ");
	assert_int_equal(w->s.errors.count, 0);
	w->r.begun_ms -= 1000;
	look(k);
	assert_int_equal(k->forgotten, 2);
}

/* No text makes the reader fail. */
static void
places_damaged(void **state)
{
	static const char *const texts[] = { "", "\n", "1\n", "1 2 3 m\n",
		"1 2 3 m a\n1 2 3 m a\n", "1 2 3 m b\n1 2 3 m a\n",
		"0 2 3 m a\n", "x 2 3 m a\n", "1 2 3 x a\n", "1\n2\n3 m a\n",
		"1 2 3 m\na\n" };
	struct places p = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		places_read(&p, texts[i]);
		assert_int_equal(p.count, 0);
		places_finish(&p);
	}
	places_read(&p, "1 -2 3 m a b\n4 5 6 - c\n");
	assert_int_equal(p.count, 2);
	assert_string_equal(p.place[0].name, "a b");
	assert_int_equal(p.place[0].origin.born.tv_sec, -2);
	assert_true(p.place[0].mounted);
	assert_false(p.place[1].mounted);
	places_finish(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recalled),
		TEST(forgotten),
		TEST(written_anew),
		TEST(outdated),
		TEST(list_is_replaced),
		TEST(invalid_by_defaults),
		TEST(forged),
		TEST(vanished_meanwhile),
		TEST(directories_away),
		TEST(mount_away),
		TEST(directory_removed),
		cmocka_unit_test(places_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
