/* SPDX-License-Identifier: BSD-2-Clause */
/* Specs as one block of memory, and looking things up in them. */
#include "pack.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "param_names.h"
#include "settings.h"

#define FILES 8 /* of a spec's places that are kept only once */

/* What a spec is in: the arrays and texts follow. */
struct block {
	size_t users, size;
	struct spec spec;
};

/*
 * The block is laid out twice by the same functions: first without memory, to
 * learn its size, then for real.  Pointers and arrays come first, texts last.
 */
struct packer {
	char *arrays, *texts; /* NULL the first time */
	size_t arrays_used, texts_used;
	struct {
		const char *from;
		char *to;
	} file[FILES];
	size_t files;
};

static void *
pack_array(struct packer *p, size_t size)
{
	void *at = p->arrays == NULL ? NULL : p->arrays + p->arrays_used;

	p->arrays_used += (size + 7) & ~(size_t)7;
	return at;
}

static char *
pack_text(struct packer *p, const char *text)
{
	size_t size = text == NULL ? 0 : strlen(text) + 1;
	char *at = p->texts == NULL || text == NULL ? NULL :
	    p->texts + p->texts_used;

	p->texts_used += size;
	return at == NULL ? NULL : memcpy(at, text, size);
}

static void
pack_list(struct packer *p, struct text_list *to, const struct text_list *from)
{
	char **array = pack_array(p, from->count * sizeof *array);

	to->text = array;
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++) {
		size_t size = strlen(from->text[i]) + 1;

		if (array != NULL)
			array[i] = memcpy(p->texts + p->texts_used,
			    from->text[i], size);
		p->texts_used += size;
	}
}

/* Most places are in one file: each is packed once. */
static void
pack_place(struct packer *p, struct spec_place *to,
    const struct spec_place *from)
{
	size_t i = 0;

	while (i < p->files && p->file[i].from != from->file)
		i++;
	if (i == p->files) {
		if (p->files == FILES)
			i = --p->files;
		p->file[i].from = from->file;
		p->file[i].to = pack_text(p, from->file);
		p->files++;
	}
	*to = (struct spec_place){ p->file[i].to, from->line, from->column };
}

static void
pack_param(struct packer *p, struct spec_param *to,
    const struct spec_param *from)
{
	bool plain = from->name == from->def->name ||
	    strcmp(from->name, from->def->name) == 0;

	/* Nobody writes to names: the table's may stand for a copy. */
	to->name = plain ? (char *)from->def->name : pack_text(p, from->name);
	to->def = from->def;
	to->secret = from->secret;
	pack_list(p, &to->value, &from->value);
	pack_place(p, &to->place, &from->place);
}

/* What the settings point to. */
static void
pack_agent(struct packer *p, struct spec_agent *to,
    const struct spec_agent *from)
{
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		char *at = (char *)to + s->offset;
		const char *old = (const char *)from + s->offset;
		const char *text;
		char *packed;

		if (s->type == SETTING_TEXT) {
			memcpy(&text, old, sizeof text);
			packed = pack_text(p, text);
			memcpy(at, &packed, sizeof packed);
		} else if (s->type == SETTING_MAP) {
			pack_list(p, (struct text_list *)(void *)at,
			    (const struct text_list *)(const void *)old);
		}
	}
	pack_list(p, &to->secrets, &from->secrets);
}

static void
pack_all(struct packer *p, struct spec *to, const struct spec *from)
{
	struct spec_param *param, ignored;

	p->arrays_used = p->texts_used = p->files = 0;
	*to = *from;
	to->digest.made = false;
	param = pack_array(p, from->count * sizeof *param);
	to->param = param;
	to->depend = (struct text_list){ 0 };
	pack_place(p, &to->place, &from->place);
	to->name = pack_text(p, from->name);
	for (size_t i = 0; i < from->count; i++) {
		struct spec_param *at = param == NULL ? &ignored : &param[i];

		pack_param(p, at, &from->param[i]);
		if (at->def == &param_table[P_DEPEND])
			to->depend = at->value;
	}
	pack_agent(p, &to->agent, &from->agent);
}

