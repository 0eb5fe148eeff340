/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that writes snapshots: what it refuses, and what kills leave. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "snapshot_fixture.h"

static int
setup(void **state)
{
	struct fixture *f = malloc(sizeof *f);

	assert_non_null(f);
	fixture_make(f);
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

static size_t
files_in(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
try_write(struct fixture *f, struct signer_answer *a)
{
	struct snapshot s;

	make_state(&s, 1700000000);
	write_state(f, &s, a);
	snapshot_free(&s);
}

static void
refuses(struct fixture *f, const char *word)
{
	struct signer_answer a;

	try_write(f, &a);
	assert_int_equal(a.sequence, -1);
	if (strstr(a.text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, a.text);
}

static void
accepts(struct fixture *f, int64_t sequence)
{
	struct signer_answer a;

	try_write(f, &a);
	if (a.sequence != sequence)
		fail_msg("%lld: %s", (long long)a.sequence, a.text);
}

static void
test_chain_and_restart(void **state)
{
	struct fixture *f = *state;
	unsigned char digest[DIGEST_SIZE];
	struct signer_answer a;
	struct snapshot s;
	struct error err;

	assert_int_equal(snapshot_newest(f->dir, f->pub, &s, digest, &err), 1);
	write_chain(f, 1700000000, 3);
	assert_chain(f, 3);
	signer_begin(f);
	accepts(f, 4);
	try_write(f, &a);
	assert_int_equal(a.sequence, 5);
	assert_chain(f, 5);
	assert_int_equal(files_in(f->dir), 10);
	assert_int_equal(snapshot_newest(f->dir, f->pub, &s, digest, &err), 0);
	assert_int_equal(s.sequence, 5);
	assert_memory_equal(digest, a.digest, sizeof digest);
	snapshot_free(&s);
}

/* What the newest one says is not said again, whoever asks. */
static void
test_nothing_new(void **state)
{
	struct fixture *f = *state;
	struct signer_answer a;
	struct snapshot s;

	make_state(&s, 1700000000);
	signer_begin(f);
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 1);
	s.taken += 5;
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 1);
	assert_int_equal(signer_end(f), 0);
	signer_begin(f);
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 1);
	free(s.revision);
	s.revision = strdup("");
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 1);
	free(s.revision);
	s.revision = strdup("another");
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 2);
	free(s.jail[1].state);
	s.jail[1].state = strdup("ready");
	offer_state(f, &s, &a);
	assert_int_equal(a.sequence, 3);
	snapshot_free(&s);
	assert_chain(f, 3);
}

/* It is said as long as it is so, also when nothing new is to be written. */
static void
test_clock_goes_back(void **state)
{
	static const struct {
		int64_t taken;
		int jid;
		int sequence;
		bool said;
	} asked[] = { { 1700000100, 1, 1, false }, { 1700000000, 2, 2, true },
		{ 1700000001, 2, 2, true }, { 1700000002, 3, 3, true },
		{ 1700000003, 3, 3, true }, { 1700000100, 3, 3, false },
		{ 1700000101, 4, 4, false } };
	struct fixture *f = *state;
	struct signer_answer a;
	struct snapshot s;

	signer_begin(f);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		/* Another signer knows it from the chain. */
		if (i == 3) {
			assert_int_equal(signer_end(f), 0);
			signer_begin(f);
		}
		make_state(&s, asked[i].taken);
		s.jail[0].jid = asked[i].jid;
		offer_state(f, &s, &a);
		snapshot_free(&s);
		assert_int_equal(a.sequence, asked[i].sequence);
		if (asked[i].said)
			assert_string_equal(a.text, "the clock has gone back: "
			    "what is signed now seems older than a snapshot of "
			    "2023-11-14 22:15:00 UTC");
		else
			assert_string_equal(a.text, "");
	}
	assert_int_equal(signer_end(f), 0);
	assert_chain(f, 4);
}

