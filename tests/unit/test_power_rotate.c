/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power fails, or the signer is killed, at each step of a change of the key: the
 * history verifies with the old key and with the one that is there, what the
 * agent had sealed is whole, and the next signer goes on without a gap.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "disk_model.h"
#include "agent/sign/kept.h"
#include "agent/sign/rotate.h"
#include "rotate_fixture.h"

#define BEFORE 2
#define SPEC "/specs/web.yaml"
#define TEXT "name: web\n"

enum { STATE, SNAPSHOTS, GOOD, DIRS };

static void
open_dirs(const struct fixture *f, const char *good, int dir[DIRS])
{
	dir[STATE] = open(f->top.path, O_RDONLY | O_DIRECTORY);
	dir[SNAPSHOTS] = open(f->dir, O_RDONLY | O_DIRECTORY);
	dir[GOOD] = open(good, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < DIRS; i++)
		assert_true(dir[i] >= 0);
}

static void
close_dirs(const int dir[DIRS])
{
	for (size_t i = 0; i < DIRS; i++)
		close(dir[i]);
}

/* The seals: numbers of signed specs, and a last good text. */
static void
seal_some(const int dir[DIRS], const struct minisign_secret *secret)
{
	static const unsigned char digest[ACCEPTED_DIGEST];
	struct accepted a = { .count = 0 };
	struct error err;
	size_t len;
	char *text;

	assert_int_equal(accepted_set(&a, SPEC, 7, digest), 0);
	text = accepted_text(&a, &len, NULL);
	assert_int_equal(accepted_write(dir[STATE], secret, text, len, &err),
	    0);
	assert_int_equal(kept_write(dir[GOOD], secret, SPEC, TEXT,
	    strlen(TEXT), &err), 0);
	free(text);
	accepted_free(&a);
}

static void
record(struct change *c)
{
	unsigned char digest[DIGEST_SIZE];
	struct minisign_secret *secret;
	struct snapshot s;
	struct error err;
	int dir[DIRS];

	write_chain(&c->f, 1700000000, BEFORE);
	assert_int_equal(snapshot_newest(c->f.dir, c->f.pub, &s, digest,
	    &err), 0);
	snapshot_free(&s);
	open_dirs(&c->f, c->good, dir);
	secret = minisign_secret_read(c->f.key, &err);
	assert_non_null(secret);
	seal_some(dir, secret);
	disk_record(dir, DIRS);
	if (rotate_key(&c->f.options, dir[SNAPSHOTS], secret, BEFORE, digest,
	    &err) == -1 ||
	    rotate_finish(&c->f.options, dir[SNAPSHOTS], &err) == -1)
		fail_msg("%s", err.text);
	disk.records = false;
	minisign_secret_free(secret);
	close_dirs(dir);
}

/* What the agent has sealed has to be good with the key that is there. */
static void
check_seals(struct change *c)
{
	struct accepted a;
	struct error err;
	size_t len;
	char *text;

	if (accepted_read(c->accepted, c->f.pub, &a, &err) != 0)
		fail_msg("accepted: %s", err.text);
	assert_int_equal(a.count, 1);
	assert_true(a.entry[0].number == 7);
	accepted_free(&a);
	/* That one is not forced to the disk: it is good, or not used. */
	if (kept_read(c->good, c->f.pub, SPEC, &text, &len, &err) == 0) {
		assert_string_equal(text, TEXT);
		free(text);
	}
}

static void
check_leftovers(const struct change *c)
{
	DIR *d = opendir(c->f.top.path);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (strstr(e->d_name, ".next") != NULL ||
		    strstr(e->d_name, ".tmp") != NULL)
			fail_msg("%s is left", e->d_name);
	closedir(d);
}

static void
look_at_crash(const struct change *old, size_t steps, uint64_t chance)
{
	char line[MINISIGN_PUBLIC_LINE];
	struct change *c;
	int dir[DIRS];

	assert_int_equal(setup((void **)&c), 0);
	unlink(c->f.key);
	unlink(c->f.pub);
	open_dirs(&c->f, c->good, dir);
	disk_crash(dir, steps, chance);
	/* Also for who comes before the next signer. */
	check_seals(c);
	good_with(c, old->line[0], BEFORE);
	write_chain(&c->f, 1700000200, 2);
	good_with(c, old->line[0], BEFORE + 2);
	public_line(c, line);
	good_with(c, line, BEFORE + 2);
	if (steps == disk.steps)
		assert_string_not_equal(line, old->line[0]);
	check_seals(c);
	check_leftovers(c);
	close_dirs(dir);
	teardown((void **)&c);
}

static void
test_power_fails(void **state)
{
	const char *tries = getenv("POWER_TRIES");
	uint64_t variants = tries != NULL ? strtoull(tries, NULL, 10) : 3;

	record(*state);
	assert_true(disk.steps > 30);
	for (size_t steps = 0; steps <= disk.steps; steps++) {
		print_message("behind step %zu\n", steps);
		for (uint64_t v = 0; v < variants; v++)
			look_at_crash(*state, steps, v < 2 ? v :
			    v * 0x9e3779b97f4a7c15 + steps);
	}
	disk_free();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power_fails, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
