/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small signed files beside the snapshots, which say of the chain what its own
 * files cannot.  Each is canonical JSON, with a signature and trusted comment
 * of the same form as a snapshot's.
 *
 *   NNNNNNNN.anchor  all snapshots up to NNNNNNNN were dropped; the chain goes
 *                    on with the one that names `previous`:
 *       format, host, previous: texts
 *       sequence, taken: integers
 *
 *   NNNNNNNN.key     the NNNNNNNNth change of the signing key: from snapshot
 *                    `sequence` + 1 on `to` signs instead of `from`.  Both have
 *                    signed it: .key.minisig is by the old key, .key.by-new by
 *                    the new one.  Besides the same fields:
 *       from, to: texts, base64 as in the public key's file
 */
#ifndef JA_STATEMENT_H
#define JA_STATEMENT_H

#include "agent/sign/minisign.h"
#include "agent/sign/snapshot.h"

enum statement_kind { STATEMENT_ANCHOR, STATEMENT_KEY, STATEMENT_KINDS };

struct statement {
	uint64_t sequence;	   /* of the snapshot that it is about */
	char previous[DIGEST_HEX]; /* the digest of that snapshot's file */
	char *host;
	int64_t taken; /* seconds since the epoch */
	char from[MINISIGN_PUBLIC_LINE], to[MINISIGN_PUBLIC_LINE];
};

char *statement_encode(enum statement_kind kind, const struct statement *s,
    size_t *len, struct error *err);
void statement_free(struct statement *s);

/* "00000012.anchor" */
char *statement_name(enum statement_kind kind, uint64_t number,
    char name[SNAPSHOT_NAME_MAX]);
/* The number in a file name; -1 when it is not a name of this kind. */
int64_t statement_name_number(enum statement_kind kind, const char *name);

/* The highest number of this kind in a directory, 0 when there is none. */
int statement_newest(int dir, enum statement_kind kind, uint64_t *number,
    struct error *err);

/*
 * How far the signer of a directory has come.  It may drop snapshots, or change
 * the key, while somebody looks at them: what is found meanwhile need not be so.
 */
struct statement_marks {
	uint64_t newest[STATEMENT_KINDS];
};

/* Looks, and says whether that is not what was noted in *m; notes it. */
bool statement_moved(int dir, struct statement_marks *m);

/* So often who finds something while it moves begins anew. */
#define STATEMENT_TRIES 8

#define STATEMENT_BY_NEW ".by-new" /* behind the name: a signature */

/*
 * Reads the statement of that number; its form and name are right, its
 * signatures are the caller's to look at (keychain.h).  *json is allocated.
 * The error does not name the file.
 */
int statement_read(int dir, enum statement_kind kind, uint64_t number,
    struct statement *s, char **json, size_t *len, struct error *err);

#endif
