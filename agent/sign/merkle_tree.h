/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An RFC 6962 tree (merkle.h) that is kept: when a leaf changes, only the
 * nodes above it are hashed again.
 */
#ifndef JA_MERKLE_TREE_H
#define JA_MERKLE_TREE_H

#include "agent/sign/merkle.h"

/* Begins as all zeros.  level[0] are the leaves, the last level is the head. */
struct merkle_tree {
	merkle_hash *level[MERKLE_PATH_MAX + 1];
	size_t count, room; /* leaves */
};

/*
 * Makes room for `count` leaves; those that are there stay.  What is written to
 * level[0] from leaf `first` on counts after merkle_tree_from(first).  Both
 * return -1 when memory is out, and the tree is as it was.
 */
int merkle_tree_size(struct merkle_tree *t, size_t count);
void merkle_tree_from(struct merkle_tree *t, size_t first);

/* Replaces one leaf. */
void merkle_tree_set(struct merkle_tree *t, size_t index,
    const merkle_hash leaf);

/* The same as merkle_head of all leaves. */
void merkle_tree_head(const struct merkle_tree *t, merkle_hash out);
void merkle_tree_free(struct merkle_tree *t);

#endif
