/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed states: canonical JSON, hash chain, tree head over the jails, a
 * minisign signature beside each (design: "Snapshots").
 *
 * A snapshot's file is one object, without white space, keys sorted, texts and
 * integers as RFC 8785 writes them (buffer.h tells what becomes of bytes that
 * are not UTF-8):
 *
 *   boot, format, host, kernel, previous, revision, root, set: texts
 *   sequence, taken: integers
 *   defaults: object of parameters; left out when there are none
 *   jails: array of objects, sorted by name, each with
 *       applied, error, name, set, spec, state, token: texts
 *       jid: integer; 0: it does not run
 *       params: object of parameters
 *
 * A parameter's value is an array of texts, so that a list of one text with a
 * comma and one of two texts differ.  A jail that runs has all parameters of
 * `defaults`, with the values there, and those of its own `params`, which go
 * before.  So a jail takes few bytes, and who reads the file needs nothing else
 * to know all parameters.
 *
 * `root` is the RFC 6962 head over the JSON of each jail as a whole: its element
 * of `jails`, in whose `params` are also the parameters that it has from
 * `defaults`.  So the JSON of one jail and its path to the root prove all of its
 * state, without the rest of the file; and which parameters are told as defaults
 * does not change the root.  (The first snapshots with `defaults` had the head
 * over the elements as they stand; that is still read.)  The trusted comment of
 * the signature is
 *
 *   timestamp:TAKEN seq:SEQUENCE prev:PREVIOUS host:HOST
 *
 * where HOST is as between its quotes in the file, with '?' for DEL.
 */
#ifndef JA_SNAPSHOT_H
#define JA_SNAPSHOT_H

#include <stdint.h>

#include "agent/base/buffer.h"
#include "kernel/value.h"

#define SNAPSHOT_FORMAT "jailagent-snapshot/1"
#define SNAPSHOT_MAX (256u * 1024 * 1024) /* bytes that are read */
#define DIGEST_SIZE 32 /* BLAKE2b-256 and SHA-256 */
#define DIGEST_HEX (2 * DIGEST_SIZE + 1)

/* One live parameter; texts are canonical, secrets already redacted. */
struct snapshot_param {
	char *name;
	struct text_list value;
};

struct snapshot_params {
	struct snapshot_param *param; /* names differ */
	size_t count;
};

/* A jail's state.  Digests are lower-case hex or "".  NULL counts as "". */
struct snapshot_jail {
	char *name, *state, *set, *token;
	char *spec_digest, *applied_digest, *error;
	int jid; /* 0: does not run */
	struct snapshot_param *param; /* names differ; any order */
	size_t count;
};

/* All texts and arrays are owned; snapshot_free frees them. */
struct snapshot {
	uint64_t sequence;
	char previous[DIGEST_HEX]; /* hex; zeros (or "") for the first */
	char root[DIGEST_HEX];	   /* filled in by snapshot_decode */
	char *host, *boot, *kernel, *revision, *set;
	int64_t taken; /* seconds since the epoch */
	struct snapshot_params defaults; /* of jails that run; sorted */
	struct snapshot_jail *jail; /* sorted by name */
	size_t count;
};

/*
 * Canonical JSON (sorted keys, no space, UTF-8, integers and strings only)
 * with `root`, worked out when s has none, so that what was read is written
 * again as it was.  Allocated; *len without the NUL.
 */
char *snapshot_encode(const struct snapshot *s, size_t *len,
    struct error *err);

/*
 * The parts of it: the JSON of one jail, and what stands around all of them.  A
 * jail that runs gets those of `defaults` (or NULL) that it does not tell.
 */
int snapshot_add_jail(struct buffer *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, struct error *err);
void snapshot_add_front(struct buffer *b, const struct snapshot *s);
void snapshot_add_back(struct buffer *b, const struct snapshot *s,
    const char root[DIGEST_HEX]);

/*
 * What the tree has for a jail that lacks what is as the defaults say.  The JSON
 * is made in `b`, which the caller frees after the last jail.
 */
int snapshot_leaf(struct buffer *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, unsigned char leaf[DIGEST_SIZE],
    struct error *err);

/* Refuses what is not in canonical form or has a wrong root. */
int snapshot_decode(const char *json, size_t len, struct snapshot *s,
    struct error *err);
void snapshot_free(struct snapshot *s);
void snapshot_free_jails(struct snapshot *s);
void snapshot_params_free(struct snapshot_params *p);
void snapshot_jail_free(struct snapshot_jail *j);

/* BLAKE2b-256 of a snapshot's file. */
void snapshot_digest(const char *json, size_t len,
    unsigned char digest[DIGEST_SIZE]);

/* The trusted comment that belongs to a snapshot's JSON; allocated. */
char *snapshot_comment(const char *json, size_t len, struct error *err);

/* "00000001.json": the file name of a snapshot. */
#define SNAPSHOT_NAME_MAX 32
char *snapshot_name(uint64_t sequence, char name[SNAPSHOT_NAME_MAX]);
/* The sequence in a file name, 0 when it is not a snapshot's name. */
uint64_t snapshot_name_sequence(const char *name);

/* Opens a directory of snapshots, or that of a file, where its keys are; -1/errno. */
int snapshot_directory(const char *path, bool is_dir);

/*
 * The sequences of a directory's snapshots, ascending; *sequence is allocated.
 * `dir` is not moved nor closed.
 */
int snapshot_sequences(int dir, uint64_t **sequence, size_t *count,
    struct error *err);

/*
 * The two halves of what FILE.minisig says of a text: that it is signed by the
 * key *link of the chain, by which its trusted comment (MINISIGN_COMMENT_MAX + 1
 * bytes) is authentic, and that this is the comment that belongs to the text.
 */
struct keychain;
int snapshot_check_signature(int dir, const char *file,
    const struct keychain *keys, const char *json, size_t len,
    char *comment, size_t *link, struct error *err);
int snapshot_check_comment(const char *json, size_t len, const char *comment,
    struct error *err);

/*
 * Reads a file of a directory (or AT_FDCWD) and verifies all that one file can
 * tell: signature by the key of its number, canonical form, root, trusted
 * comment, name.  `digest` is
 * set (*readable) whenever the file could be read.  The error does not name
 * the file.
 */
int snapshot_load(int dir, const char *file, const struct keychain *keys,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], bool *readable,
    struct error *err);

/*
 * The newest snapshot of a directory whose signature, made by the public key
 * (a file, or the base64 line itself), is good.  Returns 0, 1 when there is
 * none at all, -1 when the newest one is not good, or there was a newer one (err
 * says which and why).
 * `digest` is that of its file.
 */
int snapshot_newest(const char *dir, const char *public_key,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], struct error *err);

#endif
