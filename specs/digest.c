/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a spec means, as BLAKE2b-256 over: a mark, the name, each parameter
 * with its values, each setting with its value.  Every text follows its length
 * (8 bytes, little-endian), every list its count, so that no two specs give
 * the same bytes.  Parameters count as said: one that spells out the
 * kernel's default differs from one that leaves it open, because the kernel's
 * default is not ours to promise.  Settings count with their defaults: they
 * are the agent's own.
 */
#include <sodium.h>
#include <string.h>

#include "settings.h"

static void
add_number(crypto_generichash_state *h, size_t n)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)((uint64_t)n >> (8 * i));
	crypto_generichash_update(h, bytes, sizeof bytes);
}

static void
add_text(crypto_generichash_state *h, const char *text)
{
	size_t len = strlen(text);

	add_number(h, len);
	crypto_generichash_update(h, (const unsigned char *)text, len);
}

static void
add_list(crypto_generichash_state *h, const struct text_list *l)
{
	add_number(h, l->count);
	for (size_t i = 0; i < l->count; i++)
		add_text(h, l->text[i]);
}

static void
add_setting(crypto_generichash_state *h, const struct setting *s,
    const struct spec_agent *agent)
{
	const char *text;
	char buf[32];

	if (s->type == SETTING_UNKNOWN)
		return;
	add_text(h, s->name);
	if (s->type == SETTING_MAP) {
		const char *at = (const char *)agent + s->offset;

		add_list(h, (const struct text_list *)(const void *)at);
		return;
	}
	text = setting_text(s, agent, buf, sizeof buf);
	add_number(h, text != NULL);
	add_text(h, text != NULL ? text : "");
}

void
spec_digest(struct spec *s)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, SPEC_DIGEST_SIZE);
	add_text(&h, "jailagent-spec/1");
	add_text(&h, s->name);
	add_number(&h, s->count);
	for (size_t i = 0; i < s->count; i++) {
		add_text(&h, s->param[i].name);
		add_list(&h, &s->param[i].value);
	}
	for (size_t i = 0; i < setting_count; i++)
		add_setting(&h, &setting_table[i], &s->agent);
	crypto_generichash_final(&h, s->digest, SPEC_DIGEST_SIZE);
}
