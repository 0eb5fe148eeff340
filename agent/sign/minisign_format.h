/* SPDX-License-Identifier: BSD-2-Clause */
/* What minisign's files look like; for minisign*.c alone. */
#ifndef JA_MINISIGN_FORMAT_H
#define JA_MINISIGN_FORMAT_H

#include <sodium.h>

#include "agent/sign/minisign.h"

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

#define BASE64 sodium_base64_VARIANT_ORIGINAL
/* Characters of base64 with padding, without a NUL. */
#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* Binary forms; single bytes only, so there is no padding anywhere. */
struct public_bytes {
	unsigned char algorithm[2];
	unsigned char number[8];
	unsigned char key[32];
};

struct secret_bytes {
	unsigned char algorithm[2];
	unsigned char kdf[2];
	unsigned char checksum_algorithm[2];
	unsigned char salt[32], opslimit[8], memlimit[8];
	unsigned char number[8];
	unsigned char key[64]; /* seed, public key */
	unsigned char checksum[32];
};

struct signature_bytes {
	unsigned char algorithm[2];
	unsigned char number[8];
	unsigned char sig[64];
};

_Static_assert(sizeof(struct public_bytes) == 42, "public key");
_Static_assert(sizeof(struct secret_bytes) == 158, "secret key");
_Static_assert(sizeof(struct signature_bytes) == 74, "signature");
_Static_assert(MINISIGN_PUBLIC_LINE == BASE64_LEN(42) + 1, "public key line");

struct minisign_secret {
	unsigned char number[8];
	unsigned char key[64];
};

/* Must have succeeded once before anything of libsodium is used. */
int sodium_ready(struct error *err);

/* A part of a text, which it does not own. */
struct line {
	const char *text;
	size_t len;
};

/*
 * Takes the next line off *text, without its newline (LF, or CR LF); the last
 * one needs none.  Returns -1 when nothing is left or a NUL is in it.
 */
int take_line(const char **text, size_t *left, struct line *line);

/* Takes `prefix` off the line; -1 when it does not begin so. */
int take_prefix(struct line *line, const char *prefix);

/* Decodes exactly `len` bytes; -1 when the line is anything else. */
int decode_line(const struct line *line, void *bytes, size_t len);

/* Both halves of the public key's file form. */
void public_from_bytes(const struct public_bytes *b,
    struct minisign_public *pub);
void public_to_bytes(const struct minisign_public *pub,
    struct public_bytes *b);

#endif
