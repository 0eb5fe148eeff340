/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RUNDIR/head: number and digest of the snapshot that was written last in this
 * boot.  It finds that newer ones were taken away, or all were replaced by
 * older ones, from an agent that starts again.
 */
#ifndef JA_HEAD_H
#define JA_HEAD_H

#include "agent/sign/snapshot.h"

struct head {
	const char *file;
	uint64_t sequence; /* 0: nothing is known */
	char digest[DIGEST_HEX];
};

/*
 * What is noted now.  To be read before the snapshots are looked at: a signer
 * may write meanwhile.
 */
void head_read(const char *file, struct head *h);

/* Whether the newest one (0: none) can be the last that was written, or newer. */
int head_check(const struct head *h, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err);

/* Notes it; that this fails is no reason not to go on. */
void head_write(const char *file, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE]);

#endif
