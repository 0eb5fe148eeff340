/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal file: one JSON object a line, appended before the deed it speaks
 * of.  Its first line names the boot; a journal of another boot is discarded.
 * A last line that was cut short by a crash is ignored: its deed never began.
 */
#ifndef JA_JOURNAL_H
#define JA_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/error.h"

enum journal_stage {
	JOURNAL_PREPARING, /* something may be made around it */
	JOURNAL_CREATING,
	JOURNAL_UP,
	JOURNAL_REMOVING,
	JOURNAL_DOWN,
	JOURNAL_GONE,
	JOURNAL_HOOK, /* runs: jid is its pid, token its start */
	JOURNAL_MAKING, /* `what` is about to be made on the host */
	JOURNAL_UNMADE,
};

struct journal_record {
	enum journal_stage stage;
	const char *name, *set, *token, *boot;
	int jid;
	/* MAKING, UNMADE: the thing; else the jail's path, NULL: not known. */
	const char *what;
	int64_t at; /* since when it is up, s since the epoch; 0: unknown */
};

/*
 * Calls `each` for every line; a missing journal has none.  Returns how many
 * lines were damaged and skipped (err tells of the first), -1 on error.
 */
int journal_read(const char *path, const char *boot,
    int (*each)(void *arg, const struct journal_record *r), void *arg,
    struct error *err);

/* Opens for appending, starting a new journal unless it is of this boot. */
int journal_open(const char *path, const char *boot, struct error *err);

/* Appends a line in one write(2); returns its length, -1 on error. */
int journal_append(int fd, const struct journal_record *r, struct error *err);

/* A new journal beside the old one, which `end` puts in its place. */
int journal_begin_rewrite(const char *path, const char *boot,
    struct error *err);
int journal_end_rewrite(const char *path, int fd, struct error *err);

/* Whether the process of a hook's record is there, and is that one. */
bool journal_hook_lives(const struct journal_record *r);
/* Kills it: a hook leads a session of its own, so its group has its number. */
void journal_kill_hook(const struct journal_record *r);

#endif
