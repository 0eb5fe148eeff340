/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the snapshots of a directory are one unbroken history. */
#ifndef JA_VERIFY_H
#define JA_VERIFY_H

#include "agent/sign/head.h"

struct verify_options {
	const char *public_key; /* as for minisign_public_read */
	const char *host;	/* that all have to be of; NULL: any */
	/*
	 * What the directory has to have, or to have gone on from: a snapshot's
	 * file, or "NUMBER:DIGEST".  NULL: nothing is known of it.  It finds an
	 * end that was cut off, and a history that was replaced as a whole.
	 */
	const char *seen;
	/* Where a file's keys are; NULL: in its own directory. */
	const char *keys_dir;
	/* What the host itself noted of the newest one, or NULL: nothing. */
	const struct head *head;
	void (*report)(void *arg, const char *file, const char *problem);
	void *arg;
};

struct verify_result {
	size_t verified;
	uint64_t newest; /* of those that verified; 0: none */
	char digest[DIGEST_HEX], host[256];
};

/*
 * Verifies a directory, or one file: signatures, chain, sequence, root, host.
 * Calls `report` for each finding; returns 0 when all is good, 1 otherwise,
 * -1 when nothing could be looked at.
 */
int snapshot_verify(const char *path, const struct verify_options *opt,
    struct verify_result *result, struct error *err);

#endif
