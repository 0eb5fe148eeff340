/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two digests of a snapshot's file, worked out anew only from where it
 * changed: hashing ten thousand jails to sign a change of one would cost more
 * than all the rest.  The state of both digests is kept every REHASH_STEP bytes.
 */
#ifndef JA_REHASH_H
#define JA_REHASH_H

#include <stddef.h>

#include "agent/sign/minisign.h"
#include "agent/sign/snapshot.h"

#define REHASH_STEP 65536

struct rehash_mark;

/* Begins as all zeros. */
struct rehash {
	struct rehash_mark *mark;
	size_t count, room; /* mark[i] is of the first i * REHASH_STEP bytes */
};

struct rehash_digests {
	unsigned char to_sign[MINISIGN_HASH];
	unsigned char chain[DIGEST_SIZE]; /* as snapshot_digest */
};

/*
 * The digests of a text whose first `same` bytes are as they were the last
 * time.  Returns -1 when memory is out: then nothing is known of it any more.
 */
int rehash(struct rehash *r, const char *text, size_t len, size_t same,
    struct rehash_digests *out);
void rehash_free(struct rehash *r);

#endif
