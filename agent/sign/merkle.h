/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 6962 trees with SHA-256: one digest for a list, and short proofs that
 * one entry is part of it.  Leaves are hashed apart from the tree, so that
 * unchanged ones can be kept.
 */
#ifndef JA_MERKLE_H
#define JA_MERKLE_H

#include <stddef.h>

#define MERKLE_SIZE 32
#define MERKLE_PATH_MAX 64 /* enough for any size_t of leaves */

typedef unsigned char merkle_hash[MERKLE_SIZE];

/* SHA-256 of 0x00 and the entry. */
void merkle_leaf(const void *data, size_t len, merkle_hash out);

/* SHA-256 of 0x01 and both children; out may be one of them. */
void merkle_node(const merkle_hash left, const merkle_hash right,
    merkle_hash out);

/* The head of the tree over `count` leaves; that of none is SHA-256(""). */
void merkle_head(const merkle_hash *leaf, size_t count, merkle_hash out);

/*
 * The audit path of leaf `index` (smaller than count), from the leaf upwards.
 * Returns its length.
 */
size_t merkle_path(const merkle_hash *leaf, size_t count, size_t index,
    merkle_hash path[MERKLE_PATH_MAX]);

/*
 * The head that follows from a leaf and its path.  Returns -1 when the path
 * has a wrong length.
 */
int merkle_head_from_path(const merkle_hash leaf, size_t count, size_t index,
    const merkle_hash *path, size_t path_count, merkle_hash out);

#endif
