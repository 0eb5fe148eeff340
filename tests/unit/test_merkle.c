/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 6962 tree heads against known answers, and audit paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/buffer.h"
#include "agent/sign/merkle.h"

/* The entries that Certificate Transparency's own tests use. */
static const struct {
	const char *data;
	size_t len;
} entries[] = {
	{ "", 0 },
	{ "\x00", 1 },
	{ "\x10", 1 },
	{ "\x20\x21", 2 },
	{ "\x30\x31", 2 },
	{ "\x40\x41\x42\x43", 4 },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8 },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
	    16 },
};

/* Of the first 0, 1 ... 8 entries. */
static const char *const heads[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define ENTRIES (sizeof entries / sizeof entries[0])

static void
make_leaves(merkle_hash leaf[ENTRIES])
{
	for (size_t i = 0; i < ENTRIES; i++)
		merkle_leaf(entries[i].data, entries[i].len, leaf[i]);
}

static void
test_heads(void **state)
{
	merkle_hash leaf[ENTRIES], head;
	char hex[2 * MERKLE_SIZE + 1];

	(void)state;
	make_leaves(leaf);
	for (size_t n = 0; n <= ENTRIES; n++) {
		merkle_head(leaf, n, head);
		assert_string_equal(text_hex(head, sizeof head, hex),
		    heads[n]);
	}
}

/* Every entry of trees of 1 to 33: its path gives the head, no other does. */
static void
test_paths(void **state)
{
	merkle_hash leaf[33], head, again, path[MERKLE_PATH_MAX];
	size_t count, index, n;
	unsigned char byte;

	(void)state;
	for (byte = 0; byte < 33; byte++)
		merkle_leaf(&byte, 1, leaf[byte]);
	for (count = 1; count <= 33; count++) {
		merkle_head(leaf, count, head);
		for (index = 0; index < count; index++) {
			n = merkle_path(leaf, count, index, path);
			assert_int_equal(merkle_head_from_path(leaf[index],
			    count, index, path, n, again), 0);
			assert_memory_equal(again, head, sizeof head);
			assert_int_equal(merkle_head_from_path(leaf[index],
			    count, index, path, n + 1, again), -1);
			if (n == 0)
				continue;
			assert_int_equal(merkle_head_from_path(leaf[index],
			    count, index, path, n - 1, again), -1);
			path[n / 2][7] ^= 1;
			assert_int_equal(merkle_head_from_path(leaf[index],
			    count, index, path, n, again), 0);
			assert_memory_not_equal(again, head, sizeof head);
		}
	}
}

/* A leaf is not a node: an inner node given as an entry changes the head. */
static void
test_leaf_is_not_node(void **state)
{
	unsigned char both[2 * MERKLE_SIZE];
	merkle_hash leaf[2], head, forged;

	(void)state;
	merkle_leaf("a", 1, leaf[0]);
	merkle_leaf("b", 1, leaf[1]);
	merkle_head((const merkle_hash *)leaf, 2, head);
	memcpy(both, leaf, sizeof both);
	merkle_leaf(both, sizeof both, forged);
	assert_memory_not_equal(head, forged, sizeof head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_leaf_is_not_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
