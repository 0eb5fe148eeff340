/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/meanwhile.h"

#include <stdlib.h>
#include <string.h>

#include "agent/plan/aliases.h"
#include "agent/plan/limits.h"
#include "specs/pack.h"

/* Of these, none is changed while another one waits: each group in its row. */
static const char *const together[][9] = {
	{ "ip4", "ip4.addr", "ip6", "ip6.addr", "ip_hostname", "interface",
	    "vnet", "vnet.interface", NULL },
	{ "path", "mount", "mount.fstab", NULL },
};

static bool
listed(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool
waits_with(const struct text_list *waits, const char *name)
{
	for (size_t i = 0; i < waits->count; i++) {
		const char *one = waits->text[i];

		if (strcmp(one, name) == 0)
			return true;
		for (size_t g = 0; g < sizeof together / sizeof *together; g++)
			if (listed(together[g], one) &&
			    listed(together[g], name))
				return true;
	}
	return false;
}

/* Whether nothing but a new start makes it true, or it is for one's hooks. */
static bool
is_for_start(const struct change *c)
{
	return c->how == HOW_RESTART || (c->how == HOW_USERLAND &&
	    strcmp(c->name, "interface") != 0);
}

/* Whether it is about addresses: the first row. */
static bool
is_address(const char *name)
{
	return listed(together[0], name);
}

static bool
same_value(const struct spec *a, const struct spec *b, const char *name)
{
	const struct spec_param *p = spec_param_find(a, name);
	const struct spec_param *q = spec_param_find(b, name);

	return p == NULL || q == NULL ? p == q : p->secret == q->secret &&
	    text_list_equal(&p->value, &q->value);
}

/* Whether the spec says the same as before: it is the jail that has changed. */
static bool
is_drift(const struct spec *applied, const struct spec *desired,
    const char *name)
{
	struct jail_limits was, now;

	if (is_address(name)) {
		for (const char *const *n = together[0]; *n != NULL; n++)
			if (!same_value(applied, desired, *n))
				return false;
		return true;
	}
	(void)limits_of(applied, &was);
	(void)limits_of(desired, &now);
	return limits_name(name) ? memcmp(&was, &now, sizeof was) == 0 :
	    same_value(applied, desired, name);
}

/* Whether a change has to wait. */
static bool
has_to_wait(const struct spec *applied, const struct spec *desired,
    enum meanwhile much, const struct change *c)
{
	if (is_for_start(c))
		return true;
	switch (much) {
	case MEANWHILE_ALL:
		return false;
	case MEANWHILE_INSIDE:
		return is_address(c->name);
	case MEANWHILE_OWN:
		return is_address(c->name) &&
		    !is_drift(applied, desired, c->name);
	case MEANWHILE_HEAL:
		break;
	}
	return !is_drift(applied, desired, c->name);
}

/* *waits: the names of what is not to be done now, and of what waits already. */
static int
find_waiting(const struct spec *applied, const struct spec *desired,
    enum meanwhile much, const struct action *a, struct text_list *waits)
{
	struct text_list all = { 0 };
	int rc = text_list_copy(waits, &a->waits);

	for (size_t i = 0; rc == 0 && i < a->count; i++)
		if (has_to_wait(applied, desired, much, &a->change[i]))
			rc = text_list_add(&all, a->change[i].name);
	for (size_t i = 0; rc == 0 && i < a->count; i++)
		if (waits_with(&all, a->change[i].name))
			rc = text_list_add(waits, a->change[i].name);
	text_list_free(&all);
	return rc;
}

/* Of addresses that wait, what the jail has of them is made again. */
static bool
keep_aliases(const struct spec *applied, struct action *a)
{
	struct text_list was = { 0 }, want = { 0 };
	struct error ignored;
	struct change *c = NULL;

	error_clear(&ignored);
	if (aliases_left(applied, &a->lost, &was, &ignored) == 0 &&
	    aliases_left(applied, NULL, &want, &ignored) == 0 &&
	    !text_list_equal(&was, &want))
		c = action_add(a, "interface", HOW_USERLAND);
	if (c == NULL) {
		text_list_free(&was);
		text_list_free(&want);
		return false;
	}
	c->from = was;
	c->to = want;
	c->was_set = c->is_set = true;
	return true;
}

bool
meanwhile_split(const struct spec *applied, const struct spec *desired,
    enum meanwhile much, const char *why, struct action *a)
{
	struct text_list waits = { 0 };
	char can[ERROR_TEXT_MAX];
	size_t kept = 0, count = a->count, before = a->waits.count;
	bool aliases;

	if (applied == NULL || find_waiting(applied, desired, much, a,
	    &waits) != 0) {
		text_list_free(&waits);
		return false;
	}
	aliases = a->lost.count > 0 && waits_with(&waits, "interface") &&
	    keep_aliases(applied, a);
	if (waits.count == before + count && !aliases) {
		text_list_free(&waits);
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (i < count && waits_with(&waits, a->change[i].name))
			change_free(&a->change[i]);
		else
			a->change[kept++] = a->change[i];
	}
	a->count = kept;
	text_list_free(&a->waits);
	a->waits = waits;
	action_differs(a, can, sizeof can);
	return action_decide(a, ACTION_MODIFY, "%.500s; %.500s", can, why) == 0;
}

bool
meanwhile_waits(const struct action *a, const char *name)
{
	return waits_with(&a->waits, name);
}

static bool
limits_wait(const struct text_list *waits)
{
	for (size_t i = 0; i < waits->count; i++)
		if (limits_name(waits->text[i]))
			return true;
	return false;
}

/* Of what waits there is what was applied, of the rest what is wanted. */
static const struct spec_param *
choose(const void *arg, const struct spec_param *was, const struct spec_param *now)
{
	const struct action *a = arg;

	return meanwhile_waits(a, (was != NULL ? was : now)->name) ? was : now;
}

struct spec *
meanwhile_spec(const struct spec *applied, const struct spec *desired,
    const struct action *a)
{
	struct spec draft = *desired;

	/* Settings are about what comes of it, but limits, which are live. */
	draft.agent = applied->agent;
	if (!limits_wait(&a->waits))
		draft.agent.limits = desired->agent.limits;
	draft.depend = applied->depend;
	return spec_merge(&draft, applied, desired, choose, a);
}
