/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a spec means, as BLAKE2b-256 over: a mark, the name, each parameter
 * with its values, each setting that differs from its default with its value.
 * Every text follows its length and every list its count, so that no two specs
 * give the same bytes.  Parameters count as said: one that spells out the
 * kernel's default differs from one that leaves it open, because the kernel's
 * default is not ours to promise.
 */
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "settings.h"

/* In the place of a count: what follows are references, not values. */
#define SECRET_MARK (SPEC_FILE_MAX + 1)

/* Bytes on their way into the hash: many small ones cost more than few big. */
struct feed {
	crypto_generichash_state hash;
	size_t used;
	unsigned char data[2048];
};

#define NUMBER_MAX 10 /* bytes of a number */

static void
flush(struct feed *f)
{
	crypto_generichash_update(&f->hash, f->data, f->used);
	f->used = 0;
}

/* Seven bits a byte, the low ones first; the last byte is below 128. */
static void
add_number(struct feed *f, size_t n)
{
	if (sizeof f->data - f->used < NUMBER_MAX)
		flush(f);
	for (; n >= 0x80; n >>= 7)
		f->data[f->used++] = (unsigned char)(n | 0x80);
	f->data[f->used++] = (unsigned char)n;
}

static void
add_text(struct feed *f, const char *text)
{
	size_t len = strlen(text);

	add_number(f, len);
	if (len > sizeof f->data - f->used)
		flush(f);
	if (len > sizeof f->data) {
		crypto_generichash_update(&f->hash,
		    (const unsigned char *)text, len);
		return;
	}
	memcpy(f->data + f->used, text, len);
	f->used += len;
}

static void
add_list(struct feed *f, const struct text_list *l)
{
	add_number(f, l->count);
	for (size_t i = 0; i < l->count; i++)
		add_text(f, l->text[i]);
}

static void
add_setting(struct feed *f, const struct setting *s,
    const struct spec_agent *agent)
{
	const char *at = (const char *)agent + s->offset, *text;
	const struct text_list *map = (const struct text_list *)(const void *)at;
	char buf[32];

	if (setting_is_default(s, agent))
		return;
	if (s->type == SETTING_MAP) {
		add_text(f, s->name);
		add_list(f, map);
		return;
	}
	text = setting_text(s, agent, buf, sizeof buf);
	if (text == NULL)
		return;
	add_text(f, s->name);
	add_text(f, text);
}

static void
make_digest(struct spec *s)
{
	struct feed f;

	f.used = 0;
	crypto_generichash_init(&f.hash, NULL, 0, SPEC_DIGEST_SIZE);
	add_text(&f, "jailagent-spec/1");
	add_text(&f, s->name);
	add_number(&f, s->count);
	for (size_t i = 0; i < s->count; i++) {
		add_text(&f, s->param[i].name);
		if (s->param[i].secret)
			add_number(&f, SECRET_MARK);
		add_list(&f, &s->param[i].value);
	}
	for (size_t i = 0; i < setting_count; i++)
		add_setting(&f, &setting_table[i], &s->agent);
	if (s->agent.secrets.count > 0) {
		add_number(&f, SECRET_MARK);
		add_list(&f, &s->agent.secrets);
	}
	flush(&f);
	crypto_generichash_final(&f.hash, s->digest.bytes,
	    SPEC_DIGEST_SIZE);
	s->digest.made = true;
}

const unsigned char *
spec_digest(const struct spec *s)
{
	/* The one thing in a spec that is made late. */
	if (!s->digest.made)
		make_digest((struct spec *)(uintptr_t)s);
	return s->digest.bytes;
}

bool
spec_same(const struct spec *a, const struct spec *b)
{
	return memcmp(spec_digest(a), spec_digest(b), SPEC_DIGEST_SIZE) == 0;
}

void
spec_set_digest(const struct spec_set *set,
    unsigned char digest[SPEC_DIGEST_SIZE])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, SPEC_DIGEST_SIZE);
	/* A digest covers the name, and the order is that of the names. */
	for (size_t i = 0; i < set->count; i++)
		crypto_generichash_update(&h, spec_digest(set->spec[i]),
		    SPEC_DIGEST_SIZE);
	crypto_generichash_final(&h, digest, SPEC_DIGEST_SIZE);
}
