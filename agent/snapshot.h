/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed states: canonical JSON, hash chain, tree head over the jails, a
 * minisign signature beside each (design: "Snapshots").
 */
#ifndef JA_SNAPSHOT_H
#define JA_SNAPSHOT_H

#include <stdint.h>

#include "kernel/value.h"

#define SNAPSHOT_FORMAT "jailagent-snapshot/1"
#define DIGEST_SIZE 32 /* BLAKE2b-256 and SHA-256 */

/* One live parameter; texts are canonical, secrets already redacted. */
struct snapshot_param {
	const char *name;
	struct text_list value;
};

/* A jail's state.  Digests are lower-case hex or "". */
struct snapshot_jail {
	char *name, *state, *set, *token;
	char *spec_digest, *applied_digest, *error;
	int jid; /* 0: does not run */
	struct snapshot_param *param;
	size_t count;
};

struct snapshot {
	uint64_t sequence;
	char previous[2 * DIGEST_SIZE + 1]; /* hex; zeros for the first */
	char *host, *boot, *kernel, *revision, *set;
	int64_t taken; /* seconds since the epoch */
	struct snapshot_jail *jail; /* sorted by name */
	size_t count;
};

/*
 * Canonical JSON (sorted keys, no space, UTF-8, integers and strings only)
 * with `root` filled in.  Allocated; *len without the NUL.
 */
char *snapshot_encode(const struct snapshot *s, size_t *len,
    struct error *err);
/* Refuses what is not in canonical form or has a wrong root. */
int snapshot_decode(const char *json, size_t len, struct snapshot *s,
    struct error *err);
void snapshot_free(struct snapshot *s);

/*
 * The newest snapshot of a directory whose signature, made by the public key,
 * is good.  Returns 0, 1 when there is none at all, -1 when the newest one is
 * not good (err says which and why).  `digest` is that of its file.
 */
int snapshot_newest(const char *dir, const char *public_key,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], struct error *err);

/*
 * Verifies a directory, or one file: signatures, chain, sequence, root, host.
 * Calls `report` for each finding; returns 0 when all is good, 1 otherwise,
 * -1 when nothing could be looked at.
 */
int snapshot_verify(const char *path, const char *public_key,
    void (*report)(void *arg, const char *file, const char *problem),
    void *arg, size_t *verified, struct error *err);

/*
 * The signer: a helper process that holds the secret key and writes snapshots.
 * SIGNER_WRITE carries a snapshot's JSON without sequence, previous and root
 * decided by the signer; the answer SIGNER_DONE carries a struct signer_answer.
 */
struct signer_options {
	const char *dir;	/* snapshots */
	const char *key;	/* secret key file */
	const char *public_key;
};

enum { SIGNER_WRITE = 1, SIGNER_DONE = 2 };

struct signer_answer {
	int64_t sequence; /* -1: failed, `text` says why */
	unsigned char digest[DIGEST_SIZE];
	char text[512];
};

/*
 * `arg` is a struct signer_options.  The helper reads the key, then answers
 * each SIGNER_WRITE, whose data is what snapshot_encode made with sequence 0:
 * it sets sequence and previous, signs, and writes durably (temporary, fsync,
 * rename, fsync of the directory).
 */
int signer_body(int fd, void *arg);

#endif
