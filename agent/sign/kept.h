/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Last good texts of spec files, kept so that a file that is broken while the
 * agent starts changes nothing (design: promise invalid-never-deletes).
 *
 * STATEDIR/good/HASH, HASH being 32 hex digits of the path's BLAKE2b: the four
 * lines of a minisign signature by the agent's key, whose trusted comment names
 * the path, and behind them the text.  One file, so that both change in one
 * step; not forced to the disk, since a torn one does not verify.
 */
#ifndef JA_KEPT_H
#define JA_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/sign/minisign.h"
#include "kernel/value.h"

#define KEPT_NAME_SIZE 33

char *kept_name(const char *path, char name[KEPT_NAME_SIZE]);
/* Whether a file name is one that kept_name makes. */
bool kept_is_name(const char *name);

/*
 * The text that is kept of a file; to be freed, a NUL follows.  Returns 0, 1
 * when there is none, -1 when it is not genuine, or cannot be read, as when the
 * directory itself is away.
 * `public_key` as for minisign_public_read; NULL: its signature is not looked at.
 */
int kept_read(const char *dir, const char *public_key, const char *path,
    char **text, size_t *len, struct error *err);

/*
 * The path that a kept file claims to be of, by its name in the directory; to
 * be freed.  NULL when there is none.  kept_read tells whether it is true.
 */
char *kept_path(const char *dir, const char *name);

/*
 * Removes what is kept, by its name in the directory; -1/errno, ENOENT when the
 * directory itself is away, since it may come back with what it had.
 */
int kept_forget(const char *dir, const char *name);

/*
 * Marks what is kept as outdated until it is removed by somebody who can wait for
 * a disk: the file NAME.NUMBER in the directory `marks`, which is of this boot.
 * A number is of one mark.  Returns 0, or -1/errno.
 */
int kept_mark(const char *marks, const char *name, uint64_t number);
int kept_unmark(const char *marks, const char *name, uint64_t number);
/*
 * Marks that could not be removed, or of which what they mark could not be, as
 * files of `marks`: noted, and removed with the next one of their name.
 */
int kept_note(struct text_list *left, const char *name, uint64_t number);
int kept_unmark_noted(const char *marks, const char *name,
    struct text_list *left);

/* Puts the names of all that is marked in a list that is empty, sorted. */
int kept_marked(const char *marks, struct text_list *names);

/*
 * Marks are of one directory, which is noted beside them.  When another one has
 * its place, as an old one that was mounted or put back, what that has may be
 * older than anything that was used since: none of it counts, and it is removed
 * before anything is written there.
 */
bool kept_strange(const char *dir, const char *marks);
/* Does that.  Returns 1, 0 when it is the one that was noted, or the first; -1. */
int kept_adopt(const char *dir, const char *marks, struct error *err);

/*
 * Adopts the directory and removes all that is marked, with its marks; for who
 * has the lock `signing` (paths.h), since a signer of before may be writing what
 * was marked then.
 * What is left, with its mark, is noted.  -1: memory is out.
 */
int kept_clear(const char *dir, const char *marks, struct text_list *left);

/* For the signer, which has the directory open. */
int kept_write(int dir, const struct minisign_secret *secret,
    const char *path, const char *text, size_t len, struct error *err);

#endif
