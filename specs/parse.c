/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of nodes become documents: names are resolved, values checked. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lost.h"
#include "pack.h"
#include "parser.h"
#include "rules.h"
#include "text.h"

#define LOST_MAX 100 /* names of defaults that could not be read */
#define SCRATCH_FIRST 16384 /* bytes that most documents need */

void
parser_fault(struct parser *p, const struct node *n, const char *fmt, ...)
{
	char message[ERROR_TEXT_MAX + KEY_MAX];
	va_list ap;

	p->faults++;
	p->wrong = true;
	if (parser_is_full(p))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	spec_error_add(p->errors, parser_place(p, n), false, "%s", message);
}

/* What a full name belongs to. */
enum part { PART_PARAMS, PART_AGENT, PART_VARS };

static enum part
part_of(const char *name)
{
	if (*name == 'a' && strncmp(name, "agent", 5) == 0 &&
	    (name[5] == '.' || name[5] == '\0'))
		return PART_AGENT;
	if (*name == 'v' && strncmp(name, "vars", 4) == 0 &&
	    (name[4] == '.' || name[4] == '\0'))
		return PART_VARS;
	return PART_PARAMS;
}

static void
expect_mapping(struct parser *p, const char *name, const struct node *value)
{
	if (value->kind != NODE_BAD)
		parser_fault(p, value, "%s: expected a mapping, found %s", name,
		    node_kind_name(value));
}

static void
add_setting(struct parser *p, const char *name, bool append,
    const struct node *key, struct node *value)
{
	const struct setting *s = setting_find(name);

	if (s == NULL && setting_group(name))
		expect_mapping(p, name, value);
	else
		parser_add_setting(p, name, s, append, key, value);
}

static void
add_leaf(struct parser *p, const char *name, bool append,
    const struct node *key, struct node *value)
{
	enum part part = part_of(name);
	const struct param_def *def;

	if (part == PART_AGENT) {
		add_setting(p, name, append, key, value);
	} else if (part == PART_VARS && name[4] == '\0') {
		expect_mapping(p, name, value);
	} else if (part == PART_VARS) {
		parser_add_var(p, name, append, key, value);
	} else {
		def = param_find(name);
		if (def == NULL && param_group(name))
			expect_mapping(p, name, value);
		else
			parser_add_param(p, name, def, append, key, value);
	}
}

/* Whether a mapping may stand as the value of a name. */
static bool
takes_mapping(const char *name)
{
	const struct param_def *def;
	enum part part = part_of(name);

	if (part == PART_AGENT)
		/* Labels may have dots in their names. */
		return setting_group(name) ||
		    strncmp(name, "agent.labels.", 13) == 0;
	if (part == PART_VARS)
		return name[4] == '\0';
	if (param_group(name))
		return true;
	/* And so may lines of meta. */
	def = param_find(name);
	return def != NULL && def->type == PARAM_KEYVALUE;
}

/* Reports a mapping where there can be none. */
static void
refuse_mapping(struct parser *p, const char *name, bool append,
    const struct node *key, struct node *value)
{
	const struct param_def *def = param_find(name);

	if (def != NULL)
		parser_fault(p, value, "%s: found a mapping, but it takes %s",
		    name, param_type_name(def->type));
	else if (part_of(name) == PART_VARS)
		parser_fault(p, value, "%s: expected a text or a list, found a "
		    "mapping", name);
	else
		add_leaf(p, name, append, key, value);
}

static bool
is_name(const struct node *key)
{
	return key->len == 4 && memcmp(key->text, "name", 4) == 0;
}

