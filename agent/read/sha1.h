/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-1 (FIPS 180-4), for comparing with git's object names and nothing else:
 * it protects against no one.
 */
#ifndef JA_SHA1_H
#define JA_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20

struct sha1 {
	uint32_t h[5];
	uint64_t total; /* bytes so far */
	unsigned char block[64];
};

void sha1_init(struct sha1 *s);
void sha1_update(struct sha1 *s, const void *data, size_t len);
void sha1_final(struct sha1 *s, unsigned char digest[SHA1_SIZE]);

#endif
