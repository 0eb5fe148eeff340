/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stamps: what the agent keeps for itself (applied specs with their copies, specs
 * to go back to, users' orders) has a digest under the vault's key, which
 * never leaves the state directory.  Hooks of applied specs run as root: a text that
 * was changed, damaged, or copied from another name is not taken for the
 * agent's own.  A stamp is the last line of a file, "# stamp HEX".
 *
 * STATEDIR/stamps is there once all of them have one.  Without it (an earlier
 * version wrote them, the key was lost, somebody wants it so) what is there is
 * believed once, and stamped by the next agent or apply.
 */
#ifndef JA_STAMP_H
#define JA_STAMP_H

#include "agent/base/paths.h"
#include "agent/read/vault.h"

#define STAMP_SIZE 33 /* hex digits and a NUL */

/* Finds out whether all files have stamps: v->stamped. */
void stamp_open(struct vault *v, const struct paths *paths);

/* Whether there can be stamps: a command of others may have no key. */
bool stamp_has_key(const struct vault *v);
/* The stamp of a text that is stored as `what`. */
void stamp_text(const struct vault *v, const char *what, const char *text,
    size_t len, char hex[STAMP_SIZE]);

/*
 * Reads a text without its stamp; to be freed, a NUL follows.  Returns 0, 1 when
 * there is no such file, -1 when it cannot be read or is not as it was written.
 */
int stamp_read(const struct vault *v, const char *path, size_t max,
    char **text, size_t *len, struct error *err);
/* Writes a text, by rename(2), with its stamp. */
int stamp_write(const struct vault *v, const char *path, const char *text,
    size_t len, struct error *err);

/* Stamps all that is there as it is, and notes that this was done. */
int stamp_all(struct vault *v, const struct paths *paths, struct error *err);

#endif
