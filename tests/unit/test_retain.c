/* SPDX-License-Identifier: BSD-2-Clause */
/* Old snapshots are dropped; an anchor keeps the chain whole. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/sign/keychain.h"
#include "agent/sign/statement.h"
#include "snapshot_fixture.h"

#define KEEP 3

/* Something that happens before a file, or the list of them, is read. */
static struct {
	struct fixture *fixture;
	void (*deed)(struct fixture *f);
	int files; /* it comes before the last of so many; 0: it does not */
} meanwhile;

/* In the place of the C library's. */
int
openat(int dir, const char *name, int flags, ...)
{
	va_list ap;
	unsigned mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, unsigned) : 0;
	va_end(ap);
	if (meanwhile.files > 0 && --meanwhile.files == 0)
		meanwhile.deed(meanwhile.fixture);
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

static int
setup(void **state)
{
	struct fixture *f = malloc(sizeof *f);

	assert_non_null(f);
	fixture_make(f);
	f->options.keep = KEEP;
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

static const char *
in_dir(const struct fixture *f, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "snapshots/%s", name);
	return temp_file(&f->top, path);
}

static bool
there(const struct fixture *f, const char *name)
{
	return access(in_dir(f, name), F_OK) == 0;
}

static void
take_away(const struct fixture *f, const char *name)
{
	assert_int_equal(unlink(in_dir(f, name)), 0);
}

/* A file and its signature, from one directory to another. */
static void
copy(const struct fixture *f, const char *from, const char *to,
    const char *name)
{
	static const char *const ends[] = { "", MINISIGN_SUFFIX };

	for (int i = 0; i < 2; i++) {
		char a[128], b[128], *text;
		size_t len;

		snprintf(a, sizeof a, "%s/%s%s", from, name, ends[i]);
		snprintf(b, sizeof b, "%s/%s%s", to, name, ends[i]);
		text = temp_read(temp_file(&f->top, a), &len);
		temp_write(temp_file(&f->top, b), 0644, text, len);
		free(text);
	}
}

static void
make_backup(const struct fixture *f, int first, int last)
{
	char name[SNAPSHOT_NAME_MAX];

	assert_int_equal(mkdir(temp_file(&f->top, "backup"), 0755), 0);
	for (int i = first; i <= last; i++)
		copy(f, "snapshots", "backup",
		    snapshot_name((uint64_t)i, name));
}

static void
test_keeps_so_many(void **state)
{
	struct fixture *f = *state;

	write_chain(f, 1700000000, KEEP);
	assert_chain(f, KEEP);
	assert_true(there(f, "00000001.json"));
	write_chain(f, 1700000100, 1);
	assert_chain(f, KEEP);
	assert_false(there(f, "00000001.json"));
	assert_false(there(f, "00000001.json.minisig"));
	assert_true(there(f, "00000001.anchor"));
	write_chain(f, 1700000200, 5);
	assert_chain(f, KEEP);
	assert_true(there(f, "00000006.anchor"));
	assert_false(there(f, "00000001.anchor"));
	assert_true(there(f, "00000007.json"));
	assert_true(there(f, "00000009.json"));
}

