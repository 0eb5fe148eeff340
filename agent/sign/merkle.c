/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/merkle.h"

#include <sodium.h>

#include <string.h>

_Static_assert(MERKLE_SIZE == crypto_hash_sha256_BYTES, "SHA-256");

void
merkle_leaf(const void *data, size_t len, merkle_hash out)
{
	crypto_hash_sha256_state s;

	crypto_hash_sha256_init(&s);
	crypto_hash_sha256_update(&s, (const unsigned char *)"\x00", 1);
	crypto_hash_sha256_update(&s, data, len);
	crypto_hash_sha256_final(&s, out);
}

void
merkle_node(const merkle_hash left, const merkle_hash right, merkle_hash out)
{
	unsigned char all[1 + 2 * MERKLE_SIZE] = { 0x01 };

	memcpy(all + 1, left, MERKLE_SIZE);
	memcpy(all + 1 + MERKLE_SIZE, right, MERKLE_SIZE);
	crypto_hash_sha256(out, all, sizeof all);
}

/* The largest power of two smaller than count, which is at least 2. */
static size_t
left_size(size_t count)
{
	size_t k = 1;

	while (k < count - k)
		k *= 2;
	return k;
}

void
merkle_head(const merkle_hash *leaf, size_t count, merkle_hash out)
{
	merkle_hash left, right;
	size_t k;

	if (count == 0) {
		crypto_hash_sha256(out, (const unsigned char *)"", 0);
		return;
	}
	if (count == 1) {
		memcpy(out, leaf[0], MERKLE_SIZE);
		return;
	}
	k = left_size(count);
	merkle_head(leaf, k, left);
	merkle_head(leaf + k, count - k, right);
	merkle_node(left, right, out);
}

size_t
merkle_path(const merkle_hash *leaf, size_t count, size_t index,
    merkle_hash path[MERKLE_PATH_MAX])
{
	size_t k, n;

	if (count <= 1)
		return 0;
	k = left_size(count);
	if (index < k) {
		n = merkle_path(leaf, k, index, path);
		merkle_head(leaf + k, count - k, path[n]);
	} else {
		n = merkle_path(leaf + k, count - k, index - k, path);
		merkle_head(leaf, k, path[n]);
	}
	return n + 1;
}

int
merkle_head_from_path(const merkle_hash leaf, size_t count, size_t index,
    const merkle_hash *path, size_t path_count, merkle_hash out)
{
	size_t k;

	if (index >= count)
		return -1;
	if (count == 1) {
		memcpy(out, leaf, MERKLE_SIZE);
		return path_count == 0 ? 0 : -1;
	}
	if (path_count == 0)
		return -1;
	k = left_size(count);
	path_count--;
	if (index < k) {
		if (merkle_head_from_path(leaf, k, index, path, path_count,
		    out) == -1)
			return -1;
		merkle_node(out, path[path_count], out);
	} else {
		if (merkle_head_from_path(leaf, count - k, index - k, path,
		    path_count, out) == -1)
			return -1;
		merkle_node(path[path_count], out, out);
	}
	return 0;
}
