/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power fails, or the signer is killed, at each step of writing: the history
 * that is there verifies, nothing that was said to be written is lost, and the
 * next signer goes on without a gap.
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
#include "agent/read/vault.h"
#include "agent/sign/accepted.h"
#include "agent/sign/keychain.h"
#include "agent/sign/signer_write.h"
#include "snapshot_fixture.h"

#define BEFORE 4
#define KEEP 3

struct history {
	struct fixture f;
	struct minisign_secret *secret;
	unsigned char digest[DIGEST_SIZE]; /* of the newest one */
	size_t said; /* steps after which the snapshot was said to be there */
};

static int
setup(void **state)
{
	struct history *h = calloc(1, sizeof *h);
	struct snapshot s;
	struct error err;

	assert_non_null(h);
	fixture_make(&h->f);
	write_chain(&h->f, 1700000000, BEFORE);
	assert_int_equal(snapshot_newest(h->f.dir, h->f.pub, &s, h->digest,
	    &err), 0);
	snapshot_free(&s);
	h->secret = minisign_secret_read(h->f.key, &err);
	assert_non_null(h->secret);
	*state = h;
	return 0;
}

static int
teardown(void **state)
{
	struct history *h = *state;

	disk_free();
	minisign_secret_free(h->secret);
	fixture_free(&h->f);
	free(h);
	return 0;
}

/* Writes one more, and drops the first ones, as the signer does. */
static void
record(struct history *h)
{
	char name[SNAPSHOT_NAME_MAX], *json, *signature;
	struct minisign_public pub;
	struct keychain keys = { .link = &(struct keychain_link){ .after = 0 },
		.count = 1 };
	uint64_t first = 1;
	struct snapshot s;
	struct error err;
	size_t len;
	int dir = open(h->f.dir, O_RDONLY | O_DIRECTORY);

	make_state(&s, 1700000100);
	s.sequence = BEFORE + 1;
	text_hex(h->digest, DIGEST_SIZE, s.previous);
	json = snapshot_encode(&s, &len, &err);
	snapshot_free(&s);
	signature = signer_sign(h->secret, json, len, &err);
	assert_non_null(signature);
	disk_record(&dir, 1);
	assert_int_equal(signer_write(dir, snapshot_name(BEFORE + 1, name),
	    json, len, signature, &err), 0);
	h->said = disk.steps;
	minisign_secret_public(h->secret, &pub);
	keys.link[0].pub = pub;
	assert_int_equal(signer_retain(dir, h->secret, &keys, KEEP, &first,
	    BEFORE + 1, &err), 0);
	disk.records = false;
	assert_int_equal(first, BEFORE + 2 - KEEP);
	close(dir);
	free(json);
	free(signature);
}

