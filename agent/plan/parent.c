/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/parent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/hostname.h"
#include "agent/plan/limits.h"
#include "kernel/nested.h"

/* The parent's change of a parameter while it runs, NULL: there is none. */
static const struct change *
change_of(const struct plan_parent *p, const char *name)
{
	for (size_t i = 0; p->action != NULL && i < p->action->count; i++)
		if (p->action->change[i].how == HOW_LIVE &&
		    strcmp(p->action->change[i].name, name) == 0)
			return &p->action->change[i];
	return NULL;
}

/* ---------------------------------------------------------------- numbers */

static bool
is_right(enum nested_rule rule)
{
	return rule == NESTED_RIGHT || rule == NESTED_OPEN;
}

/* A boolean without a value is true. */
static bool
number_of(const struct text_list *l, enum nested_rule rule, long *n)
{
	static const char *const words[][3] = {
		{ "false", "disable", "0" }, { "true", "new", "1" },
	};
	char *end;

	*n = 1;
	if (l->count == 0)
		return is_right(rule);
	for (long k = 0; k < 2; k++)
		for (size_t i = 0; i < 3; i++)
			if (strcmp(l->text[0], words[k][i]) == 0) {
				*n = k;
				return true;
			}
	*n = strtol(l->text[0], &end, 10);
	if (*end == '\0')
		return end != l->text[0];
	*n = 2;
	return strcmp(l->text[0], "inherit") == 0;
}

static bool
number_of_text(const char *text, enum nested_rule rule, long *n)
{
	char *one = (char *)(uintptr_t)text;
	const struct text_list l = { &one, 1 };

	return number_of(&l, rule, n);
}

/* Whether a change sets it while the parent runs, and to what. */
static bool
number_set(const struct plan_parent *p, const char *name,
    enum nested_rule rule, long *n)
{
	const struct change *c = change_of(p, name), *all;

	if (c != NULL)
		return number_of(&c->to, rule, n);
	/* It decides about those that are not mentioned. */
	all = rule == NESTED_FACILITY ? change_of(p, "allow.sysvipc") : NULL;
	return all != NULL && p->desired != NULL &&
	    spec_param_find(p->desired, name) == NULL &&
	    number_of_text(number_of(&all->to, NESTED_RIGHT, n) && *n != 0 ?
	    "inherit" : "disable", rule, n);
}

static bool number_in(const struct plan_parent *p, const char *name,
    enum nested_rule rule, long *n);

/* What a jail has that is made of a spec. */
static bool
number_made(const struct plan_parent *p, const char *name,
    enum nested_rule rule, long *n)
{
	const struct param_def *def = param_find(name);
	const struct spec_param *said;

	if (p->desired == NULL)
		return false;
	said = spec_param_find(p->desired, name);
	if (said != NULL)
		return number_of(&said->value, rule, n);
	if (rule == NESTED_FACILITY && spec_bool(p->desired, "allow.sysvipc"))
		return number_of_text("inherit", rule, n);
	if (def == NULL || def->dflt != NULL)
		return def != NULL && number_of_text(def->dflt, rule, n);
	if (p->up != NULL)
		return number_in(p->up, name, rule, n);
	*n = 1; /* the host may do anything */
	return is_right(rule);
}

/* What the parent will have; false: that is not known. */
static bool
number_in(const struct plan_parent *p, const char *name,
    enum nested_rule rule, long *n)
{
	struct text_list have = { 0 };
	bool known;

	if (p->live == NULL)
		return number_made(p, name, rule, n);
	if (number_set(p, name, rule, n))
		return true;
	known = live_texts(p->live, name, &have, NULL) == 0 &&
	    have.count > 0 && parent_follow(p->up, name, &have) == 0 &&
	    number_of(&have, rule, n);
	text_list_free(&have);
	return known;
}

/* -------------------------------------------------------------- addresses */

/* Whether the parent has a network of its own, which restricts nobody. */
static bool
has_stack(const struct plan_parent *p)
{
	struct text_list have = { 0 };
	bool own;

	if (p->live == NULL)
		return p->desired != NULL &&
		    strcmp(spec_text(p->desired, "vnet"), "new") == 0;
	own = live_texts(p->live, "vnet", &have, NULL) == 0 &&
	    have.count > 0 && strcmp(have.text[0], "new") == 0;
	text_list_free(&have);
	return own;
}

