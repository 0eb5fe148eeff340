/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which signed specs were accepted (run --require-signed), so that no older one
 * is ever taken again: of each file the number in its signature, and the digest
 * of its text.  Entries are never dropped: a file that comes back needs a higher
 * number, or has to be the very one that was accepted last.
 *
 * STATEDIR/accepted, sealed (sealed.h): a line "NUMBER DIGEST PATH" for each
 * file, sorted by path.
 */
#ifndef JA_ACCEPTED_H
#define JA_ACCEPTED_H

#include <stdint.h>

#include "agent/sign/minisign.h"

#define ACCEPTED_NAME "accepted" /* in the state directory */
#define ACCEPTED_COMMENT "accepted specs" /* of its signature */
#define ACCEPTED_DIGEST 32	 /* BLAKE2b-256 */

struct accepted_entry {
	char *path;
	uint64_t number;
	unsigned char digest[ACCEPTED_DIGEST];
};

struct accepted {
	struct accepted_entry *entry; /* sorted by path */
	size_t count;
};

const struct accepted_entry *accepted_find(const struct accepted *a,
    const char *path);

/* Adds or replaces an entry; -1 when memory is out. */
int accepted_set(struct accepted *a, const char *path, uint64_t number,
    const unsigned char digest[ACCEPTED_DIGEST]);
void accepted_free(struct accepted *a);

/*
 * Returns 0, 1 when there is none, -1 when it is not genuine.  `file` is the
 * path of the record, `public_key` as for minisign_public_read.
 */
int accepted_read(const char *file, const char *public_key,
    struct accepted *a, struct error *err);

/* The text of the record; allocated. */
char *accepted_text(const struct accepted *a, size_t *len, struct error *err);

/* Writes the record into the state directory; 0 when it is on the disk. */
int accepted_write(int dir, const struct minisign_secret *secret,
    const char *text, size_t len, struct error *err);

/*
 * The same without a signer, by who holds the lock: makes a key if need be, and
 * refuses a pair that a later one has replaced (keychain_check_newest).
 */
struct paths;
int accepted_keep(const struct paths *p, const char *text, size_t len,
    struct error *err);

#endif