struct spec *
spec_pack(const struct spec *draft)
{
	struct packer p = { 0 };
	struct block *b;
	struct spec measured;
	size_t head = (sizeof *b + 7) & ~(size_t)7;

	pack_all(&p, &measured, draft);
	b = malloc(head + p.arrays_used + p.texts_used);
	if (b == NULL)
		return NULL;
	b->users = 1;
	b->size = head + p.arrays_used + p.texts_used;
	p.arrays = (char *)b + head;
	p.texts = p.arrays + p.arrays_used;
	pack_all(&p, &b->spec, draft);
	return &b->spec;
}

static struct block *
block_of(const struct spec *s)
{
	return (struct block *)(void *)((char *)(uintptr_t)s -
	    offsetof(struct block, spec));
}

struct spec *
spec_share(struct spec *s)
{
	block_of(s)->users++;
	return s;
}

size_t
spec_size(const struct spec *s)
{
	return block_of(s)->size;
}

struct spec *
spec_copy(const struct spec *s)
{
	return spec_pack(s);
}

void
spec_free(struct spec *s)
{
	if (s != NULL && --block_of(s)->users == 0)
		free(block_of(s));
}

void
spec_wipe(struct spec *s)
{
	struct block *b;

	if (s == NULL)
		return;
	b = block_of(s);
	sodium_memzero(b, b->size);
	free(b);
}

bool
spec_secret_next(const struct spec *s, size_t *at, struct spec_secret *secret)
{
	const struct text_list *more = &s->agent.secrets;

	while (*at < s->count && !s->param[*at].secret)
		++*at;
	if (*at < s->count) {
		const struct spec_param *p = &s->param[*at];

		*secret = (struct spec_secret){ .prefix = "", .key = p->name,
			.key_len = (int)strlen(p->name),
			.file = p->value.text[0], .param = p };
	} else if (*at - s->count < more->count) {
		const char *text = more->text[*at - s->count];
		size_t len = strcspn(text, "=");

		*secret = (struct spec_secret){
			.prefix = "agent.environment.", .key = text,
			.key_len = (int)len, .file = text + len + 1 };
	} else {
		return false;
	}
	++*at;
	return true;
}

const struct spec_param *
spec_param_find(const struct spec *s, const char *name)
{
	const struct param_def *def = param_find(name);
	size_t low = 0, high = def == NULL ? 0 : s->count;
	bool added = def != NULL && param_index(def) == param_count;

	/*
	 * The order of names is that of the table, then that of the lines;
	 * what the kernel added stands between them.
	 */
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct spec_param *p = &s->param[middle];
		int c = added || param_index(p->def) == param_count ?
		    strcmp(p->name, name) :
		    p->def != def ? (p->def < def ? -1 : 1) :
		    def->type != PARAM_KEYVALUE ? 0 : strcmp(p->name, name);

		if (c == 0)
			return p;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
spec_text(const struct spec *s, const char *name)
{
	const struct spec_param *p = spec_param_find(s, name);
	const struct param_def *def;

	if (p != NULL && p->value.count > 0)
		return p->value.text[0];
	def = p != NULL ? NULL : param_find(name);
	return def != NULL ? def->dflt : NULL;
}

bool
spec_bool(const struct spec *s, const char *name)
{
	const char *text = spec_text(s, name);

	return text != NULL && strcmp(text, "true") == 0;
}

long
spec_int(const struct spec *s, const char *name)
{
	const char *text = spec_text(s, name);

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

const struct text_list *
spec_list(const struct spec *s, const char *name)
{
	static const struct text_list empty;
	const struct spec_param *p = spec_param_find(s, name);

	return p != NULL ? &p->value : &empty;
}
