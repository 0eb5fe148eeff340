/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RUNDIR/head: number and digest of the snapshot that was written last in this
 * boot.  It finds that newer ones were taken away, or all were replaced by
 * older ones, from an agent that starts again.
 */
#ifndef JA_HEAD_H
#define JA_HEAD_H

#include "agent/sign/snapshot.h"

/* Whether the newest one (0: none) can be the last that was written. */
int head_check(const char *file, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err);

/* Notes it; that this fails is no reason not to go on. */
void head_write(const char *file, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE]);

#endif
