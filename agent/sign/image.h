/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of the next snapshot, kept in memory from one to the next: what did
 * not change is neither encoded, nor copied, nor hashed again.
 */
#ifndef JA_IMAGE_H
#define JA_IMAGE_H

#include "agent/base/buffer.h"
#include "agent/sign/merkle_tree.h"
#include "agent/sign/rehash.h"
#include "agent/sign/snapshot.h"

struct image_change;

/* Begins as all zeros. */
struct image {
	struct buffer text; /* of which the first `jails` bytes precede them */
	size_t jails, end;  /* where the jails begin and end */
	struct image_jail {
		char *name;
		size_t len; /* of its JSON */
	} *jail; /* sorted by name */
	struct merkle_tree tree; /* over the jails */
	struct image_change *change; /* to be taken in */
	size_t changes, change_room, puts;
	size_t same; /* first bytes that are as when they were hashed last */
	struct rehash rehash;
};

/*
 * A jail's JSON, as snapshot_add_jail writes it, and its leaf (snapshot_leaf)
 * from now on; NULL: there is no such jail any more.  The last word about a name
 * counts.
 */
int image_put(struct image *g, const char *name, const char *json, size_t len,
    const merkle_hash leaf, struct error *err);
/* Forgets all jails. */
void image_clear(struct image *g);

/*
 * Works out `root` of the jails as they are now, for image_finish, and for who
 * wants to know whether they are others than before.
 */
int image_root(struct image *g, char root[DIGEST_HEX], struct error *err);

/*
 * The file: g->text, until the next call, with its digests.  Of s neither jails
 * nor root are looked at.
 */
int image_finish(struct image *g, const struct snapshot *s,
    struct rehash_digests *digests, struct error *err);
void image_free(struct image *g);

#endif
