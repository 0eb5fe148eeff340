/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A spec as bytes for another process.  Numbers are little-endian; a text is
 * its length (4 bytes), its bytes and a NUL; a list is its count (4 bytes) and
 * its texts.  The digest at the end proves that what was decoded is what was
 * encoded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "settings.h"
#include "text.h"

#define MAGIC 0x3153414aU /* "JAS1" */

static void
put_number(struct textbuf *b, uint64_t n, size_t bytes)
{
	char data[8];

	for (size_t i = 0; i < bytes; i++)
		data[i] = (char)(n >> (8 * i) & 0xff);
	textbuf_add(b, data, bytes);
}

static void
put_text(struct textbuf *b, const char *text)
{
	size_t len = strlen(text);

	put_number(b, len, 4);
	textbuf_add(b, text, len + 1);
}

static void
put_list(struct textbuf *b, const struct text_list *l)
{
	put_number(b, l->count, 4);
	for (size_t i = 0; i < l->count; i++)
		put_text(b, l->text[i]);
}

static void
put_place(struct textbuf *b, const struct spec_place *p, const char *home)
{
	const char *file = p->file != NULL ? p->file : "";

	/* Nearly always the spec's own file. */
	put_text(b, strcmp(file, home) == 0 ? "" : file);
	put_number(b, p->line, 4);
	put_number(b, p->column, 4);
}

/* Settings that are not set are encoded as such: a count of 0 or 1. */
static void
put_setting(struct textbuf *b, const struct setting *s,
    const struct spec_agent *agent)
{
	const char *at = (const char *)agent + s->offset, *text;
	char buf[32];

	if (s->type == SETTING_MAP) {
		put_list(b, (const struct text_list *)(const void *)at);
		return;
	}
	text = setting_text(s, agent, buf, sizeof buf);
	put_number(b, text != NULL, 1);
	if (text != NULL)
		put_text(b, text);
}

int
spec_encode(const struct spec *s, unsigned char **data, size_t *len)
{
	const char *home = s->place.file != NULL ? s->place.file : "";
	struct textbuf b = { 0 };

	put_number(&b, MAGIC, 4);
	put_text(&b, s->name);
	put_text(&b, home);
	put_number(&b, s->place.line, 4);
	put_number(&b, s->place.column, 4);
	put_number(&b, s->count, 4);
	for (size_t i = 0; i < s->count; i++) {
		put_text(&b, s->param[i].name);
		put_place(&b, &s->param[i].place, home);
		put_number(&b, s->param[i].secret, 1);
		put_list(&b, &s->param[i].value);
	}
	for (size_t i = 0; i < setting_count; i++)
		put_setting(&b, &setting_table[i], &s->agent);
	put_list(&b, &s->agent.secrets);
	textbuf_add(&b, (const char *)spec_digest(s), SPEC_DIGEST_SIZE);
	*data = (unsigned char *)b.text;
	*len = b.len;
	return b.failed ? -1 : 0;
}

/* What is left to decode; after the first fault nothing is. */
struct decoder {
	const unsigned char *at;
	size_t left;
	bool failed;
};

