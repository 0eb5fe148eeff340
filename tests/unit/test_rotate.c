/* SPDX-License-Identifier: BSD-2-Clause */
/* Other keys for the same history, and what is done to them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/sign/kept.h"
#include "rotate_fixture.h"

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
copy_file(const char *from, const char *to)
{
	size_t len;
	char *text = temp_read(from, &len);

	temp_write(to, 0600, text, len);
	free(text);
}

/* Another pair has the place of the one that is in force. */
static void
refuses_pair(struct change *c, const char *key, const char *pub)
{
	const struct signer_options own = c->f.options;
	struct signer_answer a;
	struct snapshot s;
	char to[256];

	snprintf(to, sizeof to, "/%s: the key was changed to %s (", key,
	    c->line[1]);
	c->f.options.key = temp_file(&c->f.top, key);
	c->f.options.public_key = temp_file(&c->f.top, pub);
	signer_begin(&c->f);
	make_state(&s, 1700000100);
	write_state(&c->f, &s, &a);
	snapshot_free(&s);
	assert_int_equal(ask(c), SIGNER_NOT_ROTATED);
	assert_int_equal(signer_end(&c->f), 0);
	c->f.options = own;
	assert_int_equal(a.sequence, -1);
	if (strstr(a.text, to) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", to, a.text);
	assert_int_equal(access(in_dir(c, "00000002.key"), F_OK), -1);
}

/* The right pair comes back while a signer runs: nothing was broken. */
static void
comes_back(struct change *c, const char *key, const char *pub)
{
	const struct signer_options own = c->f.options;
	struct signer_answer a;
	struct snapshot s;

	c->f.options.key = temp_file(&c->f.top, key);
	c->f.options.public_key = temp_file(&c->f.top, pub);
	signer_begin(&c->f);
	make_state(&s, 1700000200);
	write_state(&c->f, &s, &a);
	assert_int_equal(a.sequence, -1);
	copy_file(own.key, c->f.options.key);
	copy_file(own.public_key, c->f.options.public_key);
	s.jail[0].jid = 7;
	write_state(&c->f, &s, &a);
	assert_int_equal(a.sequence, 3);
	snapshot_free(&s);
	assert_int_equal(signer_end(&c->f), 0);
	c->f.options = own;
}

/* A backup brings the pair back that was replaced, or there is a third one. */
static void
test_other_pair_goes_not_on(void **state)
{
	struct change *c = *state;
	struct minisign_public pub;
	struct error err;

	copy_file(c->f.key, temp_file(&c->f.top, "old"));
	copy_file(c->f.pub, temp_file(&c->f.top, "old.pub"));
	assert_int_equal(minisign_generate(temp_file(&c->f.top, "third"),
	    temp_file(&c->f.top, "third.pub"), &pub, &err), 0);
	change_key(c);
	public_line(c, c->line[1]);
	refuses_pair(c, "old", "old.pub");
	refuses_pair(c, "third", "third.pub");
	write_chain(&c->f, 1700000000, 2);
	refuses_pair(c, "old", "old.pub");
	refuses_pair(c, "third", "third.pub");
	comes_back(c, "old", "old.pub");
	good_with(c, c->line[0], 3);
	good_with(c, c->line[1], 3);
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

/* Whose key it was is in the statement as well. */
static void
test_change_of_another_host(void **state)
{
	struct change *c = *state;

	write_chain(&c->f, 1700000000, 1);
	change_key(c);
	c->f.host = "host.example.org";
	FINDS(&c->f, 1, "00000001.key: is of host ");
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
		TEST(test_other_pair_goes_not_on),
		TEST(test_sealed_texts),
		TEST(test_change_of_another_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
