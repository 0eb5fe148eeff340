/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of nodes become documents: names are resolved, values checked. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lost.h"
#include "names.h"
#include "parser.h"
#include "rules.h"
#include "text.h"

#define SCRATCH_FIRST 16384 /* bytes that most documents need */

void
parser_fault(struct parser *p, const struct node *n, const char *fmt, ...)
{
	char message[ERROR_TEXT_MAX + KEY_MAX];
	va_list ap;

	p->faults++;
	if (parser_is_full(p))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	spec_error_add(p->errors, parser_place(p, n), false, "%s", message);
}

/* Whether a name belongs to a part of the document: "vars", "agent.heal". */
static bool
is_below(const char *name, const char *part)
{
	size_t len = strlen(part);

	return *name == *part && strncmp(name, part, len) == 0 &&
	    (name[len] == '.' || name[len] == '\0');
}

static void
expect_mapping(struct parser *p, const char *name, const struct node *value)
{
	if (value->kind != NODE_BAD)
		parser_fault(p, value, "%s: expected a mapping, found %s", name,
		    node_kind_name(value));
}

static void
add_leaf(struct parser *p, const char *name, bool append,
    const struct node *key, const struct node *value)
{
	if (is_below(name, "agent")) {
		const struct setting *s = setting_find(name);

		if (s == NULL && setting_group(name))
			expect_mapping(p, name, value);
		else
			parser_add_setting(p, name, s, append, key, value);
	} else if (is_below(name, "vars")) {
		if (name[4] == '\0')
			expect_mapping(p, name, value);
		else
			parser_add_var(p, name, append, key, value);
	} else {
		const struct param_def *def = param_find(name);

		if (def == NULL && names_group(name))
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

	if (is_below(name, "agent"))
		/* Labels may have dots in their names. */
		return setting_group(name) ||
		    strncmp(name, "agent.labels.", 13) == 0;
	if (strcmp(name, "vars") == 0 || names_group(name))
		return true;
	/* And so may lines of meta. */
	def = param_find(name);
	return def != NULL && def->type == PARAM_KEYVALUE;
}

static bool
is_name(const struct node *key)
{
	return key->len == 4 && memcmp(key->text, "name", 4) == 0;
}

/* Makes the full name of a key.  Returns false when it cannot be one. */
static bool
full_name(struct parser *p, const char *prefix, const struct node *key,
    char *name, bool *append)
{
	size_t before = strlen(prefix), len = key->len;

	if (len == 2 && key->plain && memcmp(key->text, "<<", 2) == 0) {
		parser_fault(p, key, "merge keys are not part of the spec language; "
		    "use a document with defaults");
		return false;
	}
	*append = len > 1 && key->text[len - 1] == '+';
	len -= *append;
	if (len == 0) {
		parser_fault(p, key, "expected a name, found an empty key");
		return false;
	}
	if (before + 1 + len >= KEY_MAX) {
		parser_fault(p, key, "name \"%.*s...\" is too long", TEXT_SHOWN,
		    key->text);
		return false;
	}
	memcpy(name, prefix, before);
	if (before > 0)
		name[before++] = '.';
	memcpy(name + before, key->text, len);
	name[before + len] = '\0';
	return true;
}

static void
walk(struct parser *p, const char *prefix, const struct node *map)
{
	const struct node *key, *value;
	char name[KEY_MAX];
	bool append;

	for (key = map->child; key != NULL && key->next != NULL;
	    key = value->next) {
		value = key->next;
		if (key->kind == NODE_BAD ||
		    !full_name(p, prefix, key, name, &append))
			continue;
		/* Taken by take_name. */
		if (*prefix == '\0' && is_name(key))
			continue;
		if (value->kind != NODE_MAP)
			add_leaf(p, name, append, key, value);
		else if (takes_mapping(name) && append)
			parser_fault(p, key, "%s+: only lists can be appended to",
			    name);
		else if (takes_mapping(name))
			walk(p, name, value);
		else if (param_find(name) != NULL)
			parser_fault(p, value, "%s: found a mapping, but it takes "
			    "%s", name,
			    param_type_name(param_find(name)->type));
		else if (strncmp(name, "vars.", 5) == 0)
			parser_fault(p, value, "%s: expected a text or a list, found "
			    "a mapping", name);
		else
			add_leaf(p, name, append, key, value);
	}
}

static void
take_name(struct parser *p, const struct node *root)
{
	const struct node *key, *value, *found = NULL;
	struct error err = { 0 };

	for (key = root->child; key != NULL && key->next != NULL;
	    key = value->next) {
		value = key->next;
		if (key->kind == NODE_BAD || !is_name(key))
			continue;
		if (found != NULL) {
			parser_fault(p, key, "name is given twice, first in line %u",
			    found->line);
			continue;
		}
		found = value;
		p->doc->place = parser_place(p, value);
		if (value->kind == NODE_BAD)
			continue;
		if (value->kind != NODE_TEXT)
			parser_fault(p, value, "name: expected a text, found %s",
			    node_kind_name(value));
		else if (node_is_null(value))
			parser_fault(p, value, "name has no value");
		else if (rules_name(value->text, true, &err) != 0)
			parser_fault(p, value, "%s", err.text);
		else
			p->doc->name = value->text;
	}
	if (found == NULL)
		parser_fault(p, root, "the document has no name: every one needs "
		    "name: and the jail's name, or \"*\" for defaults");
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

	p->faults = faults;
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
	take_name(p, root);
	walk(p, "", root);
	if (parser_keep(p) == 0 && (p->doc->name == NULL || keep_doc(p) == 0))
		return;
	parser_fault(p, root, "out of memory");
	spec_free(p->doc->spec);
}

/* Among the documents of this text that could be read. */
static bool
is_known(const struct parser *p, const char *name)
{
	for (size_t i = p->first; i < p->docs->count; i++)
		if (strcmp(p->docs->doc[i]->name, name) == 0)
			return true;
	return false;
}

/* Defaults that could not be read are there, and bad. */
static void
take_lost(void *arg, const char *name, unsigned line, unsigned column)
{
	struct parser *p = arg;

	if (is_known(p, name))
		return;
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

	if (p == NULL)
		return spec_error_add(errors, (struct spec_place){ file, 0, 0 },
		    false, "out of memory");
	p->file = file;
	p->errors = errors;
	p->docs = docs;
	p->errors_start = errors->count;
	p->first = docs->count;
	p->kept.chunk = docs->memory;
	(void)yaml_read(file, text, len, each_document, p, &p->arena, errors);
	if (errors->count > p->errors_start)
		lost_defaults(text, len, take_lost, p);
	docs->memory = p->kept.chunk;
	arena_reset(&p->arena);
	return errors->count == p->errors_start ? 0 : -1;
}

void
spec_docs_settle(struct spec_docs *docs)
{
	struct parser *p = docs->parser;

	if (p == NULL)
		return;
	drafter_finish(&p->drafter);
	arena_release(&p->arena);
	free(p->assign);
	free(p->sorted);
	free(p);
	docs->parser = NULL;
}
