/* SPDX-License-Identifier: BSD-2-Clause */
/* Other keys for the same history, also when the change is cut short. */
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

#include "agent/sign/accepted.h"
#include "agent/sign/kept.h"
#include "agent/sign/rotate.h"
#include "snapshot_fixture.h"

struct change {
	struct fixture f;
	char *good, *state, *accepted;
	char line[4][MINISIGN_PUBLIC_LINE]; /* of each key */
};

static void
public_line(const struct change *c, char line[MINISIGN_PUBLIC_LINE])
{
	struct minisign_public pub;
	struct error err;

	assert_int_equal(minisign_public_read(c->f.pub, &pub, &err), 0);
	minisign_public_line(&pub, line);
}

static int
setup(void **state)
{
	struct change *c = calloc(1, sizeof *c);

	assert_non_null(c);
	fixture_make(&c->f);
	c->good = strdup(temp_file(&c->f.top, "good"));
	c->state = strdup(c->f.top.path);
	c->accepted = strdup(temp_file(&c->f.top, ACCEPTED_NAME));
	assert_int_equal(mkdir(c->good, 0700), 0);
	c->f.options.good = c->good;
	c->f.options.state = c->state;
	public_line(c, c->line[0]);
	*state = c;
	return 0;
}

static int
teardown(void **state)
{
	struct change *c = *state;

	fixture_free(&c->f);
	free(c->good);
	free(c->state);
	free(c->accepted);
	free(c);
	return 0;
}

/* Asks for another key; returns the message's type. */
static uint32_t
ask(struct change *c)
{
	struct message m;
	uint32_t type;

	assert_int_equal(channel_write(c->f.fd, SIGNER_ROTATE, 5, NULL, 0), 0);
	assert_int_equal(channel_read(c->f.fd, &m, NULL), 1);
	type = m.type;
	free(m.data);
	return type;
}

static void
change_key(struct change *c)
{
	signer_begin(&c->f);
	assert_int_equal(ask(c), SIGNER_ROTATED);
	assert_int_equal(signer_end(&c->f), 0);
}

static void
good_with(struct change *c, const char *line, size_t count)
{
	char *pub = c->f.pub;
	char copy[MINISIGN_PUBLIC_LINE];

	memcpy(copy, line, sizeof copy);
	c->f.pub = copy;
	assert_chain(&c->f, count);
	c->f.pub = pub;
}

static void
finds_with(struct change *c, const char *line, size_t count,
    const char *const *lines)
{
	char *pub = c->f.pub;
	char copy[MINISIGN_PUBLIC_LINE];

	memcpy(copy, line, sizeof copy);
	c->f.pub = copy;
	finds(&c->f, count, lines);
	c->f.pub = pub;
}

/* Three keys, two snapshots by each. */
static void
make_history(struct change *c)
{
	for (int i = 0; i < 3; i++) {
		write_chain(&c->f, 1700000000 + i, 2);
		if (i < 2)
			change_key(c);
		public_line(c, c->line[i + 1]);
	}
}

static void
test_every_key_verifies(void **state)
{
	struct change *c = *state;

	make_history(c);
	assert_string_not_equal(c->line[0], c->line[1]);
	assert_string_not_equal(c->line[1], c->line[2]);
	good_with(c, c->line[0], 6);
	good_with(c, c->line[1], 6);
	good_with(c, c->line[2], 6);
	/* Old ones are dropped with anchors by newer keys. */
	c->f.options.keep = 3;
	write_chain(&c->f, 1700000100, 1);
	good_with(c, c->line[0], 3);
	good_with(c, c->line[2], 3);
}

static void
test_before_the_first(void **state)
{
	struct change *c = *state;

	change_key(c);
	change_key(c);
	write_chain(&c->f, 1700000000, 2);
	good_with(c, c->line[0], 2);
}

/* One signer writes on with the new key. */
static void
test_goes_on(void **state)
{
	struct change *c = *state;
	struct signer_answer a;
	struct snapshot s;

	signer_begin(&c->f);
	for (int i = 0; i < 3; i++) {
		make_state(&s, 1700000000 + i);
		write_state(&c->f, &s, &a);
		assert_int_equal(a.sequence, i + 1);
		snapshot_free(&s);
		assert_int_equal(ask(c), SIGNER_ROTATED);
	}
	assert_int_equal(signer_end(&c->f), 0);
	good_with(c, c->line[0], 3);
}

