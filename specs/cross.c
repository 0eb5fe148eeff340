/* SPDX-License-Identifier: BSD-2-Clause */
#include "cross.h"

#include <string.h>

static bool
is_word(const struct spec *d, const char *name, const char *word)
{
	const struct spec_param *p = spec_param_find(d, name);

	return p != NULL && p->value.count > 0 &&
	    strcmp(p->value.text[0], word) == 0;
}

/*
 * Reports that what is said in one place contradicts what is said in another;
 * `remedy` is the end of the sentence.
 */
static void
contradiction(struct scope *s, const struct spec_param *here,
    const struct spec_param *there, const char *what, const char *remedy)
{
	scope_fault(s, here->place, "%s: %s %s: %s, which is said at "
	    "%s:%u:%u; %s", here->name, what, there->name,
	    there->value.text[0], there->place.file, there->place.line,
	    there->place.column, remedy);
}

/* jail_set(2): vnet together with any restriction of addresses. */
static void
check_vnet(struct scope *s, const struct spec *d)
{
	static const char *const names[] = { "ip4", "ip4.addr", "ip6",
		"ip6.addr" };

	if (!is_word(d, "vnet", "new"))
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct spec_param *p = spec_param_find(d, names[i]);

		if (p != NULL)
			contradiction(s, p, spec_param_find(d, "vnet"),
			    "vnet jails cannot have IP address restrictions; "
			    "this contradicts", "remove one of them");
	}
}

static void
check_addresses(struct scope *s, const struct spec *d, const char *mode,
    const char *list)
{
	const struct spec_param *p = spec_param_find(d, list);
	bool inherit = is_word(d, mode, "inherit");
	bool disable = is_word(d, mode, "disable");

	if (p == NULL || !(inherit || (disable && p->value.count > 0)))
		return;
	contradiction(s, p, spec_param_find(d, mode), "addresses contradict",
	    "remove one of them");
}

/* A value of its own makes the group new, whatever is said (jail_set(2)). */
static void
check_inherited(struct scope *s, const struct spec *d, const char *group)
{
	size_t len = strlen(group);

	if (!is_word(d, group, "inherit"))
		return;
	for (size_t i = 0; i < d->count; i++) {
		const struct spec_param *p = &d->param[i];

		if (strncmp(p->name, group, len) == 0 && p->name[len] == '.')
			contradiction(s, p, spec_param_find(d, group),
			    "this contradicts", "remove one of them");
	}
}

/* jail_set(2): a new jail must persist or attach. */
static void
check_life(struct scope *s, const struct spec *d)
{
	if (spec_bool(d, "persist") || spec_list(d, "exec.start")->count > 0 ||
	    spec_list(d, "command")->count > 0)
		return;
	scope_fault(s, d->place, "new jail must persist or attach: needs "
	    "persist: true, or exec.start or command");
}

static void
check_depend(struct scope *s, const struct spec *d)
{
	const struct spec_param *p = spec_param_find(d, "depend");

	for (size_t i = 0; p != NULL && i < p->value.count; i++) {
		if (strcmp(p->value.text[i], d->name) == 0)
			scope_fault(s, p->place, "depend: the jail depends on "
			    "itself");
	}
}

/* The last thing said about settings whose names begin so, or NULL. */
static const struct assign *
said(const struct scope *s, const char *prefix)
{
	const struct assign *found = NULL;

	for (size_t i = 0; i < s->slots; i++) {
		const struct assign *a = s->slot[i].assign[0];

		if (a->kind == ASSIGN_AGENT &&
		    strncmp(a->name, prefix, strlen(prefix)) == 0)
			found = a;
	}
	return found;
}

/* Said at least once: the defaults are in order. */
static void
check_retry(struct scope *s, const struct spec *d)
{
	const struct assign *most = said(s, "agent.retry.max");
	const struct assign *first = said(s, "agent.retry.initial");

	if (d->agent.retry_max_ms >= d->agent.retry_initial_ms)
		return;
	if (most != NULL && first != NULL)
		scope_fault(s, most->place, "agent.retry.max is shorter than "
		    "agent.retry.initial, which is said at %s:%u:%u",
		    first->place.file, first->place.line,
		    first->place.column);
	else if (most != NULL)
		scope_fault(s, most->place, "agent.retry.max is shorter than "
		    "agent.retry.initial, whose default is 1s");
	else if (first != NULL)
		scope_fault(s, first->place, "agent.retry.initial is longer "
		    "than agent.retry.max, whose default is 5m");
}

static void
check_agent(struct scope *s, const struct spec *d)
{
	const struct assign *health = said(s, "agent.health.");
	const struct assign *network = said(s, "agent.network.");

	if (network != NULL && !is_word(d, "vnet", "new"))
		scope_fault(s, network->place, "%s: only a jail with vnet: new "
		    "has a network of its own", network->name);
	if (health != NULL && d->agent.health.exec == NULL)
		scope_fault(s, health->place, "%s: without agent.health.exec "
		    "there is no health to be checked", health->name);
}

void
cross_check(struct scope *s, const struct spec *draft)
{
	check_vnet(s, draft);
	check_addresses(s, draft, "ip4", "ip4.addr");
	check_addresses(s, draft, "ip6", "ip6.addr");
	check_inherited(s, draft, "host");
	check_inherited(s, draft, "linux");
	check_life(s, draft);
	check_depend(s, draft);
	check_retry(s, draft);
	check_agent(s, draft);
}
