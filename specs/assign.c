/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of a document: read from nodes, checked where they stand. */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parser.h"
#include "rules.h"
#include "text.h"

/* Appends the text of one node; false when it cannot be one. */
static bool
take_text(struct parser *p, struct assign *a, const struct node *n)
{
	const char *dollar;

	if (n->kind == NODE_BAD)
		return false;
	if (n->kind != NODE_TEXT) {
		parser_fault(p, n, "%s: expected a text, found %s", a->name,
		    node_kind_name(n));
		return false;
	}
	if (n->secret && !assign_may_be_secret(a)) {
		parser_fault(p, n, "%s: !secret is for env.*, meta.* and "
		    "agent.environment only", a->name);
		return false;
	}
	a->secret = n->secret;
	if (!n->secret && node_is_null(n)) {
		parser_fault(p, n, "%s has no value%s", a->name, *n->text != '\0' ?
		    "; quote it if this text is meant" : assign_is_list(a) ?
		    "; write [] for an empty list" : "");
		return false;
	}
	dollar = memchr(n->text, '$', n->len);
	if (dollar != NULL && strstr(dollar, "${") != NULL)
		a->expand = true;
	if (arena_list_add(&p->arena, &a->value, n->text) != 0) {
		parser_fault(p, n, "out of memory");
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
			parser_fault(p, n, "%s: %s", a->name, err.text);
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
	struct error err; /* not cleared: a kilobyte for each value */
	size_t which;

	a->value_line = value->line;
	a->value_column = value->column;
	if (value->kind == NODE_LIST) {
		bool good = true;

		if (!assign_is_list(a)) {
			parser_fault(p, value, "%s: expected %s, found a list",
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
	parser_fault(p, value->kind == NODE_LIST ? nth_child(value, which) : value,
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
			parser_fault(p, key, "out of memory");
			return;
		}
		p->room = room;
	}
	a = &p->assign[p->count];
	*a = *known;
	a->place = parser_place(p, key);
	if (a->name == NULL)
		a->name = arena_text(&p->arena, name);
	if (a->name == NULL) {
		parser_fault(p, key, "out of memory");
		return;
	}
	/* Wrong ones count too, so that duplicates are found all the same. */
	p->count++;
	if (a->append && !assign_is_list(a)) {
		parser_fault(p, key, "%s+: only lists can be appended to; %s takes "
		    "one value", a->name, a->name);
		return;
	}
	take_value(p, a, value);
}

void
parser_add_param(struct parser *p, const char *name,
    const struct param_def *def, bool append, const struct node *key,
    const struct node *value)
{
	struct assign a = { .kind = ASSIGN_PARAM, .append = append,
		.def = def };
	struct error err;

	if (a.def == NULL && parser_is_full(p)) {
		p->faults++;
		return;
	}
	if (a.def == NULL) {
		names_unknown(name, value->kind == NODE_TEXT ? value->text :
		    NULL, &err);
		parser_fault(p, key, "%s", err.text);
		return;
	}
	if (a.def->access == PARAM_RD) {
		parser_fault(p, key, "%s is read-only: the kernel tells it, nobody "
		    "can set it; remove this line", name);
		return;
	}
	a.index = param_index(a.def);
	p->added |= a.index == param_count;
	if (a.def->type != PARAM_KEYVALUE || strcmp(name, a.def->name) == 0) {
		a.name = a.def->name;
	} else if (rules_key(name + strlen(a.def->name) + 1, &err) != 0) {
		parser_fault(p, key, "%s: %s", a.def->name, err.text);
		return;
	}
	add_assign(p, &a, name, key, value);
}

void
parser_add_setting(struct parser *p, const char *name, const struct setting *s,
    bool append, const struct node *key, const struct node *value)
{
	struct assign a = { .kind = ASSIGN_AGENT, .append = append,
		.setting = s };
	const char *nearest;

	if (a.setting == NULL && parser_is_full(p)) {
		p->faults++;
		return;
	}
	if (a.setting == NULL) {
		nearest = setting_nearest(name);
		parser_fault(p, key, "unknown setting \"%.*s\"%s%s%s", TEXT_SHOWN,
		    name, nearest != NULL ? "; did you mean " : "",
		    nearest != NULL ? nearest : "",
		    nearest != NULL ? "?" : "");
		return;
	}
	if (a.setting->type == SETTING_MAP &&
	    strcmp(name, a.setting->name) == 0) {
		if (value->kind != NODE_BAD)
			parser_fault(p, value, "%s: expected a mapping of names to "
			    "texts, found %s", name, node_kind_name(value));
		return;
	}
	a.index = (unsigned)(a.setting - setting_table);
	if (strcmp(name, a.setting->name) == 0)
		a.name = a.setting->name;
	add_assign(p, &a, name, key, value);
}

void
parser_add_var(struct parser *p, const char *name, bool append,
    const struct node *key, const struct node *value)
{
	const struct assign a = { .kind = ASSIGN_VAR, .append = append };
	const char *bare = name + strlen("vars.");

	if (strcmp(bare, "name") == 0 || param_find(bare) != NULL)
		parser_fault(p, key, "a variable cannot be called %s: that is a "
		    "parameter, and ${%s} its value", bare, bare);
	else if (*bare == '\0' || bare[strcspn(bare, "${} \t\n")] != '\0')
		parser_fault(p, key, "\"%.*s\": expected the name of a variable "
		    "without blanks, $, { and }", TEXT_SHOWN, bare);
	else
		add_assign(p, &a, name, key, value);
}