/* The anchor says what the first one that is left says. */
static void
test_anchor_says(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub;
	char file[SNAPSHOT_NAME_MAX];
	struct keychain keys;
	struct statement s;
	struct snapshot next;
	unsigned char digest[DIGEST_SIZE];
	struct error err;
	bool readable;
	int dir;

	write_chain(f, 1700000000, KEEP + 2);
	dir = open(f->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(minisign_public_read(f->pub, &pub, &err), 0);
	assert_int_equal(keychain_load(dir, &pub, &keys, file, &err), 0);
	assert_int_equal(keychain_anchor(&keys, dir, 2, &s, &err), 0);
	assert_int_equal(snapshot_load(dir, "00000003.json", &keys, &next,
	    digest, &readable, &err), 0);
	assert_string_equal(s.previous, next.previous);
	assert_string_equal(s.host, "host.example.org");
	snapshot_free(&next);
	statement_free(&s);
	keychain_free(&keys);
	close(dir);
}

/* More go once the rule is stricter; none come back. */
static void
test_rule_changes(void **state)
{
	struct fixture *f = *state;

	f->options.keep = 0;
	write_chain(f, 1700000000, 6);
	assert_chain(f, 6);
	f->options.keep = 2;
	write_chain(f, 1700000100, 1);
	assert_chain(f, 2);
	f->options.keep = 0;
	write_chain(f, 1700000200, 4);
	assert_chain(f, 6);
	assert_true(there(f, "00000005.anchor"));
}

/* Killed between the anchor and the last of those it stands for. */
static void
test_drop_cut_short(void **state)
{
	struct fixture *f = *state;

	f->options.keep = 0;
	write_chain(f, 1700000000, 4);
	make_backup(f, 1, 4);
	f->options.keep = 2;
	write_chain(f, 1700000100, 1);
	assert_chain(f, 2);
	copy(f, "backup", "snapshots", "00000003.json");
	assert_chain(f, 3);
	/* That one could be anybody's who has an old key: it does not count. */
	copy(f, "backup", "snapshots", "00000001.json");
	assert_chain(f, 3);
	copy(f, "backup", "snapshots", "00000002.json");
	assert_chain(f, 5);
	assert_int_equal(unlink(in_dir(f, "00000002.json")), 0);
	write_chain(f, 1700000200, 1);
	assert_false(there(f, "00000001.json"));
	assert_false(there(f, "00000003.json"));
	assert_chain(f, 2);
}

static void
test_missing_behind_the_anchor(void **state)
{
	struct fixture *f = *state;

	write_chain(f, 1700000000, KEEP + 2);
	take_away(f, "00000003.json");
	FINDS(f, 2, "00000003.json: is missing");
	take_away(f, "00000004.json");
	FINDS(f, 1, "00000003.json: is missing, as are all up to number 4");
}

/* What the anchor stands for is put back, the rest is taken away. */
static void
test_all_behind_the_anchor_gone(void **state)
{
	struct fixture *f = *state;

	write_chain(f, 1700000000, 2);
	make_backup(f, 1, 1);
	write_chain(f, 1700000100, KEEP - 1);
	copy(f, "backup", "snapshots", "00000001.json");
	assert_chain(f, KEEP + 1);
	take_away(f, "00000002.json");
	take_away(f, "00000003.json");
	take_away(f, "00000004.json");
	FINDS(f, 1, "00000002.json: is missing: not all");
}

/* An anchor can neither be changed, nor put back, nor be of another number. */
static void
test_anchor_is_attacked(void **state)
{
	struct fixture *f = *state;
	char *text;
	size_t len;

	write_chain(f, 1700000000, KEEP + 1);
	assert_int_equal(mkdir(temp_file(&f->top, "backup"), 0755), 0);
	copy(f, "snapshots", "backup", "00000001.anchor");
	write_chain(f, 1700000100, 1);
	assert_chain(f, KEEP);

	assert_int_equal(rename(in_dir(f, "00000002.anchor"),
	    in_dir(f, "00000004.anchor")), 0);
	assert_int_equal(rename(in_dir(f, "00000002.anchor.minisig"),
	    in_dir(f, "00000004.anchor.minisig")), 0);
	FINDS(f, 3, "00000004.anchor: it is of number 2 under another's",
	    "00000001.json: is missing, as are all up to number 2");
	take_away(f, "00000004.anchor");
	FINDS(f, 3, "00000001.json: is missing, as are all up to number 2");
	copy(f, "backup", "snapshots", "00000001.anchor");
	FINDS(f, 3, "00000002.json: is missing");
	text = temp_read(in_dir(f, "00000001.anchor"), &len);
	text[len / 2] ^= 1;
	temp_write(in_dir(f, "00000001.anchor"), 0644, text, len);
	free(text);
	FINDS(f, 3, "00000001.anchor: the signature does not fit",
	    "00000001.json: is missing, as are all up to number 2");
}

/* What the anchor stands for is another one than it says. */
static void
test_another_history(void **state)
{
	struct fixture *f = *state;
	struct temp_dir other;
	char dir[PATH_MAX], *ours = f->dir;

	temp_dir_make(&other);
	snprintf(dir, sizeof dir, "%s", other.path);
	f->dir = dir;
	f->options.dir = dir;
	f->options.keep = 0;
	write_chain(f, 1800000000, 1);
	f->dir = ours;
	f->options.dir = ours;
	f->options.keep = KEEP;
	write_chain(f, 1700000000, KEEP + 1);
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "00000001.json" :
		    "00000001.json.minisig";
		size_t len;
		char *text = temp_read(temp_file(&other, name), &len);

		temp_write(in_dir(f, name), 0644, text, len);
		free(text);
	}
	FINDS(f, KEEP + 1, "00000001.json: is another one than the anchor");
	temp_dir_remove(&other);
}

