/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks as documents that keep order, defaults, variables and comments. */
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "specs/rules.h"
#include "specs/scalar.h"

/* What one block says about one parameter or variable. */
struct item {
	struct conf_key key; /* def is NULL for a variable */
	const struct conf_string **string;
	size_t strings, room;
	bool append, bad;
	struct text_list before, after;
	struct spec_place place;
};

struct items {
	struct item *item;
	size_t count, room;
};

/* More are spelled out: looking them up takes quadratic time. */
#define ITEMS_MAX 1000
#define RENAMED_MAX 100

static bool
is_utf8(const char *text)
{
	size_t len = strlen(text);

	return utf8_prefix(text, len) == len;
}

/*
 * The name of a variable in the specs, where parameters' names and some
 * characters are not for variables.
 */
static const char *
variable_name(struct converter *c, const char *name)
{
	size_t len = strlen(name);
	char *to;

	if (*name != '\0' && name[strcspn(name, "${} \t\r\n")] == '\0' &&
	    strcmp(name, "name") != 0 && param_find(name) == NULL)
		return name;
	to = arena_take(&c->arena, len + 2);
	if (to == NULL) {
		c->failed = true;
		return name;
	}
	memcpy(to, name, len);
	memcpy(to + len, "_", 2);
	for (char *at = to; *(at += strcspn(at, "${} \t\r\n")) != '\0';)
		*at = '_';
	return to;
}

/* The name that a reference has in the specs. */
static const char *
reference_name(struct converter *c, const char *name)
{
	for (size_t i = 0; i < c->renamed.count; i++) {
		if (strcmp(c->renamed.text[i], name) == 0)
			return variable_name(c, name);
	}
	return name;
}

/* Lists the variables that cannot keep their names. */
static void
list_renamed(struct converter *c)
{
	for (const struct conf_block *b = c->conf->block; b != NULL;
	    b = b->next) {
		for (const struct conf_assign *a = b->assign; a != NULL;
		    a = a->next) {
			if (!a->variable || variable_name(c, a->name) ==
			    a->name || reference_name(c, a->name) != a->name)
				continue;
			if (c->renamed.count == RENAMED_MAX)
				c->all_flat = true;
			else
				c->failed |= arena_list_add(&c->arena,
				    &c->renamed, a->name) != 0;
		}
	}
}

/* Writes a text of pieces with references as ${x}. */
static char *
keep_text(struct converter *c, const struct conf_string *s)
{
	struct textbuf b = { 0 }, plain = { 0 };
	const struct conf_piece *p = s->piece;

	textbuf_text(&b, "");
	while (p != NULL) {
		textbuf_text(&plain, "");
		for (; p != NULL && !p->reference; p = p->next)
			textbuf_text(&plain, p->text);
		if (!plain.failed)
			scalar_escape(&b, plain.text);
		free(plain.text);
		plain = (struct textbuf){ 0 };
		if (p != NULL) {
			textbuf_text(&b, "${");
			textbuf_text(&b, reference_name(c, p->text));
			textbuf_text(&b, "}");
			p = p->next;
		}
	}
	return convert_take(c, &b);
}

static bool
has_references(const struct item *item)
{
	for (size_t i = 0; i < item->strings; i++) {
		for (const struct conf_piece *p = item->string[i]->piece;
		    p != NULL; p = p->next) {
			if (p->reference)
				return true;
		}
	}
	return false;
}

/* ---- collecting what a block says ---- */

static struct item *
find_item(struct converter *c, struct items *items, const struct conf_key *key)
{
	for (size_t i = 0; i < items->count; i++) {
		struct item *item = &items->item[i];

		if (item->key.def == key->def &&
		    strcmp(item->key.name, key->name) == 0)
			return item;
	}
	if (items->count == items->room) {
		size_t room = items->room == 0 ? 32 : items->room * 2;
		struct item *grown = realloc(items->item, room * sizeof *grown);

		if (grown == NULL) {
			c->failed = true;
			return NULL;
		}
		items->item = grown;
		items->room = room;
	}
	items->item[items->count] = (struct item){ .key = *key };
	return &items->item[items->count++];
}

