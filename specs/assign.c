/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of a document: read from nodes, checked where they stand. */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parser.h"
#include "rules.h"
#include "text.h"

/* Whether a node may be the value, or one of the values. */
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

static bool
take_list(struct parser *p, struct assign *a, const struct node *list)
{
	bool good = true;

	if (!assign_is_list(a)) {
		parser_fault(p, list, "%s: expected %s, found a list", a->name,
		    expected_type(a));
		return false;
	}
	for (const struct node *n = list->child; n != NULL; n = n->next) {
		if (!take_text(p, a, n)) {
			good = false;
		} else if (arena_list_add(&p->arena, &a->value, n->text) != 0) {
			parser_fault(p, n, "out of memory");
			good = false;
		}
	}
	return good;
}

/* Reads the value of an assignment whose name is known. */
static void
take_value(struct parser *p, struct assign *a, struct node *value)
{
	struct error err; /* not cleared: a kilobyte for each value */
	size_t which;

	a->value_line = value->line;
	a->value_column = value->column;
	if (value->kind == NODE_LIST) {
		if (!take_list(p, a, value))
			return;
	} else {
		if (!take_text(p, a, value))
			return;
		a->value = (struct text_list){ &value->text, 1 };
	}
	/* What refers to others is checked when it is resolved. */
	if (a->expand ||
	    assign_check(a, &p->arena, &a->value, &which, &err) == 0)
		return;
	if (value->kind == NODE_LIST && report_items(p, a, value))
		return;
	parser_fault(p, value->kind == NODE_LIST ? nth_child(value, which) : value,
	    "%s: %s", a->name, err.text);
}

static int
grow(struct parser *p)
{
	size_t room = p->room == 0 ? 64 : p->room * 2;
	struct assign *grown = realloc(p->assign, room * sizeof *grown);
	const struct assign **sorted = grown == NULL ? NULL :
	    realloc(p->sorted, room * sizeof *sorted);

	p->assign = grown != NULL ? grown : p->assign;
	p->sorted = sorted != NULL ? sorted : p->sorted;
	if (sorted == NULL)
		return -1;
	p->room = room;
	return 0;
}

/*
 * Adds `name: value` to the document; the value is no mapping.  `known` is the
 * name that the table has, if it is the same.
 */
static void
add_assign(struct parser *p, const struct assign *is, const char *known,
    const char *name, const struct node *key, struct node *value)
{
	struct assign *a;

	if (p->count == p->room && grow(p) != 0) {
		parser_fault(p, key, "out of memory");
		return;
	}
	a = &p->assign[p->count];
	*a = *is;
	a->place = parser_place(p, key);
	a->name = known != NULL ? known : arena_text(&p->arena, name);
	if (a->name == NULL) {
		parser_fault(p, key, "out of memory");
		return;
	}
	/* Wrong ones count too, so that duplicates are found all the same. */
	p->count++;
	if (a->append && !assign_is_list(a))
		parser_fault(p, key, "%s+: only lists can be appended to; %s takes "
		    "one value", a->name, a->name);
	else
		take_value(p, a, value);
}

void
parser_add_param(struct parser *p, const char *name,
    const struct param_def *def, bool append, const struct node *key,
    struct node *value)
{
	const char *known = NULL;
	struct assign a;
	struct error err;

	if (def == NULL && parser_is_full(p)) {
		p->faults++;
		return;
	}
	if (def == NULL) {
		names_unknown(name, value->kind == NODE_TEXT ? value->text :
		    NULL, &err);
		parser_fault(p, key, "%s", err.text);
		return;
	}
	if (def->access == PARAM_RD) {
		parser_fault(p, key, "%s is read-only: the kernel tells it, nobody "
		    "can set it; remove this line", name);
		return;
	}
	if (def->type != PARAM_KEYVALUE || strcmp(name, def->name) == 0) {
		known = def->name;
	} else if (rules_key(name + strlen(def->name) + 1, &err) != 0) {
		parser_fault(p, key, "%s: %s", def->name, err.text);
		return;
	}
	a = (struct assign){ .kind = ASSIGN_PARAM, .append = append,
		.index = param_index(def), .def = def };
	p->added |= a.index == param_count;
	add_assign(p, &a, known, name, key, value);
}

void
parser_add_setting(struct parser *p, const char *name, const struct setting *s,
    bool append, const struct node *key, struct node *value)
{
	const char *nearest;
	struct assign a;
	bool same;

	if (s == NULL && parser_is_full(p)) {
		p->faults++;
		return;
	}
	if (s == NULL) {
		nearest = setting_nearest(name);
		parser_fault(p, key, "unknown setting \"%.*s\"%s%s%s", TEXT_SHOWN,
		    name, nearest != NULL ? "; did you mean " : "",
		    nearest != NULL ? nearest : "",
		    nearest != NULL ? "?" : "");
		return;
	}
	same = strcmp(name, s->name) == 0;
	if (s->type == SETTING_MAP && same) {
		if (value->kind != NODE_BAD)
			parser_fault(p, value, "%s: expected a mapping of names to "
			    "texts, found %s", name, node_kind_name(value));
		return;
	}
	a = (struct assign){ .kind = ASSIGN_AGENT, .append = append,
		.index = (unsigned)(s - setting_table), .setting = s };
	add_assign(p, &a, same ? s->name : NULL, name, key, value);
}

void
parser_add_var(struct parser *p, const char *name, bool append,
    const struct node *key, struct node *value)
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
		add_assign(p, &a, NULL, name, key, value);
}
