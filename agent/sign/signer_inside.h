/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the signer: its state, and how it gets ready to sign
 * (signer_ready.c).  What it is told and asked is in signer.c.
 */
#ifndef JA_SIGNER_INSIDE_H
#define JA_SIGNER_INSIDE_H

#include "agent/sign/image.h"
#include "agent/sign/keychain.h"
#include "agent/sign/signer.h"

struct signer {
	const struct signer_options *options;
	struct minisign_secret *secret; /* NULL: not read yet */
	struct minisign_public pub;
	struct keychain keys; /* that have signed what is there */
	int dir;	/* -1: not open yet */
	int lock;	/* -1: not held */
	int64_t wait;	/* for the lock, until then (clock_ms) */
	bool made;	/* the key */
	int unlocked;	/* why it may get into swap (errno) */
	bool confined;
	bool ready;	/* the newest snapshot is known and good */
	uint64_t newest; /* its sequence; 0: there is none */
	uint64_t first;	 /* of those that are kept */
	int64_t taken;	 /* when the latest one was; the clock may go back */
	unsigned char digest[DIGEST_SIZE];
	struct image image;	 /* of the next one */
	struct snapshot written; /* what the newest one says, without jails */
	struct text_list left;	   /* marks that could not go (kept_note) */
	struct text_list uncopied; /* jails of which a copy could not be made */
};

/*
 * Takes the lock, reads the key, gives up privileges and finds the end of the
 * chain, as far as that is not done.  What can be done once is not done again
 * when a later step failed.  -1: nothing can be signed; s->secret may be there.
 */
int signer_prepare(struct signer *s, struct error *err);

/* Reads the pair again, as after a change of the key. */
int signer_read_keys(struct signer *s, struct error *err);

/* What has to be known of a key; *text is "" when that is nothing. */
void signer_key_text(const struct signer *s, bool made, char *text,
    size_t size);

#endif
