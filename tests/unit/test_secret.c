/* SPDX-License-Identifier: BSD-2-Clause */
/* Files with secrets, their values, and what tells that one changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "agent/read/secret.h"
#include "agent/read/vault.h"
#include "agent/reconcile/mask.h"
#include "temp_dir.h"

/* What is made of a file: its value, or a part of the message. */
static void
expect(const char *path, const char *value, const char *why)
{
	struct secret s;

	assert_int_equal(secret_look(path, NULL, false, &s), SECRET_NEW);
	if (value != NULL) {
		if (s.value == NULL)
			fail_msg("%s: %s", path, s.problem);
		assert_string_equal(s.value, value);
	} else {
		assert_null(s.value);
		if (strstr(s.problem, why) == NULL)
			fail_msg("%s: %s", path, s.problem);
	}
	secret_finish(&s);
}

static void
files_are_judged(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		mode_t mode;
		const char *value, *why;
	} rows[] = {
		{ "one\n", 4, 0600, "one", NULL },
		{ "one", 3, 0400, "one", NULL },
		{ " a\tb \n\n", 7, 0600, " a\tb \n", NULL },
		{ "one\n", 4, 0640, NULL, "chmod 600" },
		{ "one\n", 4, 0604, NULL, "chmod 600" },
		{ "one\n", 4, 0620, NULL, "chmod 600" },
		{ "", 0, 0600, NULL, "is empty" },
		{ "\n", 1, 0600, NULL, "is empty" },
		{ "a\0b", 3, 0600, NULL, "UTF-8" },
		{ "\xff", 1, 0600, NULL, "UTF-8" },
	};
	char *large = calloc(1, SECRET_MAX + 1);
	struct temp_dir dir;
	const char *f;

	(void)state;
	temp_dir_make(&dir);
	f = temp_file(&dir, "f");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		temp_write(f, 0600, rows[i].text, rows[i].len);
		assert_int_equal(chmod(f, rows[i].mode), 0);
		expect(f, rows[i].value, rows[i].why);
		assert_int_equal(chmod(f, 0600), 0);
	}
	assert_non_null(large);
	memset(large, 'x', SECRET_MAX);
	temp_write(f, 0600, large, SECRET_MAX);
	expect(f, large, NULL);
	temp_write(f, 0600, large, SECRET_MAX + 1);
	expect(f, NULL, "more than 65536 bytes");
	free(large);
	expect(dir.path, NULL, "not a regular file");
	expect(temp_file(&dir, "none"), NULL, "No such file");
	temp_dir_remove(&dir);
}

/* Nobody else may be able to say which file it is. */
static void
ways_are_judged(void **state)
{
	struct temp_dir dir;
	const char *f, *link;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(mkdir(temp_file(&dir, "d"), 0700), 0);
	f = temp_file(&dir, "d/f");
	link = temp_file(&dir, "link");
	temp_write(f, 0600, "x", 1);
	assert_int_equal(symlink("d/f", link), 0);
	expect(link, "x", NULL);
	assert_int_equal(chmod(temp_file(&dir, "d"), 0770), 0);
	expect(f, NULL, "can be written by its group");
	expect(link, NULL, "can be written by its group");
	assert_int_equal(chmod(temp_file(&dir, "d"), 01777), 0);
	expect(f, "x", NULL);
	if (geteuid() == 0) {
		assert_int_equal(chown(f, 12345, -1), 0);
		expect(f, NULL, "belongs to user 12345");
	}
	assert_int_equal(chmod(temp_file(&dir, "d"), 0700), 0);
	temp_dir_remove(&dir);
}

/* It is read again when it is another one, and only then. */
static void
files_are_read_once(void **state)
{
	struct temp_dir dir;
	struct secret old, now;
	const char *f;

	(void)state;
	temp_dir_make(&dir);
	f = temp_file(&dir, "f");
	temp_write(f, 0600, "one", 3);
	assert_int_equal(secret_look(f, NULL, false, &old), SECRET_NEW);
	usleep(60000); /* older than what two writes can share */
	secret_finish(&old);
	assert_int_equal(secret_look(f, NULL, false, &old), SECRET_NEW);
	secret_wipe(&old);
	assert_int_equal(secret_look(f, &old, false, &now), SECRET_SAME);
	temp_write(f, 0600, "two", 3);
	assert_int_equal(secret_look(f, &old, false, &now), SECRET_NEW);
	assert_string_equal(now.value, "two");
	secret_finish(&now);
	secret_finish(&old);
	assert_int_equal(remove(f), 0);
	assert_int_equal(secret_look(f, NULL, false, &old), SECRET_NEW);
	assert_non_null(old.problem);
	assert_int_equal(secret_look(f, &old, false, &now), SECRET_SAME);
	secret_finish(&old);
	temp_dir_remove(&dir);
}

static const char yaml[] = "name: web\npath: /\npersist: true\n"
    "env.A: !secret /s/a\nenv.B: plain\n"
    "agent: {environment: {C: !secret /s/c, D: d}}\n";

