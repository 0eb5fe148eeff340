/* SPDX-License-Identifier: BSD-2-Clause */
/* Signing and verifying. */
#include "agent/sign/minisign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compat.h"
#include "agent/base/buffer.h"
#include "agent/sign/minisign_format.h"

#define OUR_COMMENT UNTRUSTED "signature from a jailagent secret key\n"

/* The four lines of a signature file, decoded. */
struct signature {
	struct signature_bytes b;
	unsigned char global[64];
	struct line trusted;
};

/* BLAKE2b-512, what an "ED" signature is over. */
static void
prehash(const void *data, size_t len, unsigned char out[MINISIGN_HASH])
{
	crypto_generichash(out, MINISIGN_HASH, data, len, NULL, 0);
}

/* The first signature and the comment: what the global one is over. */
static unsigned char *
global_message(const unsigned char sig[64], const struct line *trusted,
    struct error *err)
{
	unsigned char *m = malloc(64 + trusted->len + 1);

	if (m == NULL) {
		error_sys(err, ENOMEM, "no memory for a trusted comment");
		return NULL;
	}
	memcpy(m, sig, 64);
	memcpy(m + 64, trusted->text, trusted->len);
	return m;
}

static void
add_base64(struct buffer *b, const void *bytes, size_t len)
{
	if (buffer_reserve(b, BASE64_LEN(len) + 1) == -1)
		return;
	sodium_bin2base64(b->data + b->len, BASE64_LEN(len) + 1, bytes, len,
	    BASE64);
	b->len += BASE64_LEN(len);
	buffer_add(b, "\n", 1);
}

static char *
write_signature(const struct signature *s, struct error *err)
{
	struct buffer text = { .data = NULL };
	char *result;

	buffer_text(&text, OUR_COMMENT);
	add_base64(&text, &s->b, sizeof s->b);
	buffer_text(&text, TRUSTED);
	buffer_add(&text, s->trusted.text, s->trusted.len);
	buffer_add(&text, "\n", 1);
	add_base64(&text, s->global, sizeof s->global);
	if ((result = buffer_take(&text, NULL)) == NULL)
		error_sys(err, ENOMEM, "no memory for a signature");
	return result;
}

/* Tabs are allowed; other control characters would spoil the line. */
static bool
good_comment(const char *text)
{
	if (strlen(text) > MINISIGN_COMMENT_MAX)
		return false;
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < 0x20 && *text != '\t') ||
		    *text == 0x7f)
			return false;
	return true;
}

char *
minisign_sign(const struct minisign_secret *secret, const void *data,
    size_t len, const char *trusted, struct error *err)
{
	unsigned char hash[MINISIGN_HASH];

	prehash(data, len, hash);
	return minisign_sign_hash(secret, hash, trusted, err);
}

char *
minisign_sign_hash(const struct minisign_secret *secret,
    const unsigned char hash[MINISIGN_HASH], const char *trusted,
    struct error *err)
{
	struct signature s = { .trusted = { trusted, strlen(trusted) } };
	unsigned char *m;

	if (!good_comment(trusted)) {
		error_set(err, EINVAL, "a trusted comment must be one line of "
		    "at most %d bytes without control characters",
		    MINISIGN_COMMENT_MAX);
		return NULL;
	}
	memcpy(s.b.algorithm, "ED", 2);
	memcpy(s.b.number, secret->number, sizeof s.b.number);
	crypto_sign_detached(s.b.sig, NULL, hash, MINISIGN_HASH, secret->key);
	if ((m = global_message(s.b.sig, &s.trusted, err)) == NULL)
		return NULL;
	crypto_sign_detached(s.global, NULL, m, 64 + s.trusted.len,
	    secret->key);
	free(m);
	return write_signature(&s, err);
}

static int
parse_signature(const char *text, size_t left, struct signature *s,
    struct error *err)
{
	struct line line;

	if (take_line(&text, &left, &line) == -1 ||
	    take_prefix(&line, UNTRUSTED) == -1)
		return error_set(err, EINVAL, "the signature does not begin "
		    "with \"" UNTRUSTED "\"");
	if (take_line(&text, &left, &line) == -1 ||
	    decode_line(&line, &s->b, sizeof s->b) == -1)
		return error_set(err, EINVAL, "line 2 of the signature is not "
		    "the base64 of a signature");
	if (take_line(&text, &left, &s->trusted) == -1 ||
	    take_prefix(&s->trusted, TRUSTED) == -1 ||
	    s->trusted.len > MINISIGN_COMMENT_MAX)
		return error_set(err, EINVAL, "line 3 of the signature is not "
		    "a trusted comment");
	if (take_line(&text, &left, &line) == -1 ||
	    decode_line(&line, s->global, sizeof s->global) == -1)
		return error_set(err, EINVAL, "line 4 of the signature is not "
		    "the base64 of a signature");
	if (left != 0)
		return error_set(err, EINVAL,
		    "something follows line 4 of the signature");
	return 0;
}

static int
check_number(const struct minisign_public *pub, const struct signature *s,
    struct error *err)
{
	char line[MINISIGN_PUBLIC_LINE];

	if (memcmp(s->b.number, pub->number, sizeof pub->number) == 0)
		return 0;
	return error_set(err, EKEYREJECTED, "was signed by another key "
	    "than %s", minisign_public_line(pub, line));
}

static int
verify_data(const struct minisign_public *pub, const struct signature *s,
    const void *data, size_t len, struct error *err)
{
	unsigned char hash[64];

	if (check_number(pub, s, err) == -1)
		return -1;
	if (memcmp(s->b.algorithm, "ED", 2) == 0) {
		prehash(data, len, hash);
		data = hash;
		len = sizeof hash;
	} else if (memcmp(s->b.algorithm, "Ed", 2) != 0) {
		return error_set(err, EINVAL,
		    "the signature's algorithm is neither ED nor Ed");
	}
	if (crypto_sign_verify_detached(s->b.sig, data, len, pub->key) != 0)
		return error_set(err, EBADMSG, "the signature does not fit the "
		    "file: one of them was changed");
	return 0;
}

static int
verify_comment(const struct minisign_public *pub, const struct signature *s,
    struct error *err)
{
	unsigned char *m;
	int rc;

	if ((m = global_message(s->b.sig, &s->trusted, err)) == NULL)
		return -1;
	rc = crypto_sign_verify_detached(s->global, m, 64 + s->trusted.len,
	    pub->key);
	free(m);
	if (rc != 0)
		return error_set(err, EBADMSG, "the trusted comment or its "
		    "signature was changed");
	return 0;
}

static void
copy_comment(const struct signature *s, char *trusted)
{
	memcpy(trusted, s->trusted.text, s->trusted.len);
	trusted[s->trusted.len] = '\0';
}

int
minisign_verify(const struct minisign_public *pub, const void *data,
    size_t len, const char *sig, size_t sig_len, char *trusted,
    struct error *err)
{
	struct signature s;

	if (parse_signature(sig, sig_len, &s, err) == -1 ||
	    verify_data(pub, &s, data, len, err) == -1 ||
	    verify_comment(pub, &s, err) == -1)
		return -1;
	if (trusted != NULL)
		copy_comment(&s, trusted);
	return 0;
}

int
minisign_verify_comment(const struct minisign_public *pub, const char *sig,
    size_t sig_len, char *trusted, struct error *err)
{
	struct signature s;

	if (parse_signature(sig, sig_len, &s, err) == -1 ||
	    check_number(pub, &s, err) == -1 ||
	    verify_comment(pub, &s, err) == -1)
		return -1;
	copy_comment(&s, trusted);
	return 0;
}
