/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keys that have signed the snapshots of a directory, one after the other.
 * Each change of the key is signed by the old and by the new one
 * (statement.h), so whoever knows one of the keys knows them all.
 */
#ifndef JA_KEYCHAIN_H
#define JA_KEYCHAIN_H

#include "agent/sign/minisign.h"
#include "agent/sign/snapshot.h"

struct keychain {
	struct keychain_link {
		struct minisign_public pub;
		uint64_t after; /* it signs snapshots with higher numbers */
		char previous[DIGEST_HEX]; /* what the one of that number is */
		char host[256]; /* whose key became this one; "": the first */
	} *link;
	size_t count; /* at least 1 */
};

/*
 * The chain of a directory that `pub` belongs to; pub alone when it does not.
 * Returns 0; 1 when the chain is broken: *file is the statement that is not
 * good, err says why, and the chain is pub alone; -1 when nothing could be
 * looked at.
 */
int keychain_load(int dir, const struct minisign_public *pub,
    struct keychain *k, char file[SNAPSHOT_NAME_MAX], struct error *err);
void keychain_free(struct keychain *k);

/*
 * Whether `newest` (0: none) can be the end: behind which snapshot the key was
 * changed, both keys have signed.
 */
int keychain_check_end(const struct keychain *k, uint64_t newest,
    struct error *err);

/*
 * Whether `pub` may sign what comes next: it is the key to which the last change
 * in the directory, if any, leads.  One from before that, as a backup brings it
 * back, would only break the chain.
 */
int keychain_check_newest(const struct keychain *k, int dir,
    const struct minisign_public *pub, struct error *err);

/* Which of the keys signs the snapshot of that number. */
size_t keychain_at(const struct keychain *k, uint64_t sequence);

/* As minisign_verify, with whichever key it is: *link. */
int keychain_verify(const struct keychain *k, const void *data, size_t len,
    const char *sig, size_t sig_len, char *trusted, size_t *link,
    struct error *err);
/* As minisign_verify_comment. */
int keychain_verify_comment(const struct keychain *k, const char *sig,
    size_t sig_len, char *trusted, struct error *err);

/* Reads the anchor of that number and verifies it (statement.h). */
struct statement;
int keychain_anchor(const struct keychain *k, int dir, uint64_t number,
    struct statement *s, struct error *err);

#endif
