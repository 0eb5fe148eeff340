/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specs that count only when they are signed (promise trusted-input).
 *
 * A file is looked into only after its signature was verified, and counts only
 * after its number is on record on the disk: the reader asks for that, and goes
 * on with what it has until the answer comes.  With a MANIFEST it is the
 * MANIFEST that is signed, and files count by being listed; once one was
 * accepted there has to be one for ever.
 */
#ifndef JA_SIGNED_H
#define JA_SIGNED_H

#include "agent/read/manifest.h"
#include "agent/sign/accepted.h"
#include "kernel/error.h"

struct signed_input {
	struct accepted accepted; /* as on the disk */
	bool known;		  /* it was read */
	struct accepted news;	  /* to be accepted, found by this scan */
	bool asked;		  /* the answer is not there yet */
	char problem[ERROR_TEXT_MAX]; /* why the last one was not recorded */
	/* The MANIFEST of this scan. */
	bool listed;
	struct manifest manifest;
	uint64_t number;
	unsigned char digest[ACCEPTED_DIGEST];
	char list_problem[ERROR_TEXT_MAX]; /* why it does not count, or "" */
	unsigned resets; /* what was verified before the last one does not count */
};

struct reader;
struct file;
struct files;

/* At the beginning of a scan; -1 with the reason when no file can count. */
int signed_begin(struct reader *r, int dirfd, struct error *err);

/*
 * Whether the text of a file counts.  Returns 0, 1 when that cannot be said
 * yet, -1 with the reason.
 */
int signed_file(const struct reader *r, int dirfd, const struct file *f,
    const char *text, size_t len, struct error *err);

/* The identity of FILE.minisig as it is now; zeros when there is none. */
struct file_id;
void signed_identify(int dirfd, const char *name, struct file_id *sig);

/*
 * At the end, with a MANIFEST: 0 when its number is on record; 1 when that is
 * asked for, -1 with the reason when it does not count.
 */
int signed_end(const struct reader *r, const struct files *next,
    struct error *err);

/* Sends what is to be recorded, as READER_RECORD. */
typedef int signed_send_fn(void *arg, unsigned type, const void *data,
    size_t len);
int signed_tell(struct reader *r, signed_send_fn *send, void *arg);

/* The answer: recorded, or why not; or the record was emptied. */
void signed_recorded(struct reader *r, const char *problem);
void signed_reset(struct reader *r);
void signed_finish(struct reader *r);

#endif
