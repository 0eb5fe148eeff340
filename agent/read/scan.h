/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader's insides: what is known of the directory and of each file.
 *
 *   scan_look   directory -> table of files (scan.c, scan_file.c, places.c)
 *   away_carry  files that are not there any more (scan_away.c, scan_away.h)
 *   steps_short files that are written in steps (scan_steps.c, scan_steps.h)
 *   git_keeps   git is changing the directory   (scan_git.c)
 *   scan_judge  a set that counts as a whole    (scan_set.c)
 *   scan_merge  table -> specs and what changed (scan_merge.c)
 *   secrets_look files that hold secrets        (scan_secret.c)
 *   scan_encode the answer as bytes             (scan_code.c)
 *   kept_tell   what to keep for the next agent (scan_kept.c, scan_kept.h)
 *   signed_file whether a file is signed (scan_signed.c, signed.h)
 */
#ifndef JA_SCAN_H
#define JA_SCAN_H

#include <sys/types.h>

#include <limits.h>
#include <time.h>

#include "agent/base/bytes.h"
#include "agent/read/git_specs.h"
#include "agent/read/places.h"
#include "agent/read/reader.h"
#include "agent/read/scan_file.h"
#include "agent/read/secret.h"
#include "agent/read/signed.h"
#include "agent/read/watch.h"

#define PROOF_MS 1000 /* between two scans that prove an absence */

/* A spec as the agent was last told of it. */
struct sent {
	char *name, *file;
	unsigned line, column;
	unsigned char digest[SPEC_DIGEST_SIZE];
	struct text_list secrets; /* files that it names */
	bool barred; /* an error has kept it out: only the name was told */
};

struct reader {
	const struct reader_options *opt;
	char dir[PATH_MAX];  /* the set's name */
	char real[PATH_MAX]; /* where it is now */
	struct watch *watch; /* NULL: nobody wants hints */
	bool missed;	     /* something may have changed during the look */
	bool seen;	     /* `places` are known, and hold */
	bool never_ends;     /* a file is written in steps, for long */
	bool accept_helps, replaced; /* what the last look found */
	struct places places;
	char *places_told;   /* as places_write has them; NULL: not yet */
	struct files files;
	struct files away;   /* that are not there any more, sorted by name */
	const struct spec_doc **away_doc; /* their good ones, sorted by name */
	size_t away_docs;
	long long begun_ms;  /* of the first look; 0: there was none */
	long long look_ms;   /* when the newest scan began */
	bool looked;	     /* it took what it found */
	long long known_ms;  /* the oldest of files' known_ms; 0: never */
	long long git_ms;    /* since when git is at work; 0: it is not */
	long long calm_ms;   /* since when it is not, after a long time */
	struct git_specs commit; /* what it has, as it was read last */
	const char *no_commit; /* why commits are not known; NULL: they may be */
	char *git_problem;   /* it has been for long, and is */
	bool recalled;	     /* what vanished before our life */
	/* A newer look that is not a whole set, since when. */
	struct files pending;
	long long pending_ms;
	bool pending_settles; /* nothing was wrong with it but the time */
	bool manifest;	     /* the set that counts has a MANIFEST */
	bool manifest_kept;  /* that is known to the next agent */
	/*
	 * The set in `files` is not used before the agent has given up the
	 * defaults that are not part of it any more (READER_DROP).
	 */
	bool withheld;
	long long manifest_gone_ms; /* since when there is none; 0: there is */
	struct sent *sent;   /* sorted by name */
	size_t sent_count;
	size_t jails;
	unsigned char digest[SPEC_DIGEST_SIZE]; /* of what was sent */
	struct signed_input *signs; /* NULL: unsigned files count, too */
	bool no_leases;	     /* as on a system without them, for tests */
	bool remote;	     /* as on a network file system, likewise */
	unsigned tries;	     /* scans in a row that met a writer */
	bool swept;	     /* kept texts without a file were forgotten */
	struct text_list outdated; /* names of kept texts that do not count */
	bool strange; /* no kept text does (kept_strange) */
	struct text_list forgotten; /* files that are not there any more */
	struct secret_file *secret; /* sorted by file */
	size_t secret_count;
	struct text_list asked; /* files with secrets that the agent wants */
	struct text_list awaited; /* commits that somebody waits for */
	struct {
		char head[GIT_HEX_SIZE];
		struct text_list of, before; /* the former's that came before it */
	} passed;
	unsigned char *facts; /* files, errors, digest as they were encoded */
	size_t facts_len;
};

/* What scan_merge found to be new; points into `set`. */
struct changes {
	struct spec_set set;
	struct spec_errors errors;
	const struct spec **changed, **moved;
	size_t changed_count, moved_count;
	struct text_list gone;
	/* Files of set.invalid's names, one for each, or NULL. */
	const struct file **invalid_in;
	/* Those of them that are told for the first time, as numbers. */
	size_t *barred, barred_count;
};

int reader_init(struct reader *r, const struct reader_options *opt,
    struct error *err);
void reader_finish(struct reader *r);

/*
 * One scan, whole: looks, merges, and encodes the answer (allocated).
 * Returns 0, -1 only when memory is out.
 */
int reader_scan(struct reader *r, unsigned char **answer, size_t *len);

/* Files that were said to be gone do not count any more. */
void reader_drop(struct reader *r);

/*
 * Looks at all files of the directory.  Returns 0 with *changed telling
 * whether anything differs from before and *again_ms when to look again (0:
 * no need); -1 with the reason, and nothing is changed in what r holds.
 */
int scan_look(struct reader *r, bool *changed, unsigned *again_ms,
    struct error *err);

/* Stands among the files for the work tree in which git is for long. */
#define GIT_PLACE ".git"

/*
 * scan_git.c: whether a look has to wait because git is changing files, as a
 * checkout does that deletes before it creates.  After ten seconds it has not:
 * then r->git_problem says so, and keeps jails from being removed.
 */
bool git_keeps(struct reader *r);
/* Whether git began to during a look, or during the one before. */
bool git_began(struct reader *r);

/*
 * scan_set.c: whether the files are a set that counts as a whole, and are whole:
 * as the MANIFEST says, or all of what was swapped, with nothing wrong in any.
 * A MANIFEST that is gone counts for a second, in
 * which it may be replaced.  Returns 0, 1 with the reason when they
 * are not.  Files that a MANIFEST does not list are dropped then; those
 * with defaults the agent has to drop first.
 */
int scan_judge(struct reader *r, int dirfd, const struct places *places,
    struct files *next, struct error *err);
/* Whether specs can be made of these files without any error. */
int files_resolve(const struct files *files, struct error *err);

/*
 * Makes specs of the files, brings r->sent up to date.  Returns 0, -1 when
 * memory is out.
 */
int scan_merge(struct reader *r, struct changes *ch);
void changes_finish(struct changes *ch);

/* The file that a path in a message means, NULL if none. */
struct file *reader_file(const struct reader *r, const char *path);

/*
 * The answer in two parts: the facts (files, errors, digest), which are kept
 * as long as nothing changes, and the rest.  Returns 0, -1 when memory is out.
 */
int scan_encode_facts(struct reader *r, const struct spec_errors *errors);
struct answer {
	enum scan_state state;
	bool accept_helps, replaced;
	const char *why; /* for SCAN_MISSING */
	unsigned again_ms;
	uint32_t behind_ms;
	char revision[128];
	const char *no_commit;
};
int scan_encode(const struct reader *r, const struct answer *a,
    const struct changes *ch, const struct bytes_out *secrets,
    unsigned char **data, size_t *len);

#endif