/* Whether it has all addresses of what is around it: NAME.addr -> NAME. */
static bool
inherits(const struct plan_parent *p, const char *name)
{
	const char mode[] = { name[0], name[1], name[2], '\0' };
	struct text_list have = { 0 };
	bool all;

	if (p->live == NULL)
		return spec_list(p->desired, name)->count == 0 &&
		    strcmp(spec_text(p->desired, mode), "inherit") == 0;
	all = live_texts(p->live, mode, &have, NULL) == 0 && have.count > 0 &&
	    strcmp(have.text[0], "inherit") == 0;
	text_list_free(&have);
	return all;
}

/* The addresses that the parent will have; false: any, or not known. */
static bool
addresses_in(const struct plan_parent *p, const char *name,
    struct text_list *have)
{
	const char mode[] = { name[0], name[1], name[2], '\0' };
	const struct change *c;

	memset(have, 0, sizeof *have);
	if (p == NULL || has_stack(p) || (p->live == NULL &&
	    (p->desired == NULL || hostname_opens(p->desired, mode))))
		return false;
	if (inherits(p, name))
		return addresses_in(p->up, name, have);
	if (p->live == NULL)
		return text_list_copy(have, spec_list(p->desired, name)) == 0;
	c = change_of(p, name);
	if (c != NULL)
		return text_list_copy(have, &c->to) == 0;
	return live_texts(p->live, name, have, NULL) == 0 &&
	    parent_follow(p->up, name, have) == 0;
}

/* ----------------------------------------------------------- what follows */

static int
follow_number(const struct plan_parent *p, const char *name,
    enum nested_rule rule, int depth, struct text_list *have)
{
	long is, will, after;
	char text[24];

	if (!number_of(have, rule, &is) || !number_set(p, name, rule, &will))
		return 0;
	after = nested_after(rule, is, will, depth);
	if (after == is)
		return 0;
	snprintf(text, sizeof text, "%ld", after);
	text_list_free(have);
	return text_list_add(have, is_right(rule) ? "false" :
	    rule == NESTED_FACILITY ? "disable" : text);
}

static void
follow_addresses(const struct text_list *to, struct text_list *have)
{
	size_t kept = 0;

	for (size_t i = 0; i < have->count; i++)
		if (address_listed(to, have->text[i]))
			have->text[kept++] = have->text[i];
		else
			free(have->text[i]);
	have->count = kept;
}

static int
follow(const struct plan_parent *p, const char *name, enum nested_rule rule,
    int depth, struct text_list *have)
{
	const struct change *c;

	if (p == NULL || p->live == NULL ||
	    (rule == NESTED_AMONG && has_stack(p)))
		return 0;
	if (follow(p->up, name, rule, depth + 1, have) != 0)
		return -1;
	if (rule != NESTED_AMONG)
		return follow_number(p, name, rule, depth, have);
	c = change_of(p, name);
	if (c != NULL)
		follow_addresses(&c->to, have);
	return 0;
}

int
parent_follow(const struct plan_parent *p, const char *name,
    struct text_list *have)
{
	enum nested_rule rule = p == NULL ? NESTED_FREE : nested_rule(name);

	return rule == NESTED_FREE ? 0 : follow(p, name, rule, 1, have);
}

int
parent_default(const struct plan_parent *p, const char *name,
    struct text_list *texts)
{
	enum nested_rule rule = p == NULL ? NESTED_FREE : nested_rule(name);
	char text[24];
	long n;

	if ((rule != NESTED_SAME && rule != NESTED_AT_LEAST &&
	    !is_right(rule)) || !number_in(p, name, rule, &n))
		return 0;
	snprintf(text, sizeof text, "%ld", n);
	return text_list_add(texts, !is_right(rule) ? text :
	    n != 0 ? "true" : "false");
}

/* ------------------------------------------------------- what is forbidden */

static const char *
refuse_number(const struct plan_parent *p, const char *name,
    enum nested_rule rule, const struct text_list *to, char *buf, size_t size)
{
	long mine, its;

