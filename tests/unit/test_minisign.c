/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and signatures: what stock minisign made, what we make, changes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/sign/minisign.h"
#include "temp_dir.h"

/* Made by minisign 0.11. */
#define STOCK_DATA "a jail is a jail\n"
#define STOCK_LINE "RWSaIFvVy3VomYOvdjxpao3XTcLVoP0tpeGoZFL4zVoH+Z7Xq9AKBAuD"
#define STOCK_PUBLIC \
	"untrusted comment: minisign public key 996875CBD55B209A\n" \
	STOCK_LINE "\n"
#define STOCK_SECRET_1 \
	"untrusted comment: minisign encrypted secret key\nRWQA"
#define STOCK_SECRET_2 \
	"AEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"miBb1ct1aJneQbxNaaluBxzy/iDWODgTsa2JioyjB9FDIxzElN8vkoOvdjxpao3XTcLV" \
	"oP0tpeGoZFL4zVoH+Z7Xq9AKBAuDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
	"AAA=\n"
#define STOCK_SECRET STOCK_SECRET_1 STOCK_SECRET_2
#define STOCK_ED \
	"untrusted comment: signature from minisign secret key\n" \
	"RUSaIFvVy3VomTy+9UjFx5Etd/6db6Qy3jmE4RCAcPOyv2TM369ywYsLgGuDxGQaXz7x" \
	"7tjkM2f9gXzifkwCsEX8QGERWrfTdwU=\n" \
	"trusted comment: timestamp:1 seq:2 host:x\n" \
	"KGAlIjD6FPRdBkO7bbLIx0473QSFKpJnVK7ReHMdWH5PaGtZ4cm19wNzCa/wCH0aNmiL" \
	"4m0NiOueFJ+zYNp9CQ==\n"
#define STOCK_LEGACY \
	"untrusted comment: signature from minisign secret key\n" \
	"RWSaIFvVy3VomUFH2iUEc/bQHkBGwsk7cJzn1A7LQjROUjGro0DgXslIsE2mK6Gm/fW/" \
	"ydYPngGGo0ygl7r8MRyUeAL2WNPaIQI=\n" \
	"trusted comment: old\n" \
	"VVaBjqfYY8A+LZbP5GMjFN36lsjvts8/lnVCgTaohIN3kwzamMyB/1z1IHzOwcBe3Jhm" \
	"6pkDlZZcBLyo0wX3AQ==\n"

struct fixture {
	struct temp_dir dir;
	const char *secret, *public;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	temp_dir_make(&f->dir);
	f->secret = strdup(temp_file(&f->dir, "key"));
	f->public = strdup(temp_file(&f->dir, "key.pub"));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	temp_dir_remove(&f->dir);
	free((char *)(uintptr_t)f->secret);
	free((char *)(uintptr_t)f->public);
	free(f);
	return 0;
}

static void
test_stock_signatures(void **state)
{
	struct fixture *f = *state;
	char comment[MINISIGN_COMMENT_MAX + 1];
	struct minisign_public pub, other;
	struct error err;

	temp_write(f->public, 0644, STOCK_PUBLIC, strlen(STOCK_PUBLIC));
	assert_int_equal(minisign_public_read(f->public, &pub, &err), 0);
	assert_int_equal(minisign_public_read(STOCK_LINE, &other, &err), 0);
	assert_memory_equal(&pub, &other, sizeof pub);
	assert_int_equal(minisign_verify(&pub, STOCK_DATA, strlen(STOCK_DATA),
	    STOCK_ED, strlen(STOCK_ED), comment, &err), 0);
	assert_string_equal(comment, "timestamp:1 seq:2 host:x");
	assert_int_equal(minisign_verify(&pub, STOCK_DATA, strlen(STOCK_DATA),
	    STOCK_LEGACY, strlen(STOCK_LEGACY), comment, &err), 0);
	assert_string_equal(comment, "old");
}

