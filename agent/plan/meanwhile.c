/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/meanwhile.h"

#include <stdlib.h>
#include <string.h>

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

/* *waits: the names of what is not to be done now. */
static int
find_waiting(const struct action *a, struct text_list *waits)
{
	struct text_list all = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->count; i++)
		if (is_for_start(&a->change[i]))
			rc = text_list_add(&all, a->change[i].name);
	for (size_t i = 0; rc == 0 && i < a->count; i++)
		if (waits_with(&all, a->change[i].name))
			rc = text_list_add(waits, a->change[i].name);
	text_list_free(&all);
	return rc;
}

bool
meanwhile_split(const struct plan_input *in, struct action *a)
{
	struct text_list waits = { 0 };
	size_t kept = 0;

	if (in->applied == NULL || find_waiting(a, &waits) != 0 ||
	    waits.count == a->count) {
		text_list_free(&waits);
		return false;
	}
	for (size_t i = 0; i < a->count; i++) {
		if (waits_with(&waits, a->change[i].name))
			change_free(&a->change[i]);
		else
			a->change[kept++] = a->change[i];
	}
	a->count = kept;
	a->waits = waits;
	return true;
}

bool
meanwhile_waits(const struct action *a, const char *name)
{
	return waits_with(&a->waits, name);
}

/* Of what waits there is what was applied, of the rest what is wanted. */
struct spec *
meanwhile_spec(const struct spec *applied, const struct spec *desired,
    const struct action *a)
{
	const struct spec *was = applied, *now = desired;
	struct spec draft = *desired, *made;
	size_t i = 0, k = 0;

	draft.param = calloc(was->count + now->count + 1, sizeof *draft.param);
	if (draft.param == NULL)
		return NULL;
	draft.count = 0;
	while (i < was->count || k < now->count) {
		int order = i == was->count ? 1 : k == now->count ? -1 :
		    strcmp(was->param[i].name, now->param[k].name);
		const struct spec_param *p = order > 0 ? &now->param[k] :
		    &was->param[i];
		bool waits = meanwhile_waits(a, p->name);

		if (waits && order <= 0)
			draft.param[draft.count++] = was->param[i];
		else if (!waits && order >= 0)
			draft.param[draft.count++] = now->param[k];
		i += order <= 0;
		k += order >= 0;
	}
	/* Settings are about what comes of it, but limits, which are live. */
	draft.agent = was->agent;
	draft.agent.limits = now->agent.limits;
	draft.depend = was->depend;
	made = spec_pack(&draft);
	free(draft.param);
	return made;
}
