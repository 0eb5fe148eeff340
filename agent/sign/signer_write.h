/* SPDX-License-Identifier: BSD-2-Clause */
/* How a snapshot reaches the disk; for the signer alone. */
#ifndef JA_SIGNER_WRITE_H
#define JA_SIGNER_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

/*
 * Writes snapshot `sequence` and its signature.  When it returns 0 both are on
 * the disk under their names.  Killed at any step, or after a loss of power,
 * the directory holds the old chain or the new one, never a snapshot without
 * its signature.
 */
int signer_write(int dir, uint64_t sequence, const char *json, size_t len,
    const char *signature, struct error *err);

/*
 * Removes what a killed signer_write left: temporaries, and the signature of
 * the snapshot that would have followed `newest`.
 */
int signer_clean(int dir, uint64_t newest, struct error *err);

#endif