/* Ed25519 is deterministic: with stock's key we make stock's signature. */
static void
test_stock_key(void **state)
{
	struct fixture *f = *state;
	struct minisign_secret *secret;
	struct minisign_public pub;
	char line[MINISIGN_PUBLIC_LINE], *sig;
	struct error err;

	temp_write(f->secret, 0600, STOCK_SECRET, strlen(STOCK_SECRET));
	secret = minisign_secret_read(f->secret, &err);
	assert_non_null(secret);
	minisign_secret_public(secret, &pub);
	assert_string_equal(minisign_public_line(&pub, line), STOCK_LINE);
	sig = minisign_sign(secret, STOCK_DATA, strlen(STOCK_DATA),
	    "timestamp:1 seq:2 host:x", &err);
	assert_non_null(sig);
	assert_string_equal(strchr(sig, '\n'), strchr(STOCK_ED, '\n'));
	free(sig);
	minisign_secret_free(secret);
}

static void
test_generate(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub, again;
	struct minisign_secret *secret;
	struct error err;
	struct stat st;
	char *sig;

	assert_int_equal(minisign_generate(f->secret, f->public, &pub, &err),
	    0);
	assert_int_equal(stat(f->secret, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(minisign_public_read(f->public, &again, &err), 0);
	assert_memory_equal(&pub, &again, sizeof pub);
	secret = minisign_secret_read(f->secret, &err);
	assert_non_null(secret);
	minisign_secret_public(secret, &again);
	assert_memory_equal(&pub, &again, sizeof pub);
	sig = minisign_sign(secret, "", 0, "", &err);
	assert_non_null(sig);
	assert_int_equal(minisign_verify(&pub, "", 0, sig, strlen(sig), NULL,
	    &err), 0);
	free(sig);
	minisign_secret_free(secret);
}

static void
test_never_replaced(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub;
	struct error err;
	size_t len;
	char *text;

	temp_write(f->public, 0644, "mine", 4);
	assert_int_equal(minisign_generate(f->secret, f->public, &pub, &err),
	    -1);
	assert_int_equal(err.code, EEXIST);
	assert_non_null(strstr(err.text, f->public));
	assert_int_equal(access(f->secret, F_OK), -1);
	unlink(f->public);
	assert_int_equal(symlink("nowhere", f->secret), 0);
	assert_int_equal(minisign_generate(f->secret, f->public, &pub, &err),
	    -1);
	unlink(f->secret);
	temp_write(f->secret, 0600, "mine", 4);
	assert_int_equal(minisign_generate(f->secret, f->public, &pub, &err),
	    -1);
	assert_int_equal(err.code, EEXIST);
	text = temp_read(f->secret, &len);
	assert_string_equal(text, "mine");
	free(text);
}

/* A crash between the two files is healed; a foreign public key is not. */
static void
test_ensure(void **state)
{
	struct fixture *f = *state;
	struct minisign_public pub, again;
	struct error err;
	bool made;

	assert_int_equal(minisign_ensure(f->secret, f->public, &made, &pub,
	    &err), 0);
	assert_true(made);
	unlink(f->public);
	assert_int_equal(minisign_ensure(f->secret, f->public, &made, &again,
	    &err), 0);
	assert_false(made);
	assert_memory_equal(&pub, &again, sizeof pub);
	assert_int_equal(minisign_public_read(f->public, &again, &err), 0);
	assert_memory_equal(&pub, &again, sizeof pub);
	temp_write(f->public, 0644, STOCK_PUBLIC, strlen(STOCK_PUBLIC));
	assert_int_equal(minisign_ensure(f->secret, f->public, &made, &again,
	    &err), -1);
	unlink(f->secret);
	assert_int_equal(minisign_ensure(f->secret, f->public, &made, &again,
	    &err), -1);
	assert_int_equal(err.code, ENOENT);
	/* Whoever has lost it must know what can be done. */
	assert_non_null(strstr(err.text, f->public));
	assert_non_null(strstr(err.text, "bring it back"));
}

static void
refused_key(const struct fixture *f, mode_t mode, const char *text, int code,
    const char *word)
{
	struct error err;

	unlink(f->secret);
	temp_write(f->secret, mode, text, strlen(text));
	assert_null(minisign_secret_read(f->secret, &err));
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, word));
	assert_non_null(strstr(err.text, f->secret));
}

