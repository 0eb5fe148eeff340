/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader: a helper process that watches, scans, checks and parses the
 * directory, so that neither a slow disk nor a hostile file meets the process
 * that holds the jails.
 *
 * It keeps the documents of each file, parses a file again only when its
 * stat(2) data changed, and keeps the last good documents of a file that became
 * invalid.  A scan's answer holds only what changed since the last answer.
 */
#ifndef JA_READER_H
#define JA_READER_H

#include <stdint.h>

#include "agent/sign/minisign.h"
#include "specs/spec.h"

struct reader_options {
	const char *dir; /* the watched directory */
	bool below;	 /* with the directories below it */
	bool trust;	 /* check owners and modes (promise trusted-input) */
	bool watch;	 /* READER_HINT is wanted */
	/* Where last good texts are kept, and their key; NULL: nowhere. */
	const char *good, *public_key;
	const char *outdated; /* marks of those that do not count; or NULL */
	const char *applied; /* where specs are as they were applied; or NULL */
	/* Files count only when one of these keys has signed them. */
	const struct minisign_public *key;
	size_t keys;	      /* 0: unsigned ones count, too */
	const char *accepted; /* the record of what was accepted */
	bool peek; /* nothing is done: what could be recorded counts */
};

/* Why a directory cannot be taken at its word. */
enum scan_state {
	SCAN_OK,
	SCAN_MISSING,	/* no such directory, unreadable, another device */
	/*
	 * Some file is being written: scan again soon.  Its last good specs
	 * are in use; behind_ms tells how old they are.
	 */
	SCAN_UNSETTLED,
};

#define SCAN_NEVER UINT32_MAX

/* What a scan found, as the agent decodes it. */
struct scan {
	enum scan_state state;
	char *why; /* for SCAN_MISSING: complete message */
	char *dir; /* the set's name (set_name) */
	bool accept_helps; /* READER_ACCEPT would help */
	bool replaced; /* another directory than that of the scan before */
	unsigned again_ms; /* scan again after this time; 0: no need */
	/*
	 * How long before the scan was asked for each file had been read as it
	 * was then, at least.  SCAN_NEVER: that cannot be said of some, or nothing
	 * was looked at.
	 */
	uint32_t behind_ms;
	char *events;	   /* why there are no hints; "": there are */
	/* Specs that are new or have another digest since the last answer. */
	struct spec **changed;
	size_t changed_count;
	/* Specs that only moved: another file, line or column. */
	struct spec **moved;
	size_t moved_count;
	/* Names that are no longer said by any file. */
	struct text_list gone;
	/*
	 * Names that a file says and an error keeps out (two files say them, their
	 * defaults are wrong), and of which no spec was ever told: they are said
	 * until they are among `gone`.
	 */
	struct scan_barred {
		char *name;
		const char *file; /* of `file`, or NULL */
	} *barred;
	size_t barred_count;
	/* All errors and warnings that are there now; paths are those of
	   `file`, NULL where no file is meant. */
	struct spec_errors errors;
	/* All files now; invalid ones name the specs they last held. */
	struct scan_file {
		char *path;
		bool valid;
		/*
		 * Its last good documents are in use, and nothing is wrong with
		 * them.  It may still be about jails that they do not declare.
		 */
		bool has_last_good;
		char *words; /* of an invalid one, see words.h */
		/* Being written, or defaults that vanished just now: it counts
		   as it was before. */
		bool unsettled;
		/* Its defaults count as if it were there, until READER_DROP. */
		bool gone;
	} *file;
	size_t file_count;
	char *texts; /* of the files */
	/*
	 * Secrets that are new, or cannot be read any more.  Without value and
	 * problem: nothing names the file any more.
	 */
	struct scan_secret {
		char *file, *real, *value, *problem;
	} *secret;
	size_t secret_count;
	size_t jails; /* specs in all */
	unsigned char digest[SPEC_DIGEST_SIZE]; /* of the set */
	/* Git commit, "+dirty"; else digest in hex, "" before any set counted. */
	char revision[128];
	char *no_commit; /* why commits are not known here; or NULL */
	struct text_list passed; /* of those that somebody waits for: ancestors */
};

/*
 * Message types on the reader's channel.  READER_SCAN's data are texts: files
 * with secrets that are wanted beside those that the specs name, and commits that
 * somebody waits for (of each a count, then put_text); none at all is none.
 * READER_ACCEPT (no data, no answer) takes the directories as they are at the next
 * scan, on whatever device.
 * READER_DROP (likewise) gives up all files that the last answer had as gone;
 * READER_WATCH (likewise) sets up anew what tells of changes.
 * READER_HINT comes at any time: something changed that no answer had yet.
 * Before and behind a result there may be any number of READER_FORGET, with the
 * name of a kept text that does not count any more (kept.h), and of READER_KEEP,
 * meant for the signer and as it takes it (SIGNER_KEEP), and behind it one
 * READER_RECORD (SIGNER_RECORD), which is answered by READER_RECORDED with why
 * it is not on the disk, or nothing.  READER_RESET says that the record was
 * emptied.
 * READER_UNKEPT says that of what was meant to be kept some may not be; with the
 * number 1 all is looked at, a part at a time, with 0 the next part.  The answer is
 * a READER_UNKEPT with how many files are left, behind what is to be kept again,
 * or to be forgotten: by READER_FORGET_MARKED where it has its mark already.
 */
enum { READER_SCAN = 1, READER_RESULT = 2, READER_ACCEPT = 3,
	READER_KEEP = 4, READER_FORGET = 5, READER_RECORD = 6,
	READER_RECORDED = 7, READER_RESET = 8, READER_DROP = 9,
	READER_WATCH = 10, READER_HINT = 11, READER_UNKEPT = 12,
	READER_FORGET_MARKED = 13 };

/*
 * The name of the set that a directory holds: its absolute path.  Symbolic
 * links are left as they are, since a layout that swaps a link (git-sync)
 * must stay one set; only a path with ".." is resolved.  `buf` has PATH_MAX
 * bytes.
 */
int set_name(const char *dir, char *buf, struct error *err);

/*
 * The helper's body: gives up privileges, then answers each READER_SCAN with
 * a READER_RESULT.  `arg` is a struct reader_options.
 */
int reader_body(int fd, void *arg);

/*
 * Decodes a READER_RESULT; anything that is not exact is refused.  Specs that
 * the caller wants to keep are replaced by NULL before scan_free.
 */
int scan_decode(const unsigned char *data, size_t len, struct scan *s,
    struct error *err);
void scan_free(struct scan *s);
/* Wipes the values, once they are taken over. */
void scan_forget_secrets(struct scan *s);

#endif
