/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept from one snapshot to the next gives the same bytes and digests
 * as all of it made anew: random changes, one by one and many at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/sign/image.h"
#include "snapshot_fixture.h"

#define NAMES 60

/* The jails as they should be: 0 where there is none, else a kind of text. */
struct world {
	unsigned kind[NAMES];
	uint64_t chance;
};

static unsigned
draw(struct world *w, unsigned below)
{
	w->chance ^= w->chance << 13;
	w->chance ^= w->chance >> 7;
	w->chance ^= w->chance << 17;
	return (unsigned)(w->chance >> 33) % below;
}

/* Of three lengths, one of them long. */
static void
fill_jail(struct snapshot_jail *j, unsigned number, unsigned kind)
{
	size_t len = kind % 3 == 0 ? 7000 : kind % 3 * 10;
	char name[16], *text = malloc(len + 16);

	assert_non_null(text);
	memset(j, 0, sizeof *j);
	snprintf(name, sizeof name, "j%02u", number);
	j->name = strdup(name);
	j->jid = (int)(number % 3); /* 0: it lacks the defaults, too */
	memset(text, 'x', len);
	snprintf(text + len, 16, "%06u", kind);
	add_param(j, "path", text, NULL);
	free(text);
}

static void
put(struct image *g, const struct world *w, unsigned number)
{
	struct snapshot_params defaults = { .param = NULL };
	struct snapshot_jail j;
	struct buffer b = { .data = NULL }, whole = { .data = NULL };
	merkle_hash leaf = { 0 };

	add_defaults(&defaults);
	fill_jail(&j, number, w->kind[number]);
	if (w->kind[number] == 0) {
		assert_int_equal(image_put(g, j.name, NULL, 0, leaf, NULL),
		    0);
	} else {
		assert_int_equal(snapshot_add_jail(&b, &j, NULL, NULL), 0);
		assert_int_equal(snapshot_leaf(&whole, &j, &defaults, leaf,
		    NULL), 0);
		assert_int_equal(image_put(g, j.name, b.data, b.len, leaf,
		    NULL), 0);
	}
	buffer_free(&b);
	buffer_free(&whole);
	snapshot_jail_free(&j);
	snapshot_params_free(&defaults);
}

static void
compare(struct image *g, const struct world *w, const char *host, int round)
{
	struct snapshot s = { .host = strdup(host), .boot = strdup("b"),
		.kernel = strdup("k"), .revision = strdup("r"),
		.set = strdup("s"), .taken = round,
		.sequence = (uint64_t)round };
	unsigned char to_sign[MINISIGN_HASH], chain[DIGEST_SIZE];
	struct rehash_digests digests;
	char root[DIGEST_HEX], *json;
	struct error err;
	size_t len;

	add_defaults(&s.defaults);
	s.jail = calloc(NAMES, sizeof *s.jail);
	for (unsigned i = 0; i < NAMES; i++)
		if (w->kind[i] != 0)
			fill_jail(&s.jail[s.count++], i, w->kind[i]);
	json = snapshot_encode(&s, &len, &err);
	assert_non_null(json);
	assert_int_equal(image_root(g, root, &err), 0);
	assert_non_null(strstr(json, root));
	assert_int_equal(image_finish(g, &s, &digests, &err), 0);
	assert_int_equal(g->text.len, len);
	assert_memory_equal(g->text.data, json, len);
	crypto_generichash(to_sign, sizeof to_sign,
	    (const unsigned char *)json, len, NULL, 0);
	snapshot_digest(json, len, chain);
	assert_memory_equal(digests.to_sign, to_sign, sizeof to_sign);
	assert_memory_equal(digests.chain, chain, sizeof chain);
	free(json);
	snapshot_free(&s);
}

static void
test_random_changes(void **state)
{
	struct world w = { .chance = 88172645463325252 };
	struct image g = { .jails = 0 };
	char host[8] = "h";

	(void)state;
	compare(&g, &w, host, 0);
	for (int round = 1; round < 160; round++) {
		unsigned changes = round % 10 == 0 ? draw(&w, NAMES) :
		    draw(&w, 4);

		for (unsigned i = 0; i < changes; i++) {
			unsigned number = draw(&w, NAMES);
			unsigned kind = draw(&w, 10);

			w.kind[number] = kind == 0 ? 0 : kind % 4 == 0 ?
			    w.kind[number] + 3 : kind;
			put(&g, &w, number);
		}
		if (round % 50 == 0) {
			memset(w.kind, 0, sizeof w.kind);
			image_clear(&g);
		}
		snprintf(host, sizeof host, "h%d", round / 7 * 100);
		compare(&g, &w, host, round);
	}
	image_free(&g);
}

/* The last word about a name counts, also of those that waited. */
static void
test_last_word(void **state)
{
	struct world w = { .chance = 1 };
	struct image g = { .jails = 0 };

	(void)state;
	for (unsigned kind = 1; kind < 6; kind++)
		for (unsigned i = 0; i < 3; i++) {
			w.kind[i] = (kind + i) % 5;
			put(&g, &w, i);
		}
	compare(&g, &w, "h", 1);
	image_free(&g);
}

/* A tree that is kept has the head of one that is made, whatever its size. */
static void
test_tree(void **state)
{
	struct merkle_tree t = { .count = 0 };
	merkle_hash leaf[130], kept, made;

	(void)state;
	for (size_t n = 0; n < 130; n++) {
		assert_int_equal(merkle_tree_size(&t, n), 0);
		if (n > 0) {
			merkle_leaf(&n, sizeof n, leaf[n - 1]);
			memcpy(t.level[0][n - 1], leaf[n - 1], MERKLE_SIZE);
			merkle_tree_from(&t, n - 1);
			merkle_leaf(&n, 3, leaf[n * 7 % n]);
			merkle_tree_set(&t, n * 7 % n, leaf[n * 7 % n]);
			merkle_leaf(&n, 2, leaf[n / 2]);
			merkle_tree_set(&t, n / 2, leaf[n / 2]);
		}
		merkle_tree_head(&t, kept);
		merkle_head((const merkle_hash *)leaf, n, made);
		assert_memory_equal(kept, made, MERKLE_SIZE);
	}
	for (size_t n = 129; n-- > 0; ) {
		assert_int_equal(merkle_tree_size(&t, n), 0);
		merkle_tree_from(&t, n);
		merkle_tree_head(&t, kept);
		merkle_head((const merkle_hash *)leaf, n, made);
		assert_memory_equal(kept, made, MERKLE_SIZE);
	}
	merkle_tree_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_last_word),
		cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
