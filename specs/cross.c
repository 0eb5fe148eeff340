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
			scope_fault(s, p->place, "%s: vnet jails cannot have "
			    "IP address restrictions; remove %s or vnet: new",
			    names[i], names[i]);
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
	scope_fault(s, p->place, "%s: addresses contradict %s: %s; remove one "
	    "of them", list, mode, inherit ? "inherit" : "disable");
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
			scope_fault(s, p->place, "%s contradicts %s: inherit; "
			    "remove one of them", p->name, group);
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

static void
check_agent(struct scope *s, const struct spec *d)
{
	const struct assign *health = said(s, "agent.health.");
	const struct assign *network = said(s, "agent.network.");

	if (d->agent.retry_max_ms < d->agent.retry_initial_ms)
		scope_fault(s, d->place, "agent.retry.max is shorter than "
		    "agent.retry.initial");
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
	check_agent(s, draft);
}
