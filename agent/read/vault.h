/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of secrets, by the files that hold them.
 *
 * Specs have references, and so has all that is printed, written or sent to
 * others.  A value is put into a spec at the moment at which a jail is given
 * it, in a copy that is wiped right after (vault_reveal).
 *
 * That a secret changed is known by its seal, a digest under a key of the
 * state directory's own: it tells nobody without the key what the value is, or
 * that two are the same.
 */
#ifndef JA_VAULT_H
#define JA_VAULT_H

#include "specs/spec.h"

struct vault {
	struct vault_entry {
		char *file;
		char *real;    /* the path without links; NULL: none */
		char *value;   /* the last one that could be read, or NULL */
		char *former;  /* the one before, which programs may have */
		char *problem; /* why it cannot be read now, or NULL */
	} *entry;		/* sorted by file */
	size_t count;
	unsigned char key[32];
	bool has_key;
	bool stamped; /* what the agent wrote has stamps (stamp.h) */
};

/*
 * The calling process leaves no core dump from now on.  The key is that of the
 * file `key`; `make`: it is made when there is none, or only a part of one, and
 * is on the disk then.  Without a key, and without `make`, all secrets count as
 * changed.
 */
int vault_open(struct vault *v, const char *key, bool make,
    struct error *err);
void vault_close(struct vault *v);

/*
 * What is in a file now: a value, or the problem with it, which keeps the last
 * value for what is running.  Returns 1 when that is news, 0, -1 without
 * memory.
 */
int vault_put(struct vault *v, const char *file, const char *real,
    const char *value, const char *problem);
void vault_drop(struct vault *v, const char *file);
const struct vault_entry *vault_find(const struct vault *v, const char *file);

/* Reads the files that a spec names, now (for commands that end soon). */
int vault_read(struct vault *v, const struct spec *s);

/*
 * Whether all secrets of a spec can be had as they are now: 0; 1: one was not
 * looked at yet; -1 with a complete message, which names the parameter.
 */
int vault_check(const struct vault *v, const struct spec *s,
    struct error *err);

/*
 * The spec with values in the place of references; what cannot be had is left
 * out.  One without secrets is returned as it is, else it is a copy, *made, for
 * vault_hide, which wipes it.  NULL: no memory.
 */
const struct spec *vault_reveal(const struct vault *v, const struct spec *s,
    struct spec **made);
void vault_hide(struct spec *made);

/* "NAME SEAL" of each secret of a spec, in their order; appended. */
int vault_seals(const struct vault *v, const struct spec *s,
    struct text_list *seals);

/* The digest of a spec whose secrets have these seals. */
void vault_digest(const struct vault *v, const struct spec *s,
    const struct text_list *seals, unsigned char digest[SPEC_DIGEST_SIZE]);

#endif