static void
add_string(struct converter *c, struct item *item,
    const struct conf_string *s)
{
	if (item->strings == item->room) {
		size_t room = item->room == 0 ? 1 : item->room * 2;
		const struct conf_string **grown = arena_take(&c->arena,
		    room * sizeof *grown);

		if (grown == NULL) {
			c->failed = true;
			return;
		}
		if (item->strings > 0)
			memcpy(grown, item->string,
			    item->strings * sizeof *grown);
		item->string = grown;
		item->room = room;
	}
	item->string[item->strings++] = s;
}

static void
add_comments(struct converter *c, struct text_list *to,
    const struct text_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		c->failed |= arena_list_add(&c->arena, to, from->text[i]) != 0;
}

/* Combines an assignment with what the block said before. */
static void
add_assign(struct converter *c, struct items *items,
    const struct conf_assign *a)
{
	struct conf_key key = { 0 };
	struct item *item;

	if (a->variable)
		key.name = variable_name(c, a->name);
	else if (strcmp(a->name, "name") == 0 ||
	    conf_translate_key(a->name, &key, NULL) != 0)
		return; /* the first is known; the others no jail has */
	item = find_item(c, items, &key);
	if (item == NULL)
		return;
	if (!a->append || a->value == NULL) {
		item->strings = 0;
		item->append = false;
	} else if (item->place.line == 0) {
		item->append = true;
	}
	item->key = key;
	item->place = a->place;
	for (const struct conf_string *s = a->value; s != NULL; s = s->next)
		add_string(c, item, s);
	add_comments(c, &item->before, &a->before);
	add_comments(c, &item->after, &a->after);
}

/* ---- writing it ---- */

/* The texts of an item with references; -1: one cannot stand in YAML. */
static int
keep_values(struct converter *c, const struct item *item,
    struct conf_value *value)
{
	for (size_t i = 0; i < item->strings; i++) {
		value[i] = (struct conf_value){ keep_text(c, item->string[i]),
			item->string[i]->place };
		if (!is_utf8(value[i].text))
			return -1;
	}
	return 0;
}

/* Literal pieces of a text, joined without escapes. */
static void
join_pieces(struct converter *c, const struct item *item,
    struct conf_value *value)
{
	for (size_t i = 0; i < item->strings; i++) {
		const struct conf_string *s = item->string[i];
		struct textbuf b = { 0 };

		for (const struct conf_piece *p = s->piece; p != NULL;
		    p = p->next)
			textbuf_text(&b, p->text);
		value[i] = (struct conf_value){ convert_take(c, &b),
			s->place };
	}
}

static struct conf_value *
take_values(struct converter *c, const struct item *item)
{
	struct conf_value *value = arena_take(&c->arena,
	    (item->strings + 1) * sizeof *value);

	c->failed |= value == NULL;
	return value;
}

static void
write_variable(struct converter *c, struct document *d,
    const struct item *item)
{
	struct conf_value *value = take_values(c, item);
	struct entry e = { .key = item->key.name, .indent = 2,
		.list = item->strings != 1, .append = item->append,
		.count = item->strings, .value = value,
		.comments = &item->after, .place = item->place };

	if (value == NULL || keep_values(c, item, value) != 0 ||
	    !is_utf8(item->key.name))
		return;
	/* Appended to in any case, it has to be a list in YAML. */
	e.list |= item->append;
	document_entry(d, &e);
}