static void
test_refused_keys(void **state)
{
	struct fixture *f = *state;
	char text[] = STOCK_SECRET;
	struct error err;

	refused_key(f, 0640, STOCK_SECRET, EPERM, "chmod 600");
	refused_key(f, 0604, STOCK_SECRET, EPERM, "0604");
	refused_key(f, 0600, "untrusted comment: x\n", EINVAL, "base64");
	refused_key(f, 0600, STOCK_SECRET "more\n", EINVAL, "base64");
	refused_key(f, 0600, STOCK_SECRET_1 "B" STOCK_SECRET_2, EINVAL,
	    "base64");
	/* "Ed" "Sc" "B2": a password */
	refused_key(f, 0600, "untrusted comment: x\nRWRTY0Iy"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "miBb1ct1aJneQbxNaaluBxzy/iDWODgTsa2JioyjB9FDIxzElN8vkoOvdjxpao3X"
	    "TcLVoP0tpeGoZFL4zVoH+Z7Xq9AKBAuDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAA=\n", EINVAL, "minisign -C -W");
	/* Another seed in front of the same public half. */
	*strstr(text, "neQbx") = 'm';
	refused_key(f, 0600, text, EINVAL, "damaged");
	unlink(f->secret);
	assert_int_equal(mkfifo(f->secret, 0600), 0);
	assert_null(minisign_secret_read(f->secret, &err));
	if (geteuid() == 0) {
		unlink(f->secret);
		temp_write(f->secret, 0600, STOCK_SECRET,
		    strlen(STOCK_SECRET));
		assert_int_equal(chown(f->secret, 12345, (gid_t)-1), 0);
		assert_null(minisign_secret_read(f->secret, &err));
		assert_non_null(strstr(err.text, "12345"));
	}
}

static int
verify_stock(const struct minisign_public *pub, const char *data,
    const char *sig, size_t sig_len)
{
	return minisign_verify(pub, data, strlen(STOCK_DATA), sig, sig_len,
	    NULL, NULL);
}

/* Each bit of data and of lines 2 to 4; line 1 is signed by nobody. */
static void
test_every_change(void **state)
{
	static const char *const sigs[] = { STOCK_ED, STOCK_LEGACY };
	char data[] = STOCK_DATA, sig[1024];
	struct minisign_public pub;
	size_t i, k, start, len;
	int bit;

	(void)state;
	assert_int_equal(minisign_public_read(STOCK_LINE, &pub, NULL), 0);
	for (k = 0; k < 2; k++) {
		len = strlen(sigs[k]);
		memcpy(sig, sigs[k], len + 1);
		start = (size_t)(strchr(sig, '\n') - sig);
		for (i = start; i < len; i++)
			for (bit = 0; bit < 8; bit++) {
				sig[i] ^= (char)(1 << bit);
				assert_int_equal(verify_stock(&pub, data, sig,
				    len), -1);
				sig[i] ^= (char)(1 << bit);
			}
		for (i = 0; i < 8 * strlen(STOCK_DATA); i++) {
			data[i / 8] ^= (char)(1 << i % 8);
			assert_int_equal(verify_stock(&pub, data, sig, len),
			    -1);
			data[i / 8] ^= (char)(1 << i % 8);
		}
		/* Only the last newline can be missing. */
		for (i = 0; i < len - 1; i++)
			assert_int_equal(verify_stock(&pub, data, sig, i), -1);
		assert_int_equal(verify_stock(&pub, data, sig, len), 0);
	}
}

static void
test_bad_comments(void **state)
{
	struct fixture *f = *state;
	struct minisign_secret *secret;
	char *text = malloc(MINISIGN_COMMENT_MAX + 2), *sig;
	struct error err;

	assert_non_null(text);
	temp_write(f->secret, 0600, STOCK_SECRET, strlen(STOCK_SECRET));
	secret = minisign_secret_read(f->secret, &err);
	assert_non_null(secret);
	assert_null(minisign_sign(secret, "x", 1, "a\nb", &err));
	assert_null(minisign_sign(secret, "x", 1, "a\rb", &err));
	memset(text, 'a', MINISIGN_COMMENT_MAX + 1);
	text[MINISIGN_COMMENT_MAX + 1] = '\0';
	assert_null(minisign_sign(secret, "x", 1, text, &err));
	text[MINISIGN_COMMENT_MAX] = '\0';
	sig = minisign_sign(secret, "x", 1, text, &err);
	assert_non_null(sig);
	free(sig);
	free(text);
	minisign_secret_free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stock_signatures, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_stock_key, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_generate, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_never_replaced, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_ensure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_keys, setup,
		    teardown),
		cmocka_unit_test(test_every_change),
		cmocka_unit_test_setup_teardown(test_bad_comments, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
