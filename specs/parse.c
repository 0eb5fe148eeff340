/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of nodes become documents: names are resolved, values checked. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "names.h"
#include "rules.h"
#include "text.h"
#include "yaml.h"

/* The longest dotted name that is looked at. */
#define KEY_MAX 512
/* At least as many as there are parameters and settings. */
#define BUCKETS_MAX 256

struct parser {
	const char *file;
	struct spec_errors *errors;
	struct spec_docs *docs;
	struct arena arena;   /* of all documents */
	struct spec_doc *doc; /* the present one; in the arena */
	struct assign *assign; /* its assignments, in the order of the text */
	const struct assign **sorted; /* room for pointers to all of them */
	size_t count, room;
	size_t errors_start;  /* of the file */
	size_t faults;	      /* of the document */
};

static struct spec_place
place_of(const struct parser *p, const struct node *n)
{
	return (struct spec_place){ p->file, n->line, n->column };
}

/* Reports what is wrong at a node, up to the limit of a file. */
static void fault(struct parser *p, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
fault(struct parser *p, const struct node *n, const char *fmt, ...)
{
	char message[ERROR_TEXT_MAX + KEY_MAX];
	va_list ap;

	p->faults++;
	if (p->errors->count - p->errors_start >= DOC_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	spec_error_add(p->errors, place_of(p, n), false, "%s", message);
}

/* Appends the text of one node; false when it cannot be one. */
static bool
take_text(struct parser *p, struct assign *a, const struct node *n)
{
	const char *dollar;

	if (n->kind == NODE_BAD)
		return false;
	if (n->kind != NODE_TEXT) {
		fault(p, n, "%s: expected a text, found %s", a->name,
		    node_kind_name(n));
		return false;
	}
	if (node_is_null(n)) {
		fault(p, n, "%s has no value%s", a->name, *n->text != '\0' ?
		    "; quote it if this text is meant" : assign_is_list(a) ?
		    "; write [] for an empty list" : "");
		return false;
	}
	dollar = strchr(n->text, '$');
	if (dollar != NULL && strstr(dollar, "${") != NULL)
		a->expand = true;
	if (arena_list_add(&p->arena, &a->value, n->text) != 0) {
		fault(p, n, "out of memory");
		return false;
	}
	return true;
}

static const struct node *
nth_child(const struct node *n, size_t i)
{
	const struct node *c = n->child;

	while (i-- > 0 && c != NULL && c->next != NULL)
		c = c->next;
	return c != NULL ? c : n;
}

/*
 * Reports each item of a list that is wrong by itself.  Returns false when
 * none is, so that it is the list as a whole.
 */
static bool
report_items(struct parser *p, const struct assign *a,
    const struct node *list)
{
	bool any = false;

	for (const struct node *n = list->child; n != NULL; n = n->next) {
		struct text_list one = { 0 };
		struct error err = { 0 };
		size_t which;

		if (arena_list_add(&p->arena, &one, n->text) == 0 &&
		    assign_check(a, &p->arena, &one, &which, &err) != 0) {
			fault(p, n, "%s: %s", a->name, err.text);
			any = true;
		}
	}
	return any;
}

static const char *
expected_type(const struct assign *a)
{
	if (a->kind != ASSIGN_PARAM || a->def->type == PARAM_STRING ||
	    a->def->type == PARAM_KEYVALUE)
		return "one text";
	return param_type_name(a->def->type);
}

/* Reads the value of an assignment whose name is known. */
static bool
take_value(struct parser *p, struct assign *a, const struct node *value)
{
	struct error err = { 0 };
	size_t which;

	a->value_line = value->line;
	a->value_column = value->column;
	if (value->kind == NODE_LIST) {
		bool good = true;

		if (!assign_is_list(a)) {
			fault(p, value, "%s: expected %s, found a list",
			    a->name, expected_type(a));
			return false;
		}
		for (const struct node *n = value->child; n != NULL;
		    n = n->next)
			good = take_text(p, a, n) && good;
		if (!good)
			return false;
	} else if (!take_text(p, a, value)) {
		return false;
	}
	/* What refers to others is checked when it is resolved. */
	if (a->expand ||
	    assign_check(a, &p->arena, &a->value, &which, &err) == 0)
		return true;
	if (value->kind == NODE_LIST && report_items(p, a, value))
		return false;
	fault(p, value->kind == NODE_LIST ? nth_child(value, which) : value,
	    "%s: %s", a->name, err.text);
	return false;
}

/* Adds `name: value` to the document; the value is no mapping. */
static void
add_assign(struct parser *p, const struct assign *known, const char *name,
    const struct node *key, const struct node *value)
{
	struct assign *a;

	if (p->count == p->room) {
		size_t room = p->room == 0 ? 64 : p->room * 2;
		struct assign *grown = realloc(p->assign,
		    room * sizeof *grown);
		const struct assign **sorted = grown == NULL ? NULL :
		    realloc(p->sorted, room * sizeof *sorted);

		p->assign = grown != NULL ? grown : p->assign;
		p->sorted = sorted != NULL ? sorted : p->sorted;
		if (sorted == NULL) {
			fault(p, key, "out of memory");
			return;
		}
		p->room = room;
	}
	a = &p->assign[p->count];
	*a = *known;
	a->place = place_of(p, key);
	if (a->name == NULL)
		a->name = arena_text(&p->arena, name);
	if (a->name == NULL) {
		fault(p, key, "out of memory");
		return;
	}
	/* Wrong ones count too, so that duplicates are found all the same. */
	p->count++;
	if (a->append && !assign_is_list(a)) {
		fault(p, key, "%s+: only lists can be appended to; %s takes "
		    "one value", a->name, a->name);
		return;
	}
	take_value(p, a, value);
}

static void
add_param(struct parser *p, const char *name, const struct param_def *def,
    bool append, const struct node *key, const struct node *value)
{
	struct assign a = { .kind = ASSIGN_PARAM, .append = append,
		.def = def };
	struct error err = { 0 };

	if (a.def == NULL) {
		names_unknown(name, value->kind == NODE_TEXT ? value->text :
		    NULL, &err);
		fault(p, key, "%s", err.text);
		return;
	}
	if (a.def->access == PARAM_RD) {
		fault(p, key, "%s is read-only: the kernel tells it, nobody "
		    "can set it; remove this line", name);
		return;
	}
	a.index = (unsigned)(a.def - param_table);
	if (strcmp(name, a.def->name) == 0) {
		a.name = a.def->name;
	} else if (rules_key(name + strlen(a.def->name) + 1, &err) != 0) {
		fault(p, key, "%s: %s", a.def->name, err.text);
		return;
	}
	add_assign(p, &a, name, key, value);
}

static void
add_setting(struct parser *p, const char *name, const struct setting *s,
    bool append, const struct node *key, const struct node *value)
{
	struct assign a = { .kind = ASSIGN_AGENT, .append = append,
		.setting = s };
	const char *nearest;

	if (a.setting == NULL) {
		nearest = setting_nearest(name);
		fault(p, key, "unknown setting \"%.*s\"%s%s%s", TEXT_SHOWN,
		    name, nearest != NULL ? "; did you mean " : "",
		    nearest != NULL ? nearest : "",
		    nearest != NULL ? "?" : "");
		return;
	}
	if (a.setting->type == SETTING_UNKNOWN) {
		fault(p, key, "%s is not supported yet", a.setting->name);
		return;
	}
	if (a.setting->type == SETTING_MAP &&
	    strcmp(name, a.setting->name) == 0) {
		if (value->kind != NODE_BAD)
			fault(p, value, "%s: expected a mapping of names to "
			    "texts, found %s", name, node_kind_name(value));
		return;
	}
	a.index = (unsigned)(a.setting - setting_table);
	if (strcmp(name, a.setting->name) == 0)
		a.name = a.setting->name;
	add_assign(p, &a, name, key, value);
}

static void
add_var(struct parser *p, const char *name, bool append,
    const struct node *key, const struct node *value)
{
	const struct assign a = { .kind = ASSIGN_VAR, .append = append };
	const char *bare = name + strlen("vars.");

	if (strcmp(bare, "name") == 0 || param_find(bare) != NULL)
		fault(p, key, "a variable cannot be called %s: that is a "
		    "parameter, and ${%s} its value", bare, bare);
	else if (*bare == '\0' || bare[strcspn(bare, "${} \t\n")] != '\0')
		fault(p, key, "\"%.*s\": expected the name of a variable "
		    "without blanks, $, { and }", TEXT_SHOWN, bare);
	else
		add_assign(p, &a, name, key, value);
}

/* Whether a name belongs to a part of the document: "vars", "agent.heal". */
static bool
is_below(const char *name, const char *part)
{
	size_t len = strlen(part);

	return strncmp(name, part, len) == 0 &&
	    (name[len] == '.' || name[len] == '\0');
}

static void
expect_mapping(struct parser *p, const char *name, const struct node *value)
{
	if (value->kind != NODE_BAD)
		fault(p, value, "%s: expected a mapping, found %s", name,
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
			add_setting(p, name, s, append, key, value);
	} else if (is_below(name, "vars")) {
		if (name[4] == '\0')
			expect_mapping(p, name, value);
		else
			add_var(p, name, append, key, value);
	} else {
		const struct param_def *def = param_find(name);

		if (def == NULL && names_group(name))
			expect_mapping(p, name, value);
		else
			add_param(p, name, def, append, key, value);
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

/* Makes the full name of a key.  Returns false when it cannot be one. */
static bool
full_name(struct parser *p, const char *prefix, const struct node *key,
    char *name, bool *append)
{
	size_t before = strlen(prefix), len = strlen(key->text);

	if (strcmp(key->text, "<<") == 0 && key->plain) {
		fault(p, key, "merge keys are not part of the spec language; "
		    "use a document with defaults");
		return false;
	}
	*append = len > 1 && key->text[len - 1] == '+';
	len -= *append;
	if (len == 0) {
		fault(p, key, "expected a name, found an empty key");
		return false;
	}
	if (before + 1 + len >= KEY_MAX) {
		fault(p, key, "name \"%.*s...\" is too long", TEXT_SHOWN,
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
		if (strcmp(name, "name") == 0 && !append)
			continue;
		if (value->kind != NODE_MAP)
			add_leaf(p, name, append, key, value);
		else if (takes_mapping(name) && append)
			fault(p, key, "%s+: only lists can be appended to",
			    name);
		else if (takes_mapping(name))
			walk(p, name, value);
		else if (param_find(name) != NULL)
			fault(p, value, "%s: found a mapping, but it takes "
			    "%s", name,
			    param_type_name(param_find(name)->type));
		else if (strncmp(name, "vars.", 5) == 0)
			fault(p, value, "%s: expected a text or a list, found "
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
		if (key->kind == NODE_BAD || strcmp(key->text, "name") != 0)
			continue;
		if (found != NULL) {
			fault(p, key, "name is given twice, first in line %u",
			    found->line);
			continue;
		}
		found = value;
		p->doc->place = place_of(p, value);
		if (value->kind == NODE_BAD)
			continue;
		if (value->kind != NODE_TEXT)
			fault(p, value, "name: expected a text, found %s",
			    node_kind_name(value));
		else if (node_is_null(value))
			fault(p, value, "name has no value");
		else if (rules_name(value->text, true, &err) != 0)
			fault(p, value, "%s", err.text);
		else
			p->doc->name = value->text;
	}
	if (found == NULL)
		fault(p, root, "the document has no name: every one needs "
		    "name: and the jail's name, or \"*\" for defaults");
}

static int
compare_assign(const void *a, const void *b)
{
	const struct assign *x = *(const struct assign *const *)a;
	const struct assign *y = *(const struct assign *const *)b;
	int c = assign_compare(x, y);

	/* The first one of a name first. */
	return c != 0 ? c : (x > y) - (x < y);
}

/* Where an assignment goes: the tables give the order, variables are last. */
static size_t
bucket_of(const struct assign *a)
{
	return a->kind == ASSIGN_PARAM ? a->index :
	    a->kind == ASSIGN_AGENT ? param_count + a->index :
				      param_count + setting_count;
}

/*
 * Sorts pointers to the assignments: counted by bucket, then each bucket,
 * which has one element as a rule, by name.
 */
static void
sort_assigns(const struct parser *p, const struct assign **sorted)
{
	size_t start[BUCKETS_MAX + 1] = { 0 };
	size_t buckets = param_count + setting_count + 1, sum = 0;

	assert(buckets <= BUCKETS_MAX);
	for (size_t i = 0; i < p->count; i++)
		start[bucket_of(&p->assign[i])]++;
	for (size_t b = 0; b <= buckets; b++) {
		size_t count = start[b];

		start[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < p->count; i++)
		sorted[start[bucket_of(&p->assign[i])]++] = &p->assign[i];
	/* Each start is now where the next bucket begins. */
	for (size_t b = 0; b < buckets; b++) {
		size_t first = b == 0 ? 0 : start[b - 1];

		if (start[b] - first > 1)
			qsort(sorted + first, start[b] - first, sizeof *sorted,
			    compare_assign);
	}
}

/* Moves the assignments into the document, sorted, and finds duplicates. */
static int
keep_assigns(struct parser *p)
{
	struct spec_doc *doc = p->doc;
	const struct assign **sorted = p->sorted;

	doc->assign = arena_take(&p->arena, p->count * sizeof *doc->assign);
	if (doc->assign == NULL)
		return -1;
	sort_assigns(p, sorted);
	for (size_t i = 0; i < p->count; i++) {
		const struct assign *a = sorted[i];
		const struct node at = { .line = a->place.line,
			.column = a->place.column };

		doc->assign[doc->count++] = *a;
		if (i > 0 && assign_compare(sorted[i - 1], a) == 0)
			fault(p, &at, "%s is given twice, first in line %u",
			    a->name, sorted[i - 1]->place.line);
	}
	return 0;
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
	if (root->kind == NODE_BAD)
		return;
	if (root->kind != NODE_MAP) {
		fault(p, root, "%s", node_is_null(root) ?
		    "the document is empty" :
		    "expected a mapping (name: ..., path: ...)");
		return;
	}
	p->doc = arena_take(&p->arena, sizeof *p->doc);
	if (p->doc == NULL) {
		fault(p, root, "out of memory");
		return;
	}
	*p->doc = (struct spec_doc){ 0 };
	take_name(p, root);
	walk(p, "", root);
	if (p->count > 0 && keep_assigns(p) != 0)
		fault(p, root, "out of memory");
	p->doc->defaults = p->doc->name != NULL &&
	    strchr(p->doc->name, '*') != NULL;
	p->doc->bad = p->faults > 0;
	if (p->doc->name != NULL && keep_doc(p) != 0)
		fault(p, root, "out of memory");
}

int
spec_parse(const char *file, const char *text, size_t len,
    struct spec_docs *docs, struct spec_errors *errors)
{
	struct parser p = { .file = file, .errors = errors, .docs = docs,
		.errors_start = errors->count,
		.arena.chunk = docs->memory };

	(void)yaml_read(file, text, len, each_document, &p, &p.arena, errors);
	docs->memory = p.arena.chunk;
	free(p.assign);
	free(p.sorted);
	return errors->count == p.errors_start ? 0 : -1;
}
