/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the snapshots of a directory are one unbroken history. */
#ifndef JA_VERIFY_H
#define JA_VERIFY_H

#include "agent/sign/snapshot.h"

/*
 * Verifies a directory, or one file: signatures, chain, sequence, root, host.
 * Calls `report` for each finding; returns 0 when all is good, 1 otherwise,
 * -1 when nothing could be looked at.
 */
int snapshot_verify(const char *path, const char *public_key,
    void (*report)(void *arg, const char *file, const char *problem),
    void *arg, size_t *verified, struct error *err);

#endif