static void
take_name(struct parser *p, const struct node *key, const struct node *value)
{
	struct spec_doc *doc = p->doc;
	struct error err = { 0 };

	if (doc->place.line > 0) {
		parser_fault(p, key, "name is given twice, first in line %u",
		    doc->place.line);
		return;
	}
	doc->place = parser_place(p, value);
	if (value->kind == NODE_BAD)
		return;
	if (value->kind != NODE_TEXT)
		parser_fault(p, value, "name: expected a text, found %s",
		    node_kind_name(value));
	else if (value->secret)
		parser_fault(p, value, "name: !secret is for env.*, meta.* "
		    "and agent.environment only");
	else if (node_is_null(value))
		parser_fault(p, value, "name has no value");
	else if (rules_name(value->text, true, &err) != 0 ||
	    rules_own_name(value->text, &err) != 0)
		parser_fault(p, value, "%s", err.text);
	else
		doc->name = value->text;
}

/*
 * Puts the name of a key behind the `before` bytes of its prefix.  Returns the
 * length of both, 0 when it cannot be a name.
 */
static size_t
full_name(struct parser *p, const struct node *key, char name[KEY_MAX],
    size_t before, bool *append)
{
	size_t len = key->len;

	if (len == 2 && key->plain && memcmp(key->text, "<<", 2) == 0) {
		parser_fault(p, key, "merge keys are not part of the spec language; "
		    "use a document with defaults");
		return 0;
	}
	*append = len > 0 && key->text[len - 1] == '+';
	len -= *append;
	if (len == 0) {
		parser_fault(p, key, "expected a name, found %s",
		    *append ? "\"+\" alone" : "an empty key");
		return 0;
	}
	if (before + 1 + len >= KEY_MAX) {
		parser_fault(p, key, "name \"%.*s...\" is too long", TEXT_SHOWN,
		    key->text);
		return 0;
	}
	if (before > 0)
		name[before++] = '.';
	memcpy(name + before, key->text, len);
	name[before + len] = '\0';
	return before + len;
}

/* Takes all below a mapping whose name is the first `before` bytes. */
static void
walk(struct parser *p, char name[KEY_MAX], size_t before,
    const struct node *map)
{
	struct node *key, *value;

	for (key = map->child; key != NULL && key->next != NULL;
	    key = value->next) {
		bool append;
		size_t len;

		value = key->next;
		if (key->kind == NODE_BAD)
			continue;
		if (before == 0 && is_name(key)) {
			take_name(p, key, value);
			continue;
		}
		len = full_name(p, key, name, before, &append);
		if (len == 0)
			continue;
		if (value->kind != NODE_MAP)
			add_leaf(p, name, append, key, value);
		else if (!takes_mapping(name))
			refuse_mapping(p, name, append, key, value);
		else if (append)
			parser_fault(p, key, "%s+: only lists can be appended to",
			    name);
		else
			walk(p, name, len, value);
	}
}

static int
keep_doc(struct parser *p)
{
	struct spec_docs *docs = p->docs;

	if ((docs->count & (docs->count - 1)) == 0) {
		size_t room = docs->count == 0 ? 1 : docs->count * 2;
		struct spec_doc **grown = realloc(docs->doc,
		    room * sizeof *grown);

		if (grown == NULL)
			return -1;
		docs->doc = grown;
	}
	docs->doc[docs->count++] = p->doc;
	return 0;
}

static void
each_document(void *arg, const struct node *root, size_t faults)
{
	struct parser *p = arg;
	char name[KEY_MAX];

	p->faults = faults;
	p->wrong |= faults > 0;
	p->count = 0;
	p->added = false;
	if (root->kind == NODE_BAD)
		return;
	if (root->kind != NODE_MAP) {
		parser_fault(p, root, "%s", node_is_null(root) ?
		    "the document is empty" :
		    "expected a mapping (name: ..., path: ...)");
		return;
	}
	p->doc = arena_take(&p->kept, sizeof *p->doc);
	if (p->doc == NULL) {
		parser_fault(p, root, "out of memory");
		return;
	}
	*p->doc = (struct spec_doc){ 0 };
	walk(p, name, 0, root);
	if (p->doc->place.line == 0)
		parser_fault(p, root, "the document has no name: every one needs "
		    "name: and the jail's name, or \"*\" for defaults");
	if (parser_keep(p) == 0 && (p->doc->name == NULL || keep_doc(p) == 0))
		return;
	parser_fault(p, root, "out of memory");
	spec_free(p->doc->spec);
}

