/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/rehash.h"

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

struct rehash_mark {
	crypto_generichash_state to_sign, chain;
};

static void
begin(struct rehash_mark *m)
{
	crypto_generichash_init(&m->to_sign, NULL, 0, MINISIGN_HASH);
	crypto_generichash_init(&m->chain, NULL, 0, DIGEST_SIZE);
}

static void
update(struct rehash_mark *m, const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;

	crypto_generichash_update(&m->to_sign, bytes, len);
	crypto_generichash_update(&m->chain, bytes, len);
}

/* The states are aligned as libsodium asks for, which realloc(3) does not. */
static int
make_room(struct rehash *r, size_t count)
{
	size_t room = r->room * 2 > count ? r->room * 2 : count;
	void *grown;

	if (count <= r->room)
		return 0;
	if (posix_memalign(&grown, _Alignof(struct rehash_mark),
	    room * sizeof *r->mark) != 0)
		return -1;
	if (r->count > 0)
		memcpy(grown, r->mark, r->count * sizeof *r->mark);
	free(r->mark);
	r->mark = grown;
	r->room = room;
	return 0;
}

int
rehash(struct rehash *r, const char *text, size_t len, size_t same,
    struct rehash_digests *out)
{
	struct rehash_mark now;
	size_t at, keep = same / REHASH_STEP + 1;

	if (r->count > keep)
		r->count = keep;
	if (make_room(r, len / REHASH_STEP + 1) == -1) {
		rehash_free(r);
		return -1;
	}
	if (r->count == 0)
		begin(&r->mark[r->count++]);
	now = r->mark[r->count - 1];
	for (at = (r->count - 1) * REHASH_STEP; len - at >= REHASH_STEP; ) {
		update(&now, text + at, REHASH_STEP);
		at += REHASH_STEP;
		r->mark[r->count++] = now;
	}
	update(&now, text + at, len - at);
	crypto_generichash_final(&now.to_sign, out->to_sign, MINISIGN_HASH);
	crypto_generichash_final(&now.chain, out->chain, DIGEST_SIZE);
	return 0;
}

void
rehash_free(struct rehash *r)
{
	free(r->mark);
	*r = (struct rehash){ .mark = NULL };
}