	if (!number_of(to, rule, &mine) || !number_in(p, name, rule, &its) ||
	    nested_fits(rule, mine, its))
		return NULL;
	if (rule == NESTED_AT_LEAST)
		snprintf(buf, size, "%s: %ld is less than %ld, which its "
		    "parent %s has; raise it here, or lower it there", name,
		    mine, its, p->name);
	else if (rule == NESTED_BELOW)
		snprintf(buf, size, "%s: %ld is not less than %ld, which its "
		    "parent %s has; lower it here, or raise it there", name,
		    mine, its, p->name);
	else if (rule == NESTED_RIGHT)
		snprintf(buf, size, "%s: its parent %s does not have it; give "
		    "it to that, too, or remove it here", name, p->name);
	else
		snprintf(buf, size, "%s: its parent %s has none; say new or "
		    "inherit there, too, or disable here", name, p->name);
	return buf;
}

/*
 * The kernel compares a list with those of all around the jail, too: only two
 * that have nothing but the same address do not clash.
 */
static const char *
refuse_clash(const struct plan_parent *p, const char *name,
    const char *address, char *buf, size_t size)
{
	struct text_list have;
	bool clash;

	for (; p != NULL && !has_stack(p); p = p->up) {
		clash = addresses_in(p, name, &have) && have.count > 1 &&
		    address_listed(&have, address);
		text_list_free(&have);
		if (!clash)
			continue;
		snprintf(buf, size, "%s: a jail in %s, which has several "
		    "addresses, can have none for itself; say %.3s: inherit, "
		    "or leave one to %s", name, p->name, name, p->name);
		return buf;
	}
	return NULL;
}

static const char *
refuse_addresses(const struct plan_parent *p, const char *name,
    const struct text_list *to, char *buf, size_t size)
{
	struct text_list have;
	bool limited = addresses_in(p, name, &have), out = false;
	char address[128];

	for (size_t i = 0; limited && !out && i < to->count; i++) {
		out = address_part(to->text[i], address,
		    sizeof address) == 0 && !address_listed(&have, address);
		if (out)
			snprintf(buf, size, "%s: its parent %s does not have "
			    "%s; give it to that, too, or take another one",
			    name, p->name, address);
	}
	text_list_free(&have);
	for (size_t i = 0; !out && i < to->count; i++)
		out = address_part(to->text[i], address,
		    sizeof address) == 0 &&
		    refuse_clash(p, name, address, buf, size) != NULL;
	return out ? buf : NULL;
}

/* A parameter that is told to the kernel. */
static const char *
refuse_one(const struct plan_input *in, const char *name,
    const struct text_list *to, char *buf, size_t size)
{
	enum nested_rule rule = nested_rule(name);

	if (rule == NESTED_FREE || params_find(in->params, name) == NULL)
		return NULL;
	if (rule == NESTED_AMONG)
		return refuse_addresses(in->parent, name, to, buf, size);
	return refuse_number(in->parent, name, rule, to, buf, size);
}

/* Whether all that its spec says is told to the kernel, and not what differs. */
static bool
is_made(const struct plan_input *in, const struct action *a)
{
	return a->kind == ACTION_CREATE || a->kind == ACTION_RESTART ||
	    (in->parent->live == NULL &&
	    (a->kind == ACTION_NONE || a->kind == ACTION_MODIFY));
}

const char *
parent_refuse(const struct plan_input *in, const struct action *a, char *buf,
    size_t size)
{
	const struct spec *d = in->desired;
	const char *why = NULL;

	if (in->parent == NULL)
		return NULL;
	if (is_made(in, a)) {
		for (size_t i = 0; why == NULL && i < d->count; i++)
			why = refuse_one(in, d->param[i].name,
			    &d->param[i].value, buf, size);
		return why;
	}
	for (size_t i = 0; a->kind == ACTION_MODIFY && why == NULL &&
	    i < a->count; i++)
		if (a->change[i].how == HOW_LIVE &&
		    !limits_name(a->change[i].name))
			why = refuse_one(in, a->change[i].name,
			    &a->change[i].to, buf, size);
	return why;
}