static size_t
files_in(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

/* What a crash leaves is good, and is gone on with. */
static void
look_at_crash(struct history *h, size_t steps, uint64_t chance)
{
	struct fixture after = h->f;
	struct temp_dir top;
	struct found found;
	uint64_t *sequence;
	struct error err;
	size_t count;
	int dir;

	temp_dir_make(&top);
	after.dir = top.path;
	after.options.dir = top.path;
	after.options.keep = KEEP;
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	disk_crash(&dir, steps, chance);
	verify(&after, top.path, &found);
	if (found.rc != 0)
		fail_msg("step %zu, chance %llu: %s", steps,
		    (unsigned long long)chance, found.text);
	assert_int_equal(snapshot_sequences(dir, &sequence, &count, &err), 0);
	assert_true(sequence[count - 1] == BEFORE + (steps >= h->said) ||
	    sequence[count - 1] == BEFORE + 1);
	free(sequence);
	write_chain(&after, 1700000200, 2);
	verify(&after, top.path, &found);
	if (found.rc != 0)
		fail_msg("gone on after step %zu, chance %llu: %s", steps,
		    (unsigned long long)chance, found.text);
	assert_int_equal(found.verified, KEEP);
	assert_int_equal(files_in(top.path), 2 * KEEP + 2);
	close(dir);
	temp_dir_remove(&top);
}

static void
test_power_fails(void **state)
{
	const char *tries = getenv("POWER_TRIES");
	uint64_t variants = tries != NULL ? strtoull(tries, NULL, 10) : 8;

	record(*state);
	assert_true(disk.steps > 20);
	for (size_t steps = 0; steps <= disk.steps; steps++)
		for (uint64_t v = 0; v < variants; v++)
			look_at_crash(*state, steps, v < 2 ? v :
			    v * 0x9e3779b97f4a7c15 + steps);
}

/* The record of signed specs, as a crash behind that many steps left it. */
static void
look_at_record(struct history *h, size_t steps, uint64_t chance,
    size_t said)
{
	struct accepted a;
	struct temp_dir top;
	struct error err;
	int dir, rc;

	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	disk_crash(&dir, steps, chance);
	rc = accepted_read(temp_file(&top, ACCEPTED_NAME), h->f.pub, &a, &err);
	if (rc != 0)
		fail_msg("step %zu, chance %llu: %d %s", steps,
		    (unsigned long long)chance, rc, rc == -1 ? err.text : "");
	assert_int_equal(a.count, 1);
	assert_true(a.entry[0].number == 2 ||
	    (steps < said && a.entry[0].number == 1));
	accepted_free(&a);
	/* What is left of it is no hindrance. */
	assert_int_equal(accepted_write(dir, h->secret, "", 0, &err), 0);
	close(dir);
	temp_dir_remove(&top);
}

static void
write_record(struct history *h, int dir, uint64_t number)
{
	static const unsigned char digest[ACCEPTED_DIGEST];
	struct accepted a = { .count = 0 };
	size_t len;
	char *text;

	assert_int_equal(accepted_set(&a, "/specs/web.yaml", number, digest),
	    0);
	text = accepted_text(&a, &len, NULL);
	assert_int_equal(accepted_write(dir, h->secret, text, len, NULL), 0);
	free(text);
	accepted_free(&a);
}

/* A number that was said to be on record is, and no record is ever lost. */
static void
test_record(void **state)
{
	struct history *h = *state;
	struct temp_dir top;
	int dir;

	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	write_record(h, dir, 1);
	/* What one that was killed has left. */
	temp_write(temp_file(&top, ".new-" ACCEPTED_NAME), 0600, "half", 4);
	disk_record(&dir, 1);
	write_record(h, dir, 2);
	disk.records = false;
	assert_true(disk.steps > 3);
	for (size_t steps = 0; steps <= disk.steps; steps++)
		for (uint64_t v = 0; v < 16; v++)
			look_at_record(h, steps, v < 2 ? v :
			    v * 0x9e3779b97f4a7c15 + steps, disk.steps);
	close(dir);
	temp_dir_remove(&top);
}

/* The key of the stamps: whole, or not there, and never another one later. */
static void
look_at_seal(const struct vault *made, size_t steps, uint64_t chance)
{
	struct temp_dir top;
	struct error err;
	struct stat st;
	struct vault v;
	int dir;

	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	disk_crash(&dir, steps, chance);
	close(dir);
	if (stat(temp_file(&top, "seal"), &st) == 0)
		assert_int_equal(st.st_size, sizeof made->key);
	assert_int_equal(vault_open(&v, temp_file(&top, "seal"), true, &err),
	    0);
	if (steps == disk.steps)
		assert_memory_equal(v.key, made->key, sizeof v.key);
	vault_close(&v);
	temp_dir_remove(&top);
}

static void
test_seal(void **state)
{
	struct temp_dir top;
	struct error err;
	struct vault v;
	int dir;

	(void)state;
	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	disk_record(&dir, 1);
	assert_int_equal(vault_open(&v, temp_file(&top, "seal"), true, &err),
	    0);
	disk.records = false;
	assert_true(disk.steps > 2);
	for (size_t steps = 0; steps <= disk.steps; steps++)
		for (uint64_t i = 0; i < 16; i++)
			look_at_seal(&v, steps, i < 2 ? i :
			    i * 0x9e3779b97f4a7c15 + steps);
	vault_close(&v);
	close(dir);
	temp_dir_remove(&top);
}

/* The model forgets: without fsync the newest one can be lost. */
static void
test_model_forgets(void **state)
{
	struct history *h = *state;
	struct found found;
	struct temp_dir top;
	int dir;

	record(h);
	for (size_t i = 0; i < disk.steps; i++)
		if (disk.step[i].deed == DISK_SYNC)
			disk.step[i].file = -2;
	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	disk_crash(&dir, h->said, 0);
	verify(&h->f, top.path, &found);
	assert_int_equal(found.rc, 1);
	close(dir);
	temp_dir_remove(&top);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_power_fails),
		TEST(test_model_forgets),
		TEST(test_record),
		TEST(test_seal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
