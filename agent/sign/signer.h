/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that holds the secret key and writes snapshots. */
#ifndef JA_SIGNER_H
#define JA_SIGNER_H

#include <sys/types.h>

#include "agent/sign/snapshot.h"

/*
 * The signer: a helper process that holds the secret key and writes snapshots.
 * It is told of jails as they change (signer_state.h): SIGNER_JAIL about one,
 * SIGNER_FORGET_JAILS; these have no answer.  SIGNER_WRITE asks for a snapshot
 * of them; the answer SIGNER_DONE carries a struct signer_answer.
 * SIGNER_KEEP carries the path of a spec file, a NUL and a text to be kept,
 * SIGNER_FORGET the name of a kept one, the number being that of its mark; only
 * failures are answered, by
 * SIGNER_NOT_KEPT with a message; with the number 1 it is about a copy of an
 * applied spec, which is made as a jail is told, and tried again with each snapshot.
 * SIGNER_READY comes first, by itself, with what is to be logged, or nothing;
 * with a number that is not 0 it is why nothing is signed.
 * SIGNER_ROTATE asks for another key; SIGNER_ROTATED has its base64 line (behind
 * a SIGNER_READY when there is something to be logged of it),
 * SIGNER_NOT_ROTATED says why there is none.
 * SIGNER_RECORD carries the text of accepted.h; SIGNER_RECORDED says that it is
 * on the disk, or with a message why not.
 */
struct signer_options {
	const char *dir;	/* snapshots */
	/* Last good texts of spec files, and marks of outdated ones (kept.h). */
	const char *good, *outdated;
	/* Applied specs, and where they are copied to (copies.h); or NULL. */
	const char *applied, *copies;
	const char *key;	/* secret key file */
	const char *public_key;
	size_t keep; /* snapshots; 0: all */
	const char *state; /* the state directory, for SIGNER_RECORD */
	/* What was written last in this boot (RUNDIR/head), or NULL. */
	const char *head;
	/* Held while the key is in use (paths.h), or NULL: nobody else has it. */
	const char *lock;
	bool make_key; /* when there is none */
};

/* How long a new signer waits for one that was there before. */
#define SIGNER_WAIT_MS 1000

enum { SIGNER_WRITE = 1, SIGNER_DONE = 2, SIGNER_KEEP = 3,
	SIGNER_FORGET = 4, SIGNER_NOT_KEPT = 5, SIGNER_RECORD = 6,
	SIGNER_RECORDED = 7, SIGNER_READY = 8, SIGNER_ROTATE = 9,
	SIGNER_ROTATED = 10, SIGNER_NOT_ROTATED = 11, SIGNER_JAIL = 12,
	SIGNER_FORGET_JAILS = 13 };

struct signer_answer {
	/*
	 * Of the newest snapshot, which says what was told: another one is not
	 * written when that says the same, or the same of another revision and
	 * this one is unknown ("").  -1: failed, `text` says why.
	 */
	int64_t sequence;
	unsigned char digest[DIGEST_SIZE];
	/* With a sequence: what is odd, such as a clock that went back. */
	char text[512];
};

/*
 * `arg` is a struct signer_options.  The helper reads the key, then answers
 * each SIGNER_WRITE: it sets root, sequence and previous, signs, and writes
 * durably (temporary, fsync, rename, fsync of the directory).  What
 * prevents it from starting is the answer to each write, and tried again each
 * time.
 */
int signer_body(int fd, void *arg);

/* How long an answer is waited for where somebody waits. */
#define SIGNER_PATIENCE_MS 10000

/* Waits until it says something, so long; -1: it did not. */
int signer_wait(int fd, struct error *err);

/*
 * Starts it, and waits for SIGNER_READY, as signer_wait does.  Returns the
 * channel.
 */
struct signer_said {
	char text[2 * ERROR_TEXT_MAX];
	bool trouble; /* it is a reason why nothing is signed */
	bool late;    /* ... which is that SIGNER_READY did not come yet */
};
int signer_start(const struct signer_options *o, struct signer_said *said,
    pid_t *pid, struct error *err);

#endif