static uint64_t
get_number(struct decoder *d, size_t bytes)
{
	uint64_t n = 0;

	if (d->failed || d->left < bytes) {
		d->failed = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		n |= (uint64_t)d->at[i] << (8 * i);
	d->at += bytes;
	d->left -= bytes;
	return n;
}

/* A text inside the data; "" after a fault. */
static const char *
get_text(struct decoder *d)
{
	size_t len = (size_t)get_number(d, 4);
	const char *text = (const char *)d->at;

	if (d->failed || len >= d->left || text[len] != '\0' ||
	    memchr(text, '\0', len) != NULL || utf8_prefix(text, len) != len) {
		d->failed = true;
		return "";
	}
	d->at += len + 1;
	d->left -= len + 1;
	return text;
}

/* The texts stay in the data, the array is allocated. */
static void
get_list(struct decoder *d, struct text_list *l)
{
	size_t count = (size_t)get_number(d, 4);

	*l = (struct text_list){ 0 };
	/* No text is shorter than its length and its NUL. */
	if (d->failed || count > d->left / 5) {
		d->failed = true;
		return;
	}
	l->text = calloc(count + 1, sizeof *l->text);
	if (l->text == NULL) {
		d->failed = true;
		return;
	}
	for (l->count = 0; l->count < count; l->count++)
		l->text[l->count] = (char *)get_text(d);
}

static void
get_map(struct decoder *d, struct text_list *map)
{
	get_list(d, map);
	for (size_t i = 0; i < map->count; i++)
		d->failed |= strchr(map->text[i], '=') == NULL;
}

static void
get_param(struct decoder *d, struct spec_param *p, const char *home,
    const char *before)
{
	bool list;

	p->name = (char *)get_text(d);
	p->def = param_find(p->name);
	p->place.file = get_text(d);
	if (*p->place.file == '\0')
		p->place.file = home;
	p->place.line = (unsigned)get_number(d, 4);
	p->place.column = (unsigned)get_number(d, 4);
	p->secret = get_number(d, 1) != 0;
	get_list(d, &p->value);
	if (p->def == NULL || p->def->access == PARAM_RD ||
	    strcmp(before, p->name) >= 0 ||
	    (p->secret && p->def->type != PARAM_KEYVALUE)) {
		d->failed = true;
		return;
	}
	list = p->def->type == PARAM_LIST || p->def->type == PARAM_IP4 ||
	    p->def->type == PARAM_IP6;
	if (!list && p->value.count != 1)
		d->failed = true;
}

static void
get_setting(struct decoder *d, const struct setting *s,
    struct spec_agent *agent)
{
	struct text_list *map = (struct text_list *)(void *)
	    ((char *)agent + s->offset);
	const char *text;

	if (s->type == SETTING_MAP) {
		get_map(d, map);
		return;
	}
	if (get_number(d, 1) == 0)
		return;
	text = get_text(d);
	if (d->failed || setting_store(s, text, agent, NULL) != 0)
		d->failed = true;
}

static void
get_params(struct decoder *d, struct spec *draft)
{
	size_t count = (size_t)get_number(d, 4);
	const char *before = "";

	if (d->failed || count > param_count + d->left / 5) {
		d->failed = true;
		return;
	}
	draft->param = calloc(count + 1, sizeof *draft->param);
	if (draft->param == NULL) {
		d->failed = true;
		return;
	}
	while (draft->count < count && !d->failed) {
		struct spec_param *p = &draft->param[draft->count++];

		get_param(d, p, draft->place.file, before);
		before = p->name;
	}
}

/* Fills a draft whose texts stay in the data. */
static void
get_draft(struct decoder *d, struct spec *draft,
    const unsigned char **digest)
{
	settings_default(&draft->agent);
	if (get_number(d, 4) != MAGIC)
		d->failed = true;
	draft->name = (char *)get_text(d);
	draft->place.file = get_text(d);
	draft->place.line = (unsigned)get_number(d, 4);
	draft->place.column = (unsigned)get_number(d, 4);
	get_params(d, draft);
	for (size_t i = 0; i < setting_count && !d->failed; i++)
		get_setting(d, &setting_table[i], &draft->agent);
	get_map(d, &draft->agent.secrets);
	if (d->failed || d->left != SPEC_DIGEST_SIZE || *draft->name == '\0')
		d->failed = true;
	else
		*digest = d->at;
}

static struct spec *
pack_decoded(const struct spec *draft, const unsigned char *digest,
    struct error *err)
{
	struct spec *s = spec_pack(draft);

	if (s == NULL) {
		error_sys(err, ENOMEM, "encoded spec");
		return NULL;
	}
	if (memcmp(spec_digest(s), digest, SPEC_DIGEST_SIZE) != 0) {
		error_set(err, EBADMSG, "an encoded spec does not match its "
		    "digest");
		spec_free(s);
		return NULL;
	}
	return s;
}

struct spec *
spec_decode(const unsigned char *data, size_t len, struct error *err)
{
	struct decoder d = { .at = data, .left = len };
	struct spec draft = { 0 }, *s = NULL;
	const unsigned char *digest;

	get_draft(&d, &draft, &digest);
	if (d.failed)
		error_set(err, EBADMSG, "malformed encoded spec");
	else
		s = pack_decoded(&draft, digest, err);
	for (size_t i = 0; i < draft.count; i++)
		free(draft.param[i].value.text);
	free(draft.param);
	free(draft.agent.labels.text);
	free(draft.agent.environment.text);
	free(draft.agent.secrets.text);
	return s;
}