/* A jail that is not understood might be missing for ever: it ends. */
static void
test_nonsense_jail(void **state)
{
	struct fixture *f = *state;
	struct message m;

	signer_begin(f);
	assert_int_equal(channel_write(f->fd, SIGNER_JAIL, 0, "xy", 2), 0);
	assert_int_equal(channel_read(f->fd, &m, NULL), 0);
	assert_int_equal(signer_end(f), 1);
}

static void
test_key_is_tried_again(void **state)
{
	struct fixture *f = *state;
	const char *away = temp_file(&f->top, "away");

	assert_int_equal(chmod(f->key, 0644), 0);
	signer_begin(f);
	refuses(f, "chmod 600");
	assert_int_equal(chmod(f->key, 0600), 0);
	assert_int_equal(rename(f->pub, away), 0);
	refuses(f, "key.pub");
	assert_int_equal(rename(away, f->pub), 0);
	accepts(f, 1);
	/* It is read once: what happens to the file later does not matter. */
	assert_int_equal(unlink(f->key), 0);
	accepts(f, 2);
	assert_chain(f, 2);
}

static void
test_keys_must_fit(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub;
	struct error err;

	assert_int_equal(unlink(f->key), 0);
	assert_int_equal(minisign_generate(f->key,
	    temp_file(&f->top, "other.pub"), &pub, &err), 0);
	signer_begin(f);
	refuses(f, "is not the public key of");
}

static void
test_bad_newest_is_not_continued(void **state)
{
	struct fixture *f = *state;
	char *path = strdup(temp_file(&f->top, "snapshots/00000002.json"));
	char *text;
	size_t len;

	write_chain(f, 1700000000, 2);
	text = temp_read(path, &len);
	text[len / 2] ^= 1;
	temp_write(path, 0644, text, len);
	signer_begin(f);
	refuses(f, "00000002.json: the signature does not fit");
	assert_int_equal(files_in(f->dir), 4);
	text[len / 2] ^= 1;
	temp_write(path, 0644, text, len);
	accepts(f, 3);
	assert_chain(f, 3);
	free(text);
	free(path);
}

static void
test_never_overwrites(void **state)
{
	struct fixture *f = *state;
	const char *next = temp_file(&f->top, "snapshots/00000002.json");

	signer_begin(f);
	accepts(f, 1);
	temp_write(next, 0644, "mine", 4);
	refuses(f, "nothing that was signed is ever replaced");
	/* Now it has looked, and finds it no better. */
	refuses(f, "00000002.json");
	unlink(next);
	accepts(f, 2);
	assert_chain(f, 2);
}

static void
test_nonsense(void **state)
{
	struct fixture *f = *state;
	struct message m;
	static const uint32_t types[] = { 0, SIGNER_WRITE, SIGNER_DONE,
		SIGNER_NOT_KEPT, 99 };

	signer_begin(f);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		assert_int_equal(channel_write(f->fd, types[i], 77, "{}", 2), 0);
		assert_int_equal(channel_read(f->fd, &m, NULL), 1);
		assert_int_equal(m.number, 77);
		assert_int_equal(
		    ((struct signer_answer *)(void *)m.data)->sequence, -1);
		free(m.data);
	}
	accepts(f, 1);
	assert_int_equal(files_in(f->dir), 2);
}

static void
test_directory_is_gone(void **state)
{
	struct fixture *f = *state;
	char *head = strdup(temp_file(&f->top, "head"));
	char *away = strdup(temp_file(&f->top, "away"));

	f->options.head = head;
	assert_int_equal(rmdir(f->dir), 0);
	signer_begin(f);
	accepts(f, 1);
	assert_int_equal(rename(f->dir, away), 0);
	refuses(f, "is gone, with what was written since the host booted");
	assert_int_equal(rename(away, f->dir), 0);
	accepts(f, 2);
	assert_int_equal(rename(f->dir, away), 0);
	assert_int_equal(unlink(head), 0);
	accepts(f, 1);
	assert_chain(f, 1);
	assert_int_equal(signer_end(f), 0);
	free(head);
	free(away);
}