static struct spec *
spec_of(const char *text)
{
	struct spec_docs docs = { 0 };
	struct spec_errors errors = { 0 };
	struct spec_set set = { 0 };
	struct spec *s;

	assert_int_equal(spec_parse("f", text, strlen(text), &docs, &errors),
	    0);
	spec_resolve(&docs, &set);
	assert_int_equal(set.count, 1);
	s = spec_copy(set.spec[0]);
	spec_set_free(&set);
	spec_docs_free(&docs);
	spec_errors_free(&errors);
	return s;
}

static void
specs_get_their_values(void **state)
{
	struct spec *s = spec_of(yaml), *made;
	const struct spec *use;
	struct vault v = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(vault_check(&v, s, &err), 1);
	assert_int_equal(vault_put(&v, "/s/a", "/s/a", "aa", NULL), 1);
	assert_int_equal(vault_put(&v, "/s/c", NULL, NULL, "gone"), 1);
	assert_int_equal(vault_check(&v, s, &err), -1);
	assert_non_null(strstr(err.text, "agent.environment.C: secret gone"));
	use = vault_reveal(&v, s, &made);
	assert_string_equal(spec_text(use, "env.A"), "aa");
	assert_int_equal(use->agent.environment.count, 1);
	vault_hide(made);
	assert_int_equal(vault_put(&v, "/s/c", "/s/c", "c=c", NULL), 1);
	assert_int_equal(vault_put(&v, "/s/c", "/s/c", "c=c", NULL), 0);
	assert_int_equal(vault_check(&v, s, &err), 0);
	use = vault_reveal(&v, s, &made);
	assert_string_equal(use->agent.environment.text[1], "C=c=c");
	assert_string_equal(spec_text(use, "env.B"), "plain");
	assert_int_equal(use->agent.secrets.count, 0);
	vault_hide(made);
	/* The original is what it was. */
	assert_string_equal(spec_text(s, "env.A"), "/s/a");
	/* What cannot be read any more keeps its value for what runs. */
	assert_int_equal(vault_put(&v, "/s/a", NULL, NULL, "gone"), 1);
	assert_int_equal(vault_check(&v, s, &err), -1);
	assert_string_equal(vault_find(&v, "/s/a")->value, "aa");
	assert_int_equal(vault_put(&v, "/s/a", "/s/a", "two\nlines", NULL), 1);
	assert_int_equal(vault_check(&v, s, &err), -1);
	assert_non_null(strstr(err.text, "env.A: secret /s/a: expected one"));
	assert_null(strstr(err.text, "two"));
	vault_drop(&v, "/s/a");
	assert_null(vault_find(&v, "/s/a"));
	vault_close(&v);
	spec_free(s);
}

static void
digest_of(const struct vault *v, const struct spec *s, unsigned char *digest)
{
	struct text_list seals = { 0 };

	assert_int_equal(vault_seals(v, s, &seals), 0);
	vault_digest(v, s, &seals, digest);
	text_list_free(&seals);
}

/* Keyed, so that nobody can try values, and of each place by itself. */
static void
seals_tell_changes_only(void **state)
{
	unsigned char one[SPEC_DIGEST_SIZE], two[SPEC_DIGEST_SIZE];
	struct spec *s = spec_of(yaml);
	struct text_list seals = { 0 };
	struct vault v, w;
	struct error err;
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(vault_open(&v, temp_file(&dir, "k"), true, &err), 0);
	assert_int_equal(vault_open(&w, temp_file(&dir, "l"), true, &err), 0);
	(void)vault_put(&v, "/s/a", "/s/a", "same", NULL);
	(void)vault_put(&v, "/s/c", "/s/c", "same", NULL);
	(void)vault_put(&w, "/s/a", "/s/a", "same", NULL);
	(void)vault_put(&w, "/s/c", "/s/c", "same", NULL);
	assert_int_equal(vault_seals(&v, s, &seals), 0);
	assert_int_equal(seals.count, 2);
	assert_memory_equal(seals.text[0], "env.A ", 6);
	assert_memory_equal(seals.text[1], "agent.environment.C ", 20);
	assert_string_not_equal(seals.text[0] + 6, seals.text[1] + 20);
	digest_of(&v, s, one);
	assert_memory_not_equal(one, spec_digest(s), sizeof one);
	digest_of(&w, s, two);
	assert_memory_not_equal(one, two, sizeof one);
	vault_close(&w);
	/* The key of the same file makes the same ones. */
	assert_int_equal(vault_open(&w, temp_file(&dir, "k"), false, &err), 0);
	(void)vault_put(&w, "/s/a", "/s/a", "same", NULL);
	(void)vault_put(&w, "/s/c", "/s/c", "same", NULL);
	digest_of(&w, s, two);
	assert_memory_equal(one, two, sizeof one);
	(void)vault_put(&w, "/s/c", "/s/c", "other", NULL);
	digest_of(&w, s, two);
	assert_memory_not_equal(one, two, sizeof one);
	text_list_free(&seals);
	vault_close(&v);
	vault_close(&w);
	spec_free(s);
	temp_dir_remove(&dir);
}