/*
 * Looking for defaults in a text with errors.  Each name found is looked for
 * among those of the documents that could be read.
 */
struct search {
	struct parser *p;
	char **name; /* sorted */
	size_t names;
	size_t first_lost; /* of docs */
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_known(const struct search *s, const char *name)
{
	const struct spec_docs *docs = s->p->docs;

	if (s->names > 0 && bsearch(&name, s->name, s->names, sizeof *s->name,
	    compare_names) != NULL)
		return true;
	for (size_t i = s->first_lost; i < docs->count; i++)
		if (strcmp(docs->doc[i]->name, name) == 0)
			return true;
	return false;
}

/* Defaults that could not be read are there, and bad. */
static void
take_lost(void *arg, const char *name, unsigned line, unsigned column)
{
	struct search *s = arg;
	struct parser *p = s->p;
	size_t count = p->docs->count - s->first_lost;

	if (count == LOST_MAX || is_known(s, name))
		return;
	if (count == LOST_MAX - 1)
		name = "*"; /* for all others */
	p->doc = arena_take(&p->kept, sizeof *p->doc);
	if (p->doc != NULL)
		*p->doc = (struct spec_doc){
			.name = arena_text(&p->kept, name),
			.place = { p->file, line, column },
			.defaults = true, .bad = true };
	if (p->doc == NULL || p->doc->name == NULL || keep_doc(p) != 0)
		spec_error_add(p->errors, (struct spec_place){
		    p->file, line, column }, false, "out of memory");
	else
		p->docs->defaults = true;
}

static void
find_lost(struct parser *p, const char *text, size_t len)
{
	size_t count = p->docs->count - p->first;
	struct search s = { .p = p, .first_lost = p->docs->count,
		.name = calloc(count + 1, sizeof *s.name) };

	/* Without memory all of them are lost. */
	for (; s.name != NULL && s.names < count; s.names++)
		s.name[s.names] = p->docs->doc[p->first + s.names]->name;
	if (s.names > 1)
		qsort(s.name, s.names, sizeof *s.name, compare_names);
	lost_defaults(text, len, take_lost, &s);
	free(s.name);
}

/* The parser of all files that become these documents. */
static struct parser *
parser_of(struct spec_docs *docs)
{
	struct parser *p = docs->parser;

	if (p != NULL)
		return p;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->arena.first = SCRATCH_FIRST;
	drafter_init(&p->drafter);
	docs->parser = p;
	return p;
}

int
spec_parse(const char *file, const char *text, size_t len,
    struct spec_docs *docs, struct spec_errors *errors)
{
	struct parser *p = parser_of(docs);
	int rc;

	if (p == NULL)
		return spec_error_add(errors, (struct spec_place){ file, 0, 0 },
		    false, "out of memory");
	p->file = file;
	p->errors = errors;
	p->docs = docs;
	p->errors_start = errors->count;
	p->wrong = false;
	p->first = docs->count;
	p->kept.chunk = docs->memory;
	rc = yaml_read(file, text, len, each_document, p, &p->arena, errors);
	/* Where memory is out errors may have got lost. */
	p->wrong |= rc != 0 || errors->count > p->errors_start;
	if (p->wrong)
		find_lost(p, text, len);
	docs->memory = p->kept.chunk;
	arena_reset(&p->arena);
	return p->wrong ? -1 : 0;
}

void
spec_docs_settle(struct spec_docs *docs)
{
	struct parser *p = docs->parser;

	if (p == NULL)
		return;
	drafter_finish(&p->drafter);
	shelf_release(p->shelf);
	arena_release(&p->arena);
	free(p->assign);
	free(p->sorted);
	free(p);
	docs->parser = NULL;
}
