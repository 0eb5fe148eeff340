/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys and signatures in minisign's file formats: Ed25519 over BLAKE2b-512 of
 * the data ("ED"; the legacy "Ed" over the data itself is verified, too), and
 * a second signature over the first one and the trusted comment.
 */
#ifndef JA_MINISIGN_H
#define JA_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/error.h"

#define MINISIGN_COMMENT_MAX 8173 /* bytes; minisign refuses more */
#define MINISIGN_FILE_MAX 16384 /* bytes of a signature */
#define MINISIGN_SUFFIX ".minisig"

struct minisign_public {
	unsigned char number[8]; /* tells keys apart; chosen at random */
	unsigned char key[32];
};

/* The base64 line of a public key, with its NUL. */
#define MINISIGN_PUBLIC_LINE 57
char *minisign_public_line(const struct minisign_public *pub,
    char line[MINISIGN_PUBLIC_LINE]);

/* Reads a public key file; `file` may also be the base64 line itself. */
int minisign_public_read(const char *file, struct minisign_public *pub,
    struct error *err);

/*
 * A secret key, in locked memory that core dumps leave out and that is wiped
 * when it is freed.  minisign_secret_read refuses a file that others can read,
 * that belongs to another user, or that is protected by a password.
 */
struct minisign_secret;
struct minisign_secret *minisign_secret_read(const char *file,
    struct error *err);
void minisign_secret_public(const struct minisign_secret *secret,
    struct minisign_public *pub);
void minisign_secret_free(struct minisign_secret *secret);
/* Whether it is locked in memory: 0, or the errno of mlock(2). */
int minisign_secret_lock(struct minisign_secret *secret);

/*
 * Makes a key pair.  Both files are complete and on the disk when they get
 * their names; existing ones are never replaced (EEXIST).
 */
int minisign_generate(const char *secret_file, const char *public_file,
    struct minisign_public *pub, struct error *err);

/*
 * Removes what was left of a secret key's file, and of others whose names begin
 * like its, by who was killed while he made it: it may be the key.
 */
void minisign_sweep(const char *secret_file);

/*
 * As minisign_generate when there is neither file.  When there are both, or
 * only the secret one (a crash came between), the pair is what the secret one
 * says, and the public file is made.  *made: a new pair.
 */
int minisign_ensure(const char *secret_file, const char *public_file,
    bool *made, struct minisign_public *pub, struct error *err);

/*
 * The text of FILE.minisig for data; to be freed.  The trusted comment is one
 * line of UTF-8.
 */
char *minisign_sign(const struct minisign_secret *secret, const void *data,
    size_t len, const char *trusted, struct error *err);

/* The same, of the BLAKE2b-512 of the data. */
#define MINISIGN_HASH 64
char *minisign_sign_hash(const struct minisign_secret *secret,
    const unsigned char hash[MINISIGN_HASH], const char *trusted,
    struct error *err);

/*
 * Verifies the text of FILE.minisig over data.  On success the trusted
 * comment, which is authentic then, is in `trusted` (MINISIGN_COMMENT_MAX + 1
 * bytes, or NULL).  The error has no file name in it: callers know it.
 */
int minisign_verify(const struct minisign_public *pub, const void *data,
    size_t len, const char *sig, size_t sig_len, char *trusted,
    struct error *err);

/* The authentic trusted comment alone, without the data that was signed. */
int minisign_verify_comment(const struct minisign_public *pub,
    const char *sig, size_t sig_len, char *trusted, struct error *err);

#endif
