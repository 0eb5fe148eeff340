/* SPDX-License-Identifier: BSD-2-Clause */
/* What verifying a directory finds: each way to tamper with a history. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "snapshot_fixture.h"

#define COUNT 5

/* DIR/snapshots/NNNNNNNN.json, with or without .minisig */
static const char *
file(const struct fixture *f, int number, bool signature)
{
	char name[64];

	snprintf(name, sizeof name, "snapshots/%08d.json%s", number,
	    signature ? ".minisig" : "");
	return temp_file(&f->top, name);
}

static void
move(const struct fixture *f, int from, int to)
{
	assert_int_equal(rename(file(f, from, false), file(f, to, false)), 0);
	assert_int_equal(rename(file(f, from, true), file(f, to, true)), 0);
}

/* Out of the directory, and back. */
static void
aside(const struct fixture *f, int number, bool back)
{
	char name[64];

	for (int signature = 0; signature < 2; signature++) {
		const char *here = file(f, number, signature), *there;

		snprintf(name, sizeof name, "aside-%d-%d", number, signature);
		there = temp_file(&f->top, name);
		assert_int_equal(back ? rename(there, here) :
		    rename(here, there), 0);
	}
}

static void
drop(const struct fixture *f, int number)
{
	assert_int_equal(unlink(file(f, number, false)), 0);
	assert_int_equal(unlink(file(f, number, true)), 0);
}

static int
setup(void **state)
{
	struct fixture *f = malloc(sizeof *f);

	assert_non_null(f);
	fixture_make(f);
	write_chain(f, 1700000000, COUNT);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

static void
test_good(void **state)
{
	struct fixture *f = *state;
	struct found found;

	verify(f, f->dir, &found);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.verified, COUNT);
	verify(f, file(f, 3, false), &found);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.verified, 1);
}

static void
test_missing(void **state)
{
	struct fixture *f = *state;

	drop(f, 3);
	FINDS(f, 4, "00000003.json: is missing");
	drop(f, 2);
	FINDS(f, 3, "00000002.json: is missing, as are all up to number 3");
	drop(f, 1);
	FINDS(f, 2, "00000001.json: is missing, as are all up to number 3");
}

static void
test_nothing_left(void **state)
{
	struct fixture *f = *state;
	struct found found;

	for (int i = 1; i <= COUNT; i++)
		drop(f, i);
	verify(f, f->dir, &found);
	assert_int_equal(found.rc, -1);
	assert_non_null(strstr(found.text, "has no snapshot"));
	verify(f, file(f, 1, false), &found);
	assert_int_equal(found.rc, -1);
}

static void
test_signature_missing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink(file(f, 2, true)), 0);
	FINDS(f, 4, "00000002.json: its signature 00000002.json.minisig: "
	    "cannot be opened");
}

/* Both files of two snapshots changed places. */
static void
test_reordered(void **state)
{
	struct fixture *f = *state;

	move(f, 2, 99);
	move(f, 3, 2);
	move(f, 99, 3);
	FINDS(f, 2, "00000002.json: it is number 3 under",
	    "00000003.json: it is number 2 under",
	    "00000004.json: does not continue 00000003.json");
}

/* The later ones were renamed to close a gap. */
static void
test_gap_closed(void **state)
{
	struct fixture *f = *state;

	drop(f, 3);
	move(f, 4, 3);
	move(f, 5, 4);
	FINDS(f, 2, "00000003.json: it is number 4 under",
	    "00000004.json: it is number 5 under");
}

static void
test_signatures_swapped(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rename(file(f, 2, true), file(f, 99, true)), 0);
	assert_int_equal(rename(file(f, 3, true), file(f, 2, true)), 0);
	assert_int_equal(rename(file(f, 99, true), file(f, 3, true)), 0);
	FINDS(f, 3, "00000002.json: the signature does not fit",
	    "00000003.json: the signature does not fit");
}

/*
 * Two histories by one key, as after a restored backup: each is a chain, a
 * mixture is none.
 */
static void
test_forked(void **state)
{
	struct fixture *f = *state;
	struct found found;

	aside(f, 4, false);
	aside(f, 5, false);
	write_chain(f, 1800000000, 1);
	verify(f, f->dir, &found);
	assert_int_equal(found.rc, 0);
	assert_int_equal(found.verified, 4);
	aside(f, 5, true);
	FINDS(f, 4, "00000005.json: does not continue 00000004.json");
}

/* The same, in the middle. */
static void
test_spliced(void **state)
{
	struct fixture *f = *state;

	for (int i = 3; i <= COUNT; i++)
		aside(f, i, false);
	write_chain(f, 1800000000, 1);
	aside(f, 4, true);
	aside(f, 5, true);
	FINDS(f, 4, "00000004.json: does not continue 00000003.json");
}