static const char *
in_dir(const struct change *c, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "snapshots/%s", name);
	return temp_file(&c->f.top, path);
}

static void
sign_again(struct change *c, const char *name, const char *key)
{
	struct error err;
	struct minisign_secret *secret = minisign_secret_read(key, &err);
	char *json, *comment, *sig, file[64];
	size_t len;

	assert_non_null(secret);
	json = temp_read(in_dir(c, name), &len);
	comment = snapshot_comment(json, len, &err);
	sig = minisign_sign(secret, json, len, comment, &err);
	snprintf(file, sizeof file, "%s.minisig", name);
	temp_write(in_dir(c, file), 0644, sig, strlen(sig));
	free(sig);
	free(comment);
	free(json);
	minisign_secret_free(secret);
}

/* A key that was replaced signs nothing newer, nor a new one older ones. */
static void
test_key_out_of_time(void **state)
{
	struct change *c = *state;
	const char *old = temp_file(&c->f.top, "old");
	size_t len;
	char *text = temp_read(c->f.key, &len);

	temp_write(old, 0600, text, len);
	free(text);
	make_history(c);
	sign_again(c, "00000004.json", old);
	finds_with(c, c->line[2], 5, (const char *const[]){
	    "00000004.json: was signed with ", NULL });
	sign_again(c, "00000004.json", c->f.key);
	sign_again(c, "00000001.json", c->f.key);
	finds_with(c, c->line[2], 4, (const char *const[]){
	    "00000001.json: was signed with ",
	    "00000004.json: was signed with ", NULL });
}

/* Statements can be neither changed nor taken away nor made by others. */
static void
test_statements_are_attacked(void **state)
{
	static const char *const files[] = { "00000001.key",
		"00000001.key.minisig", "00000001.key.by-new" };
	struct change *c = *state;

	make_history(c);
	for (size_t i = 0; i < 3; i++) {
		struct found found;
		size_t len;
		char *text = temp_read(in_dir(c, files[i]), &len);

		text[len - 20] ^= 1;
		temp_write(in_dir(c, files[i]), 0644, text, len);
		verify(&c->f, c->f.dir, &found);
		assert_int_equal(found.rc, 1);
		assert_int_equal(strncmp(found.text, "00000001.key: ", 14), 0);
		text[len - 20] ^= 1;
		temp_write(in_dir(c, files[i]), 0644, text, len);
		free(text);
	}
	good_with(c, c->line[1], 6);
	temp_write(in_dir(c, "00200000.key"), 0644, "", 0);
	finds_with(c, c->line[2], 2, (const char *const[]){
	    "00000003.key: cannot be opened",
	    "00000001.json: was signed by another key",
	    "00000002.json: was signed by another key",
	    "00000003.json: was signed by another key",
	    "00000004.json: was signed by another key", NULL });
	assert_int_equal(unlink(in_dir(c, "00200000.key")), 0);
	assert_int_equal(unlink(in_dir(c, "00000002.key")), 0);
	finds_with(c, c->line[0], 4, (const char *const[]){
	    "00000005.json: was signed by another key",
	    "00000006.json: was signed by another key", NULL });
	assert_int_equal(unlink(in_dir(c, "00000001.key")), 0);
	finds_with(c, c->line[1], 2, (const char *const[]){
	    "00000001.json: was signed by another key",
	    "00000002.json: was signed by another key",
	    "00000005.json: was signed by another key",
	    "00000006.json: was signed by another key", NULL });
}

static const char *const first[2] = { "00000001.json",
	"00000001.json.minisig" };

/* The one behind which the key was changed is another one. */
static void
test_other_history(void **state)
{
	struct change *c = *state;
	char *text[2];
	size_t len[2];

	write_chain(&c->f, 1700000000, 1);
	for (int i = 0; i < 2; i++) {
		text[i] = temp_read(in_dir(c, first[i]), &len[i]);
		assert_int_equal(unlink(in_dir(c, first[i])), 0);
	}
	write_chain(&c->f, 1800000000, 1);
	change_key(c);
	good_with(c, c->line[0], 1);
	for (int i = 0; i < 2; i++) {
		temp_write(in_dir(c, first[i]), 0644, text[i], len[i]);
		free(text[i]);
	}
	finds_with(c, c->line[0], 1, (const char *const[]){
	    "00000001.json: is another one than the one behind", NULL });
}

