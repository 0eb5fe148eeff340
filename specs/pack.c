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

/* Bytes of a shelf for several specs: a malloc for each takes longer. */
#define SHELF_MOST 65536

/*
 * Memory with specs in it, one after the other.  It is given back when none of
 * them is used any more, and nobody puts another one there.
 */
struct shelf {
	size_t users, used, size;
	/* the blocks follow */
};

/* What a spec is in: the arrays and texts follow. */
struct block {
	struct shelf *shelf;
	size_t size;
	struct spec spec;
};

/* Where the next array and the next text go. */
struct packer {
	char *array, *text;
	struct {
		const char *from;
		char *to;
	} file[FILES];
	size_t files;
};

static size_t
rounded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static void *
pack_array(struct packer *p, size_t size)
{
	void *at = p->array;

	p->array += rounded(size);
	return at;
}

static char *
pack_text(struct packer *p, const char *text)
{
	size_t size;
	char *at = p->text;

	if (text == NULL)
		return NULL;
	size = strlen(text) + 1;
	p->text += size;
	return memcpy(at, text, size);
}

static void
pack_list(struct packer *p, struct text_list *to, const struct text_list *from)
{
	char **array = pack_array(p, from->count * sizeof *array);

	to->text = array;
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		array[i] = pack_text(p, from->text[i]);
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
	*to = *from;
	to->digest.made = false;
	to->param = pack_array(p, from->count * sizeof *to->param);
	to->depend = (struct text_list){ 0 };
	pack_place(p, &to->place, &from->place);
	to->name = pack_text(p, from->name);
	for (size_t i = 0; i < from->count; i++) {
		struct spec_param *at = &to->param[i];

		pack_param(p, at, &from->param[i]);
		if (at->def == &param_table[P_DEPEND])
			to->depend = at->value;
	}
	pack_agent(p, &to->agent, &from->agent);
}

/* Bytes that texts, and that arrays take at most. */
struct measure {
	size_t texts, arrays;
};

static void
measure_text(struct measure *m, const char *text)
{
	if (text != NULL)
		m->texts += strlen(text) + 1;
}

static void
measure_list(struct measure *m, const struct text_list *l)
{
	m->arrays += rounded(l->count * sizeof *l->text);
	for (size_t i = 0; i < l->count; i++)
		measure_text(m, l->text[i]);
}

static struct measure
measure_all(const struct spec *s)
{
	struct measure m = { 0, rounded(s->count * sizeof *s->param) };

	measure_text(&m, s->name);
	measure_text(&m, s->place.file);
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		if (p->name != p->def->name)
			measure_text(&m, p->name);
		if (p->place.file != s->place.file)
			measure_text(&m, p->place.file);
		measure_list(&m, &p->value);
	}
	for (size_t i = 0; i < setting_count; i++) {
		const char *at = (const char *)&s->agent +
		    setting_table[i].offset, *text;

		if (setting_table[i].type == SETTING_TEXT) {
			memcpy(&text, at, sizeof text);
			measure_text(&m, text);
		} else if (setting_table[i].type == SETTING_MAP) {
			measure_list(&m, (const struct text_list *)
			    (const void *)at);
		}
	}
	measure_list(&m, &s->agent.secrets);
	return m;
}

static struct shelf *
shelf_new(size_t size)
{
	struct shelf *shelf = malloc(sizeof *shelf + size);

	if (shelf != NULL)
		*shelf = (struct shelf){ .users = 1, .size = size };
	return shelf;
}

void
shelf_release(struct shelf *shelf)
{
	if (shelf != NULL && --shelf->users == 0)
		free(shelf);
}

/* A shelf with so much room; the first one may be for one spec alone. */
static struct shelf *
find_room(struct shelf **shelf, size_t size)
{
	struct shelf *last = *shelf, *new;
	size_t most = last == NULL ? 0 : last->size * 2;

	if (last != NULL && last->size - last->used >= size)
		return last;
	if (most > SHELF_MOST)
		most = SHELF_MOST;
	new = shelf_new(size > most ? size : most);
	if (new != NULL) {
		shelf_release(last);
		*shelf = new;
	}
	return new;
}

struct spec *
spec_put(struct shelf **shelves, const struct spec *draft)
{
	struct measure m = measure_all(draft);
	size_t head = rounded(sizeof(struct block));
	size_t size = rounded(head + m.arrays + m.texts);
	struct shelf *shelf = find_room(shelves, size);
	struct packer p = { 0 };
	struct block *b;

	if (shelf == NULL)
		return NULL;
	b = (struct block *)(void *)((char *)(shelf + 1) + shelf->used);
	shelf->used += size;
	shelf->users++;
	b->shelf = shelf;
	b->size = size;
	p.array = (char *)b + head;
	p.text = p.array + m.arrays;
	pack_all(&p, &b->spec, draft);
	return &b->spec;
}

struct spec *
spec_pack(const struct spec *draft)
{
	struct shelf *shelf = NULL;
	struct spec *s = spec_put(&shelf, draft);

	shelf_release(shelf);
	return s;
}

struct spec *
spec_merge(const struct spec *draft, const struct spec *was,
    const struct spec *now, spec_choice *choose, const void *arg)
{
	struct spec both = *draft, *made;
	size_t i = 0, k = 0;

	both.param = calloc(was->count + now->count + 1, sizeof *both.param);
	if (both.param == NULL)
		return NULL;
	both.count = 0;
	while (i < was->count || k < now->count) {
		int order = i == was->count ? 1 : k == now->count ? -1 :
		    strcmp(was->param[i].name, now->param[k].name);
		const struct spec_param *p = choose(arg,
		    order <= 0 ? &was->param[i] : NULL,
		    order >= 0 ? &now->param[k] : NULL);

		if (p != NULL)
			both.param[both.count++] = *p;
		i += order <= 0;
		k += order >= 0;
	}
	made = spec_pack(&both);
	free(both.param);
	return made;
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
	block_of(s)->shelf->users++;
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
	if (s != NULL)
		shelf_release(block_of(s)->shelf);
}

void
spec_wipe(struct spec *s)
{
	struct shelf *shelf;
	struct block *b;

	if (s == NULL)
		return;
	b = block_of(s);
	shelf = b->shelf;
	sodium_memzero(b, b->size);
	shelf_release(shelf);
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