/* A whole new history under the first one's numbers, begun in the middle. */
static void
test_first_has_predecessor(void **state)
{
	struct fixture *f = *state;
	struct minisign_secret *secret;
	struct error err;
	char *json, *first, *sig, *comment;
	struct snapshot s;
	size_t len, first_len;

	secret = minisign_secret_read(f->key, &err);
	assert_non_null(secret);
	json = temp_read(file(f, 1, false), &len);
	assert_int_equal(snapshot_decode(json, len, &s, &err), 0);
	memset(s.previous, 'a', sizeof s.previous - 1);
	first = snapshot_encode(&s, &first_len, &err);
	snapshot_free(&s);
	comment = snapshot_comment(first, first_len, &err);
	sig = minisign_sign(secret, first, first_len, comment, &err);
	temp_write(file(f, 1, false), 0644, first, first_len);
	temp_write(file(f, 1, true), 0644, sig, strlen(sig));
	FINDS(f, 3, "00000001.json: is the first one, but names one before",
	    "00000002.json: does not continue 00000001.json");
	free(json);
	free(first);
	free(comment);
	free(sig);
	minisign_secret_free(secret);
}

static void
test_other_key(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub;
	struct found found;
	struct error err;

	assert_int_equal(unlink(f->pub), 0);
	assert_int_equal(unlink(f->key), 0);
	assert_int_equal(minisign_generate(f->key, f->pub, &pub, &err), 0);
	verify(f, f->dir, &found);
	assert_int_equal(found.rc, 1);
	assert_int_equal(found.verified, 0);
	assert_non_null(strstr(found.text, "signed by another key"));
	assert_int_equal(unlink(f->pub), 0);
	verify(f, f->dir, &found);
	assert_int_equal(found.rc, -1);
}

/* Every byte of the file, and of the signature behind its first line. */
static void
test_every_byte(void **state)
{
	struct fixture *f = *state;
	struct found found;
	size_t len, i, start = 0;
	char *text, *path;

	for (int signature = 0; signature < 2; signature++) {
		path = strdup(file(f, 4, signature));
		text = temp_read(path, &len);
		if (signature)
			start = (size_t)(strchr(text, '\n') - text);
		for (i = start; i < len; i++) {
			text[i] ^= (char)(1 << (i * 7 % 8));
			temp_write(path, 0644, text, len);
			verify(f, file(f, 4, false), &found);
			if (found.rc != 1)
				fail_msg("byte %zu of %s", i, path);
			text[i] ^= (char)(1 << (i * 7 % 8));
		}
		temp_write(path, 0644, text, len);
		free(text);
		free(path);
	}
	verify(f, f->dir, &found);
	assert_int_equal(found.rc, 0);
}

/* A carriage return is only a part of the end of a line. */
static void
test_last_newline(void **state)
{
	struct fixture *f = *state;
	struct found found;
	size_t len;
	char *text = temp_read(file(f, 4, true), &len);

	text[len - 1] = '\r';
	temp_write(file(f, 4, true), 0644, text, len);
	verify(f, file(f, 4, false), &found);
	assert_int_equal(found.rc, 1);
	free(text);
}

/* Signed by the right key, but with another file's or a made-up comment. */
static void
test_comment_of_another(void **state)
{
	struct fixture *f = *state;
	struct minisign_secret *secret;
	struct error err;
	char *json, *sig;
	size_t len;

	secret = minisign_secret_read(f->key, &err);
	assert_non_null(secret);
	json = temp_read(file(f, 2, false), &len);
	sig = minisign_sign(secret, json, len, "timestamp:1700000001 seq:2 "
	    "prev:00 host:other", &err);
	temp_write(file(f, 2, true), 0644, sig, strlen(sig));
	FINDS(f, 4, "00000002.json: its trusted comment is \"timestamp:");
	free(sig);
	sig = minisign_sign(secret, "{}", 2, "x", &err);
	temp_write(file(f, 2, false), 0644, "{}", 2);
	temp_write(file(f, 2, true), 0644, sig, strlen(sig));
	FINDS(f, 3, "00000002.json: its format is not",
	    "00000003.json: does not continue 00000002.json");
	free(sig);
	free(json);
	minisign_secret_free(secret);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_missing),
		TEST(test_nothing_left),
		TEST(test_signature_missing),
		TEST(test_reordered),
		TEST(test_gap_closed),
		TEST(test_signatures_swapped),
		TEST(test_forked),
		TEST(test_spliced),
		TEST(test_first_has_predecessor),
		TEST(test_other_key),
		TEST(test_every_byte),
		TEST(test_last_newline),
		TEST(test_comment_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
