/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of fstab(5), as `mount` and the files of `mount.fstab` have them. */
#ifndef JA_FSTAB_H
#define JA_FSTAB_H

#include "error.h"
#include "value.h"

/* One line; dump frequency and pass number mean nothing to a jail. */
struct fstab_line {
	char *source, *target, *type;
	char *options; /* "rw" when none are said */
	char *memory;  /* of the others */
};

/*
 * Reads a line: fields between blanks, in which \040 and the like stand for a
 * character, `#' begins a comment.  The target is absolute and without "..".
 * Returns 0, 1 when there is nothing but blanks and a comment, -1 with err,
 * which tells what is wrong, without a place.
 */
int fstab_read(const char *text, struct fstab_line *l, struct error *err);
void fstab_free(struct fstab_line *l);

/* SOURCE TARGET TYPE OPTIONS, one blank between them; allocated, or NULL. */
char *fstab_print(const struct fstab_line *l);

/* Whether the comma-separated options have a word; "size" finds "size=1m". */
bool fstab_has_option(const char *options, const char *word);

/*
 * The difference of two lists of printed lines that belong to one jail.
 * `gone` and `come` have room for all of `from` and `to`: true for those that
 * are not in the other list.  Returns false when unmounting and mounting just
 * these would leave another state than mounting all of `to` in order: what
 * stays is in another order, or on or below a target that changes.
 */
bool fstab_difference(const struct text_list *from,
    const struct text_list *to, bool *gone, bool *come);

#endif
