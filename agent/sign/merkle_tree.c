/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes are kept by level.  A node without a right sibling is taken up as it
 * is: that gives the same tree as cutting at the largest power of two.
 */
#include "agent/sign/merkle_tree.h"

#include <stdlib.h>
#include <string.h>

static size_t
above(size_t count)
{
	return count / 2 + count % 2;
}

static void
make_node(struct merkle_tree *t, size_t level, size_t count, size_t i)
{
	merkle_hash *below = t->level[level - 1];

	if (2 * i + 1 < count)
		merkle_node(below[2 * i], below[2 * i + 1],
		    t->level[level][i]);
	else
		memcpy(t->level[level][i], below[2 * i], MERKLE_SIZE);
}

int
merkle_tree_size(struct merkle_tree *t, size_t count)
{
	size_t room = t->room * 2 > count ? t->room * 2 : count;
	merkle_hash *grown;

	for (size_t k = 0, n = room; count > t->room; k++, n = above(n)) {
		grown = realloc(t->level[k], n * sizeof *grown);
		if (grown == NULL)
			return -1;
		t->level[k] = grown;
		if (n == 1)
			t->room = room;
	}
	t->count = count;
	return 0;
}

void
merkle_tree_from(struct merkle_tree *t, size_t first)
{
	size_t k = 1;

	for (size_t n = t->count; n > 1; n = above(n), k++) {
		first /= 2;
		for (size_t i = first; i < above(n); i++)
			make_node(t, k, n, i);
	}
}

void
merkle_tree_set(struct merkle_tree *t, size_t index, const merkle_hash leaf)
{
	size_t k = 1;

	memcpy(t->level[0][index], leaf, MERKLE_SIZE);
	for (size_t n = t->count; n > 1; n = above(n), k++) {
		index /= 2;
		make_node(t, k, n, index);
	}
}

void
merkle_tree_head(const struct merkle_tree *t, merkle_hash out)
{
	size_t k = 0;

	for (size_t n = t->count; n > 1; n = above(n))
		k++;
	if (t->count == 0)
		merkle_head(NULL, 0, out);
	else
		memcpy(out, t->level[k][0], MERKLE_SIZE);
}

void
merkle_tree_free(struct merkle_tree *t)
{
	for (size_t k = 0; k < sizeof t->level / sizeof t->level[0]; k++)
		free(t->level[k]);
	memset(t, 0, sizeof *t);
}
