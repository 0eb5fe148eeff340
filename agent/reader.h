/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader: a helper process that scans, checks and parses the watched
 * directory, so that neither a slow disk nor a hostile file meets the process
 * that holds the jails.
 *
 * It keeps the documents of each file, parses a file again only when its
 * stat(2) data changed, and keeps the last good documents of a file that became
 * invalid.  A scan's answer holds only what changed since the last answer.
 */
#ifndef JA_READER_H
#define JA_READER_H

#include "specs/spec.h"

struct reader_options {
	const char *dir; /* the watched directory */
	bool trust;	 /* check owners and modes (promise trusted-input) */
};

/* Why a directory cannot be taken at its word. */
enum scan_state {
	SCAN_OK,
	SCAN_MISSING,	/* no such directory, unreadable, another device */
	SCAN_UNSETTLED, /* some file is being written: scan again soon */
};

/* What a scan found, as the agent decodes it. */
struct scan {
	enum scan_state state;
	char *why; /* for SCAN_MISSING: complete message */
	char *dir; /* canonical path: the set's name */
	/* Specs that are new or changed since the last answer. */
	struct spec **changed;
	size_t changed_count;
	/* Names that are no longer said by any file. */
	struct text_list gone;
	/* All errors and warnings that are there now. */
	struct spec_errors errors;
	/* All files now; invalid ones name the specs they last held. */
	struct scan_file {
		char *path;
		bool valid;
		bool has_last_good; /* its last good documents are in use */
	} *file;
	size_t file_count;
	size_t jails; /* specs in all */
	unsigned char digest[SPEC_DIGEST_SIZE]; /* of the set */
	char revision[128];
};

/* Message types on the reader's channel. */
enum { READER_SCAN = 1, READER_RESULT = 2 };

/*
 * The helper's body: answers each READER_SCAN (no data) with a READER_RESULT.
 * `arg` is a struct reader_options.
 */
int reader_body(int fd, void *arg);

/* Decodes a READER_RESULT; scan_free frees what it filled in. */
int scan_decode(const unsigned char *data, size_t len, struct scan *s,
    struct error *err);
void scan_free(struct scan *s);

#endif
