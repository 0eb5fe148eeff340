/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of the key that are cut short, or meet another signer. */
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

#include <sys/syscall.h>
#include <unistd.h>

#include "agent/sign/rotate.h"
#include "rotate_fixture.h"

/* Killed at any moment: one of both keys is in force, and all verifies. */
static void
test_killed(void **state)
{
	struct change *c = *state;
	size_t count = 0;

	/* Delays are spread evenly over 48 ms. */
	for (long i = 0; i < 24; i++) {
		const struct timespec t = { .tv_nsec = i * 7919 % 24 *
		    2000000 };
		int status;

		signer_begin(&c->f);
		(void)channel_write(c->f.fd, SIGNER_ROTATE, 1, NULL, 0);
		nanosleep(&t, NULL);
		kill(c->f.pid, SIGKILL);
		waitpid(c->f.pid, &status, 0);
		close(c->f.fd);
		c->f.fd = -1;
		write_chain(&c->f, 1700000000 + i, 1);
		assert_chain(&c->f, ++count);
		good_with(c, c->line[0], count);
		assert_int_not_equal(access(temp_file(&c->f.top, "key.next"),
		    F_OK), 0);
	}
	change_key(c);
	write_chain(&c->f, 1700000100, 1);
	public_line(c, c->line[1]);
	assert_string_not_equal(c->line[0], c->line[1]);
	good_with(c, c->line[1], count + 1);
}

/* A signer that begins while another one changes the key waits for that. */
static void
test_one_at_a_time(void **state)
{
	struct change *c = *state;
	struct fixture next;
	struct signer_answer a;
	struct snapshot s;
	struct message m;

	write_chain(&c->f, 1700000000, 1);
	signer_begin(&c->f);
	next = c->f;
	assert_int_equal(channel_write(c->f.fd, SIGNER_ROTATE, 5, NULL, 0), 0);
	assert_int_equal(kill(c->f.pid, SIGSTOP), 0);
	signer_begin(&next);
	make_state(&s, 1700000100);
	write_state(&next, &s, &a);
	assert_int_equal(kill(c->f.pid, SIGCONT), 0);
	assert_int_equal(a.sequence, -1);
	assert_non_null(strstr(a.text, "still writes"));
	assert_int_equal(channel_read(c->f.fd, &m, NULL), 1);
	assert_int_equal(m.type, SIGNER_ROTATED);
	free(m.data);
	assert_int_equal(signer_end(&c->f), 0);
	write_state(&next, &s, &a);
	assert_int_equal(a.sequence, 2);
	assert_int_equal(signer_end(&next), 0);
	snapshot_free(&s);
	public_line(c, c->line[1]);
	assert_string_not_equal(c->line[0], c->line[1]);
	good_with(c, c->line[0], 2);
	good_with(c, c->line[1], 2);
}

static int failing_sync; /* which one from now on; 0: none */
static int synced;	 /* since the latest rename */
static int before_secret = -1, before_accepted = -1;

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

int
renameat(int dir, const char *from, int other, const char *to)
{
	if (ends_with(to, "/key"))
		before_secret = synced;
	if (strcmp(to, ACCEPTED_NAME) == 0)
		before_accepted = synced;
	synced = 0;
	return (int)syscall(SYS_renameat, dir, from, other, to);
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* The C library's, but for the one that fails; also in the signer. */
int
fsync(int fd)
{
	synced++;
	if (failing_sync > 0 && --failing_sync == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

/* Whatever the disk does not take, one key goes on, in the same signer. */
static void
test_disk_fails(void **state)
{
	struct change *c = *state;
	char before[MINISIGN_PUBLIC_LINE], after[MINISIGN_PUBLIC_LINE];
	int refused = 0, written = 0;
	struct signer_answer a;
	struct snapshot s;

	for (int i = 1; i < 16; i++) {
		bool changed;

		public_line(c, before);
		failing_sync = i;
		signer_begin(&c->f);
		failing_sync = 0;
		changed = ask(c) == SIGNER_ROTATED;
		make_state(&s, 1700000000 + i);
		s.jail[0].jid = i;
		write_state(&c->f, &s, &a);
		if (a.sequence == -1) /* that was the one */
			write_state(&c->f, &s, &a);
		snapshot_free(&s);
		assert_true(a.sequence > written);
		written = (int)a.sequence;
		assert_int_equal(signer_end(&c->f), 0);
		public_line(c, after);
		if (changed)
			assert_string_not_equal(before, after);
		refused += !changed;
		good_with(c, c->line[0], (size_t)written);
		good_with(c, after, (size_t)written);
	}
	assert_in_range(refused, 4, 12);
	assert_int_equal(access(temp_file(&c->f.top, "key.next"), F_OK), -1);
}

/*
 * Without power in between, the old pair is there or the new one, and the record
 * of signed specs is whole.
 */
static void
test_forced_to_the_disk(void **state)
{
	struct change *c = *state;
	unsigned char digest[DIGEST_SIZE] = { 0 };
	struct minisign_secret *secret;
	struct error err;
	int top, dir;

	secret = minisign_secret_read(c->f.key, &err);
	top = open(c->state, O_RDONLY | O_DIRECTORY);
	dir = open(c->f.dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(accepted_write(top, secret, "", 0, &err), 0);
	assert_int_equal(rotate_key(&c->f.options, dir, secret, 0, digest,
	    &err), 0);
	synced = 0;
	if (rotate_finish(&c->f.options, dir, &err) == -1)
		fail_msg("%s", err.text);
	assert_true(before_accepted > 0);
	assert_true(before_secret > 0);
	minisign_secret_free(secret);
	close(top);
	close(dir);
}

/* Temporaries of killed ones, which may hold a key, are removed; no others. */
static void
test_temporaries(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = { { "key.0123abcd.tmp", false },
		{ "key.next.0123abcd.tmp", false },
		{ "key.pub.0123abcd.tmp", false },
		{ "key.0123abcd.tmp2", true }, { "key.123abcd.tmp", true },
		{ "kez.0123abcd.tmp", true }, { "0123abcd.tmp", true } };
	struct change *c = *state;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		temp_write(temp_file(&c->f.top, files[i].name), 0600, "x", 1);
	signer_begin(&c->f);
	assert_int_equal(signer_end(&c->f), 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if ((access(temp_file(&c->f.top, files[i].name), F_OK) == 0) !=
		    files[i].stays)
			fail_msg("%s", files[i].name);
}

static void
test_refused(void **state)
{
	struct change *c = *state;

	signer_begin(&c->f);
	/* Nothing can be written into the directory of snapshots any more. */
	assert_int_equal(rename(c->f.dir, temp_file(&c->f.top, "away")), 0);
	assert_int_equal(rmdir(temp_file(&c->f.top, "away")), 0);
	temp_write(c->f.dir, 0600, "x", 1);
	assert_int_equal(ask(c), SIGNER_NOT_ROTATED);
	assert_int_equal(signer_end(&c->f), 0);
	public_line(c, c->line[1]);
	assert_string_equal(c->line[0], c->line[1]);
	assert_int_equal(unlink(c->f.dir), 0);
	write_chain(&c->f, 1700000000, 1);
	good_with(c, c->line[0], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_killed),
		TEST(test_one_at_a_time),
		TEST(test_disk_fails),
		TEST(test_forced_to_the_disk),
		TEST(test_temporaries),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
