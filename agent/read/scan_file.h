/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of each file. */
#ifndef JA_SCAN_FILE_H
#define JA_SCAN_FILE_H

#include "agent/read/content.h"
#include "agent/read/places.h"
#include "agent/read/quiet.h"

struct reader;

struct file {
	char *path;
	const char *name;     /* the end of `path`, below the directory */
	struct file_id id;
	struct content *now;  /* NULL: could not be read, or not yet */
	struct content *good; /* what it last held without an error */
	/* The same of one that was gone for long: only to compare with. */
	struct content *before;
	char *problem;	      /* why it could not be read */
	bool unsettled;	      /* somebody is writing it */
	bool in_steps;	      /* by one writer after the other */
	bool unsigned_yet;    /* it waits for what counts it */
	/* The file that `now` was read from, and when it was written. */
	struct {
		struct file_id id;
		struct timespec born;
		long long ms; /* monotonic */
	} taken;
	long long writing_ms; /* since when somebody is; 0: nobody */
	bool racy;	      /* read right after a write: times may be old */
	bool invalid;	      /* scan_merge: an error is in it */
	bool stands_in;	      /* ... and what is in use for it is right */
	bool sent;	      /* the signer was told of it */
	bool doubted;	      /* ... but may not have kept it */
	bool asked;	      /* for a kept text, since there was no good one */
	struct file_id sig;   /* of NAME.minisig, when files must be signed */
	unsigned resets;      /* of signed.h, when it was looked at */
	long long since_ms;   /* when `id` was first seen, monotonic */
	/*
	 * When the newest scan began by which it was known what it holds, or what
	 * is wrong with it; monotonic, 0: never.
	 */
	long long known_ms;
	long long vanished_ms; /* since when it is absent; 0: it is there */
	bool gone;	      /* that is proven; the agent decides (READER_DROP) */
	bool dropped;	      /* it did */
	bool forgotten;	      /* of what is away: all but for comparing */
	bool lost;	      /* with a directory that another one replaced */
};

struct files {
	struct file *file; /* sorted by name */
	size_t count;
};

/*
 * Looks at one file; `old` is what is known of it (or NULL) and stays as it
 * is.  Returns 1 when *f is filled in, 0 when there is no such file, -1 when
 * memory is out.
 */
int scan_file(const struct reader *r, int dirfd, const char *name,
    const struct file *old, struct file *f);
/* The same for a name that stands for something that cannot be used. */
int scan_problem(const struct reader *r, const char *name, const char *why,
    struct file *f);
/* A file of which nothing can be known now is what it was. */
int scan_carry(const struct reader *r, const struct file *old, struct file *f);
/* One whose directory was swapped. */
int scan_lost(const struct reader *r, const struct file *old,
    const struct place *p, struct file *f);
bool file_same(const struct file *a, const struct file *b);
/* Whether one that cannot be used holds the text that is in use all the same. */
bool file_unwritten(const struct file *f);
void file_finish(struct file *f);
void files_finish(struct files *files);

#endif
