/* SPDX-License-Identifier: BSD-2-Clause */
#include "cross.h"

#include <string.h>

static bool
is_word(const struct drafter *d, enum param_index i, const char *word)
{
	const struct spec_param *p = d->param[i];

	return p != NULL && p->value.count > 0 &&
	    strcmp(p->value.text[0], word) == 0;
}

/*
 * Reports that what is said in one place contradicts what is said in another;
 * `remedy` is the end of the sentence.
 */
static void
contradiction(struct drafter *d, const struct spec_param *here,
    const struct spec_param *there, const char *what, const char *remedy)
{
	scope_fault(&d->scope, here->place, "%s: %s %s: %s, which is said at "
	    "%s:%u:%u; %s", here->name, what, there->name,
	    there->value.text[0], there->place.file, there->place.line,
	    there->place.column, remedy);
}

/* jail_set(2): vnet together with any restriction of addresses. */
static void
check_vnet(struct drafter *d)
{
	static const enum param_index restrictions[] = { P_IP4, P_IP4_ADDR,
		P_IP6, P_IP6_ADDR };

	if (!is_word(d, P_VNET, "new"))
		return;
	for (size_t i = 0; i < sizeof restrictions / sizeof *restrictions;
	    i++) {
		const struct spec_param *p = d->param[restrictions[i]];

		if (p != NULL)
			contradiction(d, p, d->param[P_VNET],
			    "vnet jails cannot have IP address restrictions; "
			    "this contradicts", "remove one of them");
	}
}

static void
check_addresses(struct drafter *d, enum param_index mode,
    enum param_index list)
{
	const struct spec_param *p = d->param[list];

	if (p == NULL)
		return;
	if (is_word(d, mode, "inherit") ||
	    (is_word(d, mode, "disable") && p->value.count > 0))
		contradiction(d, p, d->param[mode], "addresses contradict",
		    "remove one of them");
}

/* A value of its own makes the group new, whatever is said (jail_set(2)). */
static void
check_inherited(struct drafter *d, enum param_index group)
{
	const char *name = param_table[group].name;
	size_t len = strlen(name);

	if (!is_word(d, group, "inherit"))
		return;
	for (size_t i = 0; i < d->spec.count; i++) {
		const struct spec_param *p = &d->spec.param[i];

		if (strncmp(p->name, name, len) == 0 && p->name[len] == '.')
			contradiction(d, p, d->param[group],
			    "this contradicts", "remove one of them");
	}
}

static bool
is_filled(const struct drafter *d, enum param_index list)
{
	return d->param[list] != NULL && d->param[list]->value.count > 0;
}

/* jail_set(2): a new jail must persist or attach. */
static void
check_life(struct drafter *d)
{
	if (!is_word(d, P_PERSIST, "true") && !is_filled(d, P_EXEC_START) &&
	    !is_filled(d, P_COMMAND))
		scope_fault(&d->scope, d->spec.place, "new jail must persist "
		    "or attach: needs persist: true, or exec.start or "
		    "command");
}

static void
check_depend(struct drafter *d)
{
	const struct spec_param *p = d->param[P_DEPEND];

	for (size_t i = 0; p != NULL && i < p->value.count; i++) {
		if (strcmp(p->value.text[i], d->spec.name) == 0)
			scope_fault(&d->scope, p->place, "depend: the jail "
			    "depends on itself");
	}
}

/* The last thing said about settings whose names begin so, or NULL. */
static const struct assign *
said(const struct drafter *d, const char *prefix)
{
	const struct assign *found = NULL;

	for (size_t i = 0; i < d->saids; i++) {
		if (strncmp(d->said[i]->name, prefix, strlen(prefix)) == 0)
			found = d->said[i];
	}
	return found;
}

/* Said at least once: the defaults are in order. */
static void
check_retry(struct drafter *d)
{
	struct scope *s = &d->scope;
	const struct assign *most, *first;

	if (d->spec.agent.retry_max_ms >= d->spec.agent.retry_initial_ms)
		return;
	most = said(d, "agent.retry.max");
	first = said(d, "agent.retry.initial");
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
check_agent(struct drafter *d)
{
	const struct assign *health = said(d, "agent.health.");
	const struct assign *network = said(d, "agent.network.");

	if (network != NULL && !is_word(d, P_VNET, "new"))
		scope_fault(&d->scope, network->place, "%s: only a jail with "
		    "vnet: new has a network of its own", network->name);
	if (health != NULL && d->spec.agent.health.exec == NULL)
		scope_fault(&d->scope, health->place, "%s: without "
		    "agent.health.exec there is no health to be checked",
		    health->name);
}

void
cross_check(struct drafter *d)
{
	check_vnet(d);
	check_addresses(d, P_IP4, P_IP4_ADDR);
	check_addresses(d, P_IP6, P_IP6_ADDR);
	check_inherited(d, P_HOST);
	check_inherited(d, P_LINUX);
	check_life(d);
	check_depend(d);
	check_retry(d);
	check_agent(d);
}
