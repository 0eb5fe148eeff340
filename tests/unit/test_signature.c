/* SPDX-License-Identifier: BSD-2-Clause */
/* What the signature of a spec says, and the record of what was accepted. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/read/signature.h"
#include "agent/sign/accepted.h"
#include "temp_dir.h"

static const struct {
	const char *comment;
	uint64_t number;  /* 0: refused */
	const char *says; /* the refusal */
} comments[] = {
	{ "seq:7 file:a.yaml", 7, NULL },
	{ "file:a.yaml seq:7", 7, NULL },
	{ "file:a.yaml by somebody seq:7 on friday", 7, NULL },
	{ "timestamp:1700000000\tfile:a.yaml\thashed", 1700000000, NULL },
	{ "timestamp:1700000000\tfile:a.yaml\tseq:3", 3, NULL },
	{ "file:a.yaml timestamp:5", 5, NULL },
	{ "seq:9223372036854775799 file:a.yaml", 9223372036854775799, NULL },
	{ "seq:7", 0, "does not say which file" },
	{ "", 0, "does not say which file" },
	{ "seq:7 file:b.yaml", 0, "made for the file b.yaml" },
	{ "seq:7 file:a.yam", 0, "made for the file a.yam" },
	{ "seq:7 file:a.yaml.old", 0, "made for the file a.yaml.old" },
	{ "seq:7 profile:a.yaml", 0, "does not say which file" },
	{ "seq:7\tfile:a.yaml file:a.yaml", 0, "made for the file" },
	{ "file:a.yaml", 0, "has no number" },
	{ "file:a.yaml seq:", 0, "has no number" },
	{ "file:a.yaml seq:0", 0, "not a number above 0" },
	{ "file:a.yaml seq:-1", 0, "not a number above 0" },
	{ "file:a.yaml seq:1x", 0, "not a number above 0" },
	{ "file:a.yaml seq:99999999999999999999", 0, "not a number above 0" },
};

static void
test_comments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
		uint64_t number = 0;
		struct error err;
		int rc = signature_comment(comments[i].comment, "a.yaml",
		    &number, &err);

		if ((rc == 0) != (comments[i].number != 0) || (rc == 0 &&
		    number != comments[i].number))
			fail_msg("%s: %d, %llu", comments[i].comment, rc,
			    (unsigned long long)number);
		if (rc != 0 && strstr(err.text, comments[i].says) == NULL)
			fail_msg("%s: %s", comments[i].comment, err.text);
	}
}

/* What is told to do has to be taken, also of a name with a blank. */
static void
test_blank_in_a_name(void **state)
{
	static const char name[] = "my web.yaml";
	struct error err;
	uint64_t number;

	(void)state;
	assert_int_equal(signature_comment("seq:7 file:my web.yaml", name,
	    &number, &err), -1);
	assert_non_null(strstr(err.text, "blank needs tabs between the words "
	    "of the trusted comment; sign with: -t \"$(printf "
	    "'seq:N\\tfile:%s' 'my web.yaml')\""));
	assert_int_equal(signature_comment("seq:7", name, &number, &err), -1);
	assert_non_null(strstr(err.text, "'seq:N\\tfile:%s' 'my web.yaml'"));
	assert_int_equal(signature_comment("seq:7 file:my", name, &number,
	    &err), -1);
	assert_non_null(strstr(err.text, "made for the file my,"));
	assert_int_equal(signature_comment("seq:7\tfile:my web.yaml", name,
	    &number, &err), 0);
	assert_true(number == 7);
}

/* Several keys: the one that made it is found. */
static void
test_keys(void **state)
{
	struct minisign_public pub[3];
	struct minisign_secret *secret;
	struct temp_dir top;
	char key[3][PATH_MAX], file[PATH_MAX], *sig;
	uint64_t number;
	struct error err;

	(void)state;
	temp_dir_make(&top);
	for (int i = 0; i < 3; i++) {
		snprintf(key[i], sizeof key[i], "%s/%d", top.path, i);
		snprintf(file, sizeof file, "%s/%d.pub", top.path, i);
		assert_int_equal(minisign_generate(key[i], file, &pub[i],
		    &err), 0);
	}
	secret = minisign_secret_read(key[1], &err);
	sig = minisign_sign(secret, "text", 4, "seq:4 file:a.yaml", &err);
	assert_int_equal(signature_check(pub, 2, "a.yaml", "text", 4, sig,
	    strlen(sig), &number, &err), 0);
	assert_int_equal(number, 4);
	assert_int_equal(signature_check(pub, 1, "a.yaml", "text", 4, sig,
	    strlen(sig), &number, &err), -1);
	assert_non_null(strstr(err.text, "none of the keys"));
	assert_int_equal(signature_check(pub, 3, "a.yaml", "texT", 4, sig,
	    strlen(sig), &number, &err), -1);
	assert_non_null(strstr(err.text, "does not fit"));
	free(sig);
	minisign_secret_free(secret);
	temp_dir_remove(&top);
}

static void
test_record(void **state)
{
	static const char *const paths[] = { "/s/b.yaml", "/s/a.yaml",
		"/s/with blanks.yaml", "/s/c.yaml", "/s/a.yaml" };
	unsigned char digest[ACCEPTED_DIGEST] = { 1, 2, 3 };
	struct accepted a = { 0 }, again;
	struct minisign_public pub;
	struct minisign_secret *secret;
	struct temp_dir top;
	struct error err;
	const char *file;
	size_t len;
	char *text;
	int dir;

	(void)state;
	temp_dir_make(&top);
	assert_int_equal(minisign_generate(temp_file(&top, "k"),
	    temp_file(&top, "p"), &pub, &err), 0);
	secret = minisign_secret_read(temp_file(&top, "k"), &err);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	file = temp_file(&top, ACCEPTED_NAME);
	assert_int_equal(accepted_read(file, temp_file(&top, "p"), &again,
	    &err), 1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(accepted_set(&a, paths[i], i + 1, digest), 0);
	assert_int_equal(a.count, 4);
	text = accepted_text(&a, &len, &err);
	assert_int_equal(accepted_write(dir, secret, text, len, &err), 0);
	assert_int_equal(accepted_read(file, temp_file(&top, "p"), &again,
	    &err), 0);
	assert_int_equal(again.count, 4);
	assert_int_equal(accepted_find(&again, "/s/a.yaml")->number, 5);
	assert_int_equal(accepted_find(&again, paths[2])->number, 3);
	assert_memory_equal(again.entry[0].digest, digest, sizeof digest);
	assert_null(accepted_find(&again, "/s/d.yaml"));
	accepted_free(&again);
	free(text);
	text = temp_read(file, &len);
	text[len - 3] ^= 1;
	temp_write(file, 0644, text, len);
	assert_int_equal(accepted_read(file, temp_file(&top, "p"), &again,
	    &err), -1);
	free(text);
	close(dir);
	accepted_free(&a);
	minisign_secret_free(secret);
	temp_dir_remove(&top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_blank_in_a_name),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
