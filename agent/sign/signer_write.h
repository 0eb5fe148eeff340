/* SPDX-License-Identifier: BSD-2-Clause */
/* How snapshots and other signed files reach the disk; for the signer alone. */
#ifndef JA_SIGNER_WRITE_H
#define JA_SIGNER_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/sign/minisign.h"

/*
 * Opens the directory of snapshots.  One that is not there is made, unless
 * `head` (head.h) knows of something that was in it.
 */
int signer_open(const char *dir, const char *head, struct error *err);

/*
 * Writes a new file and its signature.  When it returns 0 both are on the disk
 * under their names.  Killed at any step, or after a loss of power, the file is
 * there with its signature or it is not there.
 */
int signer_write(int dir, const char *name, const char *json, size_t len,
    const char *signature, struct error *err);

/*
 * Removes what a killed signer_write left: temporaries, and the signatures of
 * the snapshot and the change of the key that would have come next.
 */
int signer_clean(int dir, uint64_t newest, struct error *err);

/* The signature of a snapshot or statement, with its own trusted comment. */
char *signer_sign(const struct minisign_secret *secret, const char *json,
    size_t len, struct error *err);

/*
 * Drops the oldest snapshots of first..newest, when there are more than `keep`
 * and an eighth, after an anchor (statement.h) was written that says where the
 * chain goes on.  *first is the oldest one that is left.
 */
struct keychain;
int signer_retain(int dir, const struct minisign_secret *secret,
    const struct keychain *keys, size_t keep, uint64_t *first,
    uint64_t newest, struct error *err);

/*
 * Ends a signer_retain that was killed: removes what an anchor stands for.
 * Returns 0; 1 with err when one of them is left; -1.
 */
int signer_drop(int dir, uint64_t last, struct error *err);

#endif