/* Whoever took all away does not get a new beginning from the signer. */
static void
test_no_new_beginning(void **state)
{
	struct fixture *f = *state;
	unsigned char digest[DIGEST_SIZE];
	struct signer_answer a;
	struct snapshot s;
	struct error err;

	write_chain(f, 1700000000, KEEP + 1);
	for (int i = 2; i <= 4; i++) {
		char name[SNAPSHOT_NAME_MAX];

		take_away(f, snapshot_name((uint64_t)i, name));
	}
	signer_begin(f);
	make_state(&s, 1700000100);
	write_state(f, &s, &a);
	snapshot_free(&s);
	assert_int_equal(a.sequence, -1);
	assert_non_null(strstr(a.text, "there were more than are there"));
	assert_int_equal(snapshot_newest(f->dir, f->pub, &s, digest, &err), -1);
	assert_non_null(strstr(err.text, "00000001.anchor says that there"));
}

static void
drop(struct fixture *f)
{
	struct signer_answer a;
	struct snapshot s;

	make_state(&s, 1700000100);
	write_state(f, &s, &a);
	snapshot_free(&s);
	assert_true(a.sequence > 0);
}

static void
change_key(struct fixture *f)
{
	struct message m;

	assert_int_equal(channel_write(f->fd, SIGNER_ROTATE, 0, NULL, 0), 0);
	assert_int_equal(channel_read(f->fd, &m, NULL), 1);
	assert_int_equal(m.type, SIGNER_ROTATED);
	free(m.data);
}

static void
change_key_and_drop(struct fixture *f)
{
	change_key(f);
	drop(f);
}

/* Whether all is good when that is done before the file of that number. */
static bool
good_meanwhile(struct fixture *f, void (*deed)(struct fixture *f), int before)
{
	struct found found;
	bool done;

	f->options.keep = 1;
	write_chain(f, 1700000000, 1);
	signer_begin(f);
	meanwhile.fixture = f;
	meanwhile.deed = deed;
	meanwhile.files = before;
	verify(f, f->dir, &found);
	done = meanwhile.files <= 0;
	meanwhile.files = 0;
	assert_int_equal(signer_end(f), 0);
	if (found.rc != 0)
		fail_msg("before file %d: %s", before, found.text);
	return done;
}

/* An agent that drops old ones or changes its key meanwhile is no attack. */
static void
test_verify_beside_a_signer(void **state)
{
	static void (*const deeds[])(struct fixture *f) = { drop,
		change_key_and_drop };
	struct fixture *f = *state;
	bool done = true;

	for (size_t i = 0; i < 2; i++, done = true)
		for (int before = 1; done; before++) {
			done = good_meanwhile(f, deeds[i], before);
			assert_true(done || before > 8);
			fixture_free(f);
			fixture_make(f);
		}
}

static void
test_anchor_of_another_host(void **state)
{
	struct fixture *f = *state;

	write_chain(f, 1700000000, KEEP + 1);
	f->host = "other";
	FINDS(f, KEEP, "00000001.anchor: is of host host.example.org, not of "
	    "other", "00000002.json: is of host", "00000003.json: is of host",
	    "00000004.json: is of host");
}

/* What cannot be removed is told, and removed once it can be. */
static void
test_one_cannot_go(void **state)
{
	struct fixture *f = *state;
	struct signer_answer a;
	struct snapshot s;

	write_chain(f, 1700000000, KEEP);
	take_away(f, "00000001.json");
	assert_int_equal(mkdir(in_dir(f, "00000001.json"), 0755), 0);
	for (int i = 1; i <= 3; i++) {
		/* Another signer is no reason to be silent. */
		if (i != 2)
			signer_begin(f);
		make_state(&s, 1700000100 + i);
		write_state(f, &s, &a);
		snapshot_free(&s);
		assert_int_equal(a.sequence, KEEP + i);
		assert_non_null(strstr(a.text,
		    "old snapshots are not dropped: 00000001.json: "));
		assert_false(there(f, "00000001.json.minisig"));
		if (i != 1)
			assert_int_equal(signer_end(f), 0);
	}
	assert_int_equal(rmdir(in_dir(f, "00000001.json")), 0);
	write_chain(f, 1700000200, 1);
	assert_chain(f, KEEP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keeps_so_many),
		TEST(test_anchor_says),
		TEST(test_rule_changes),
		TEST(test_drop_cut_short),
		TEST(test_missing_behind_the_anchor),
		TEST(test_all_behind_the_anchor_gone),
		TEST(test_anchor_is_attacked),
		TEST(test_another_history),
		TEST(test_no_new_beginning),
		TEST(test_verify_beside_a_signer),
		TEST(test_anchor_of_another_host),
		TEST(test_one_cannot_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