/* What a loss of power may leave of the key is as good as none. */
static void
key_without_bytes(void **state)
{
	static const char nothing[32], large[33];
	static const size_t left[] = { 0, 5, 32 };
	struct temp_dir dir;
	struct vault v, w;
	struct error err;

	(void)state;
	temp_dir_make(&dir);
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		temp_write(temp_file(&dir, "k"), 0600, nothing, left[i]);
		assert_int_equal(vault_open(&v, temp_file(&dir, "k"), false,
		    &err), 0);
		assert_false(v.has_key);
		vault_close(&v);
		assert_int_equal(vault_open(&v, temp_file(&dir, "k"), true,
		    &err), 0);
		assert_int_equal(vault_open(&w, temp_file(&dir, "k"), false,
		    &err), 0);
		assert_true(v.has_key && w.has_key);
		assert_memory_equal(v.key, w.key, sizeof v.key);
		assert_memory_not_equal(v.key, nothing, sizeof v.key);
		vault_close(&v);
		vault_close(&w);
	}
	temp_write(temp_file(&dir, "k"), 0600, large, sizeof large);
	assert_int_equal(vault_open(&v, temp_file(&dir, "k"), true, &err), -1);
	assert_non_null(strstr(err.text, "is damaged"));
	temp_dir_remove(&dir);
}

/* Also under the longest name that there can be. */
static void
seals_are_whole(void **state)
{
	char name[480], text[600];
	struct text_list one = { 0 }, two = { 0 };
	struct vault v = { .has_key = true };
	struct spec *s;

	(void)state;
	memset(name, 'k', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(text, sizeof text, "name: web\npath: /\npersist: true\n"
	    "env.%s: !secret /s/a\n", name);
	s = spec_of(text);
	(void)vault_put(&v, "/s/a", "/s/a", "one", NULL);
	assert_int_equal(vault_seals(&v, s, &one), 0);
	(void)vault_put(&v, "/s/a", "/s/a", "two", NULL);
	assert_int_equal(vault_seals(&v, s, &two), 0);
	assert_int_equal(strlen(one.text[0]), 4 + strlen(name) + 1 + 32);
	assert_string_not_equal(one.text[0], two.text[0]);
	text_list_free(&one);
	text_list_free(&two);
	vault_close(&v);
	spec_free(s);
}

static void
expect_masked(const struct vault *v, const struct spec *s, const char *text,
    const char *masked)
{
	char *made = mask_secrets(v, s, NULL, text);

	assert_string_equal(made, masked);
	free(made);
	made = mask_secrets(v, NULL, s, text);
	assert_string_equal(made, masked);
	free(made);
	made = mask_secrets(v, NULL, NULL, text);
	assert_string_equal(made, text);
	free(made);
}

static void
printed_secrets_are_masked(void **state)
{
	struct spec *s = spec_of(yaml);
	struct vault v = { 0 };

	(void)state;
	expect_masked(&v, s, "nothing is known", "nothing is known");
	(void)vault_put(&v, "/s/a", "/s/a", "hunter2", NULL);
	(void)vault_put(&v, "/s/c", "/s/c", "first line\nodd\tline\nabc", NULL);
	(void)vault_put(&v, "/s/other", "/s/other", "another's", NULL);
	expect_masked(&v, s, "", "");
	expect_masked(&v, s, "hunter2", "(secret)");
	expect_masked(&v, s, "pw=hunter2, hunter2!", "pw=(secret), (secret)!");
	expect_masked(&v, s, "hunter2hunter2", "(secret)");
	expect_masked(&v, s, "hunter", "hunter");
	/* Its beginning was cut off. */
	expect_masked(&v, s, "ter2: no", "(secret): no");
	expect_masked(&v, s, "er2: no", "er2: no");
	expect_masked(&v, s, "a ter2", "a ter2");
	/* Lines; those that are too short go with all of it only. */
	expect_masked(&v, s, "x first line abc", "x (secret) abc");
	expect_masked(&v, s, "x odd\tline odd line", "x (secret) (secret)");
	expect_masked(&v, s, "x first line\nodd\tline\nabc y", "x (secret) y");
	expect_masked(&v, s, "another's", "another's");
	/* What runs may have the value before. */
	(void)vault_put(&v, "/s/a", "/s/a", "hunter33", NULL);
	expect_masked(&v, s, "x hunter2 hunter33", "x (secret) (secret)");
	(void)vault_put(&v, "/s/a", NULL, NULL, "gone");
	expect_masked(&v, s, "x hunter2 hunter33", "x (secret) (secret)");
	(void)vault_put(&v, "/s/a", "/s/a", "abc", NULL);
	expect_masked(&v, s, "x abc hunter33", "x abc (secret)");
	vault_close(&v);
	spec_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_judged),
		cmocka_unit_test(ways_are_judged),
		cmocka_unit_test(files_are_read_once),
		cmocka_unit_test(specs_get_their_values),
		cmocka_unit_test(seals_tell_changes_only),
		cmocka_unit_test(key_without_bytes),
		cmocka_unit_test(seals_are_whole),
		cmocka_unit_test(printed_secrets_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