/* Writes a parameter, or marks it as one that must be spelled out. */
static bool
write_param(struct converter *c, struct document *d, const struct item *item)
{
	bool list = conf_key_list(&item->key), literal = !has_references(item);
	struct conf_value *value = take_values(c, item);
	struct entry e = { .key = item->key.name, .def = item->key.def,
		.list = list, .append = item->append && list,
		.value = value, .count = item->strings,
		.comments = &item->after, .place = item->place };
	struct conf_said said;

	if (value == NULL)
		return false;
	if (literal) {
		join_pieces(c, item, value);
		if (conf_translate(&c->arena, &item->key, value,
		    item->strings, &said, NULL) != 0 || said.silent)
			return false;
		effective_entry(c, d, &item->key, &said, e.append, e.comments,
		    e.place);
		return true;
	}
	if (item->key.negative || keep_values(c, item, value) != 0)
		return false;
	if (!list) {
		e.value = value + item->strings - 1;
		e.count = 1;
	}
	document_entry(d, &e);
	return true;
}

/* Writes all variables where the first one stands. */
static void
write_variables(struct converter *c, struct document *d,
    const struct items *items)
{
	textbuf_text(&d->text, "vars:");
	document_line(d, (struct spec_place){ 0 }, NULL);
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (item->key.def != NULL)
			continue;
		document_comments(d, 2, &item->before);
		write_variable(c, d, item);
	}
}

static void
write_items(struct converter *c, struct document *d,
    const struct imported *j, const struct items *items)
{
	bool variables = false;

	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (item->key.def == NULL) {
			if (!variables && !c->all_flat)
				write_variables(c, d, items);
			variables = true;
			continue;
		}
		document_comments(d, 0, &item->before);
		if (is_flat(c, j, item->key.def)) {
			document_comments(d, 0, &item->after);
		} else if (!write_param(c, d, item)) {
			c->flat[param_index(item->key.def)] = true;
			c->marked = true;
			document_comments(d, 0, &item->after);
		}
	}
}

static void
write_name(struct converter *c, struct document *d,
    const struct conf_block *b, const struct imported *j)
{
	struct conf_value value = { convert_literal(c, j != NULL ? j->name :
	    b->name), b->place };
	const struct entry e = { .key = "name", .value = &value, .count = 1,
		.comments = &b->after, .place = b->place };

	document_comments(d, 0, &b->before);
	document_entry(d, &e);
	d->keys = 0;
}

/* The jid that a block has as its name. */
static void
write_own_jid(struct converter *c, struct document *d,
    const struct imported *j)
{
	const struct conf_param *p = conf_param(j->jail, "jid");
	const struct param_def *def = param_find("jid");
	struct entry e = { .key = "jid", .def = def, .count = 1,
		.place = j->jail->block->place };

	if (p == NULL || p->values != 1 || is_flat(c, j, def) ||
	    p->string[0]->place.line != e.place.line ||
	    p->string[0]->place.column != e.place.column)
		return;
	e.value = p->value;
	document_entry(d, &e);
}

static void
keep_block(struct converter *c, const struct conf_block *b,
    const struct imported *j)
{
	struct document *d = &c->doc[c->docs++];
	struct items items = { 0 };
	size_t count = 0;

	document_start(d, j != NULL ? j->jail : NULL, "block", b->order);
	write_name(c, d, b, j);
	for (const struct conf_assign *a = b->assign; a != NULL; a = a->next) {
		if (++count > ITEMS_MAX)
			c->all_flat = c->marked = true;
		else
			add_assign(c, &items, a);
	}
	if (j != NULL)
		write_own_jid(c, d, j);
	write_items(c, d, j, &items);
	if (j != NULL)
		effective_flat(c, j, d);
	document_comments(d, 0, &b->end);
	c->failed |= d->text.failed;
	free(items.item);
	/* Defaults of which nothing is left. */
	if (j == NULL && d->lines == 1 && c->jails > 0) {
		document_free(d);
		c->docs--;
	}
}

void
keep_documents(struct converter *c)
{
	size_t next = 0;

	if (c->renamed.count == 0)
		list_renamed(c);
	for (const struct conf_block *b = c->conf->block; b != NULL;
	    b = b->next) {
		const struct imported *j = NULL;

		if (!b->pattern) {
			j = &c->jail[next++];
			if (j->dropped)
				continue;
		} else if (rules_name(b->name, true, NULL) != 0) {
			/* It covers no jail that has a name for a spec. */
			continue;
		}
		keep_block(c, b, j);
	}
}