static void
test_leftovers(void **state)
{
	struct fixture *f = *state;

	write_chain(f, 1700000000, 1);
	temp_write(temp_file(&f->top, "snapshots/.new-00000002.json"), 0644,
	    "half", 4);
	temp_write(temp_file(&f->top, "snapshots/00000002.json.minisig"), 0644,
	    "half", 4);
	assert_chain(f, 1);
	signer_begin(f);
	accepts(f, 2);
	assert_chain(f, 2);
	assert_int_equal(files_in(f->dir), 4);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Asks for many snapshots at once, so that the kill comes while it writes. */
static void
ask_and_kill(struct fixture *f, struct snapshot *s, long delay)
{
	const struct timespec t = { .tv_nsec = delay };
	char *revision = s->revision, another[32];
	int status;

	signer_begin(f);
	s->revision = another;
	for (int i = 0; i < 20; i++) {
		snprintf(another, sizeof another, "revision-%u", ++f->asked);
		(void)signer_send_state(f->fd, s, NULL);
	}
	s->revision = revision;
	nanosleep(&t, NULL);
	assert_int_equal(kill(f->pid, SIGKILL), 0);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	close(f->fd);
	f->fd = -1;
}

/*
 * Killed at any moment: what is there is a chain, and the next signer goes on.
 * Delays are spread evenly over the first 30 ms.
 */
static void
test_killed(void **state)
{
	struct fixture *f = *state;
	double until = now() + 3;
	struct found found;
	uint64_t *sequence;
	struct snapshot s;
	struct error err;
	size_t count;
	long i;

	make_state(&s, 1700000000);
	for (i = 0; now() < until; i++) {
		ask_and_kill(f, &s, i * 7919 % 300 * 100000);
		if (i % 8 != 0)
			continue;
		verify(f, f->dir, &found);
		if (found.rc == 1)
			fail_msg("after kill %ld: %s", i, found.text);
	}
	assert_true(i > 20);
	signer_begin(f);
	try_write(f, &(struct signer_answer){ 0 });
	assert_int_equal(signer_end(f), 0);
	snapshot_free(&s);
	f->fd = open(f->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(snapshot_sequences(f->fd, &sequence, &count, &err),
	    0);
	close(f->fd);
	f->fd = -1;
	assert_true(count > 1 && sequence[count - 1] == count);
	free(sequence);
	assert_chain(f, count);
	assert_int_equal(files_in(f->dir), 2 * count);
}

/* One that outlives its agent has done its last write before the next begins. */
static void
test_one_at_a_time(void **state)
{
	struct fixture *f = *state, next;
	struct signer_answer a;
	struct snapshot s;

	make_state(&s, 1700000000);
	signer_begin(f);
	next = *f;
	assert_int_equal(signer_send_state(f->fd, &s, NULL), 0);
	assert_int_equal(kill(f->pid, SIGSTOP), 0);
	signer_begin(&next);
	write_state(&next, &s, &a);
	assert_int_equal(kill(f->pid, SIGCONT), 0);
	assert_int_equal(a.sequence, -1);
	assert_non_null(strstr(a.text, "still writes"));
	(void)signer_end(f);
	write_state(&next, &s, &a);
	if (a.sequence < 1)
		fail_msg("%s", a.text);
	assert_int_equal(signer_end(&next), 0);
	snapshot_free(&s);
	assert_chain(f, (size_t)a.sequence);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_chain_and_restart),
		TEST(test_key_is_tried_again),
		TEST(test_keys_must_fit),
		TEST(test_bad_newest_is_not_continued),
		TEST(test_never_overwrites),
		TEST(test_nonsense),
		TEST(test_nonsense_jail),
		TEST(test_nothing_new),
		TEST(test_clock_goes_back),
		TEST(test_directory_is_gone),
		TEST(test_leftovers),
		TEST(test_one_at_a_time),
		TEST(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