static void
goes_not_on(struct change *c, const char *word)
{
	unsigned char digest[DIGEST_SIZE];
	struct signer_answer a;
	struct snapshot s;
	struct error err;

	signer_begin(&c->f);
	make_state(&s, 1700000100);
	write_state(&c->f, &s, &a);
	snapshot_free(&s);
	assert_int_equal(signer_end(&c->f), 0);
	assert_int_equal(a.sequence, -1);
	if (strstr(a.text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, a.text);
	assert_int_equal(snapshot_newest(c->f.dir, c->f.pub, &s, digest, &err),
	    -1);
	if (strstr(err.text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, err.text);
}

/* An end that was cut off below a change of the key: that says what was there. */
static void
test_cut_below_the_change(void **state)
{
	struct change *c = *state;
	struct found found;

	write_chain(&c->f, 1700000000, 2);
	change_key(c);
	good_with(c, c->line[0], 2);
	assert_int_equal(unlink(in_dir(c, "00000002.json")), 0);
	assert_int_equal(unlink(in_dir(c, "00000002.json.minisig")), 0);
	finds_with(c, c->line[0], 1, (const char *const[]){
	    "00000002.json: is missing: the key was changed behind it", NULL });
	goes_not_on(c, "number 2, but number 1 is the newest");
	for (int i = 0; i < 2; i++)
		assert_int_equal(unlink(in_dir(c, first[i])), 0);
	verify(&c->f, c->f.dir, &found);
	assert_int_equal(found.rc, -1);
	goes_not_on(c, "number 2, but number 0 is the newest");
}

static void
test_sealed_texts(void **state)
{
	static const char text[] = "name: web\n";
	struct change *c = *state;
	struct minisign_secret *secret;
	struct accepted a = { 0 };
	struct error err;
	size_t len;
	char *record, *kept;
	int good, top;

	secret = minisign_secret_read(c->f.key, &err);
	good = open(c->good, O_RDONLY | O_DIRECTORY);
	top = open(c->state, O_RDONLY | O_DIRECTORY);
	assert_int_equal(kept_write(good, secret, "/specs/web.yaml", text,
	    strlen(text), &err), 0);
	assert_int_equal(accepted_set(&a, "/specs/web.yaml", 7,
	    (const unsigned char[ACCEPTED_DIGEST]){ 1 }), 0);
	record = accepted_text(&a, &len, &err);
	assert_int_equal(accepted_write(top, secret, record, len, &err), 0);
	free(record);
	accepted_free(&a);
	change_key(c);
	assert_int_equal(kept_read(c->good, c->f.pub, "/specs/web.yaml", &kept,
	    &len, &err), 0);
	assert_string_equal(kept, text);
	free(kept);
	assert_int_equal(accepted_read(c->accepted, c->f.pub, &a, &err), 0);
	assert_int_equal(a.entry[0].number, 7);
	accepted_free(&a);
	minisign_secret_free(secret);
	close(good);
	close(top);
}

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
	assert_int_equal(a.sequence, -1);
	assert_non_null(strstr(a.text, "still writes"));
	assert_int_equal(kill(c->f.pid, SIGCONT), 0);
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
	assert_int_equal(ask(c), SIGNER_NOT_ROTATED);
	assert_int_equal(signer_end(&c->f), 0);
	public_line(c, c->line[1]);
	assert_string_equal(c->line[0], c->line[1]);
	assert_int_equal(mkdir(c->f.dir, 0755), 0);
	write_chain(&c->f, 1700000000, 1);
	good_with(c, c->line[0], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_key_verifies),
		TEST(test_before_the_first),
		TEST(test_goes_on),
		TEST(test_key_out_of_time),
		TEST(test_statements_are_attacked),
		TEST(test_other_history),
		TEST(test_cut_below_the_change),
		TEST(test_sealed_texts),
		TEST(test_killed),
		TEST(test_one_at_a_time),
		TEST(test_disk_fails),
		TEST(test_forced_to_the_disk),
		TEST(test_temporaries),
		TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
