/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/hostname.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "specs/pack.h"

#define FAMILIES 2

static const struct {
	int number;
	const char *mode, *list;
} families[FAMILIES] = {
	{ AF_INET, "ip4", "ip4.addr" },
	{ AF_INET6, "ip6", "ip6.addr" },
};

bool
hostname_wanted(const struct spec *s)
{
	return spec_bool(s, "ip_hostname");
}

bool
hostname_opens(const struct spec *s, const char *mode)
{
	const struct spec_param *p = spec_param_find(s, mode);

	return hostname_wanted(s) && (p == NULL || p->value.count == 0 ||
	    strcmp(p->value.text[0], "new") == 0);
}

int
hostname_family(const struct spec *s, const struct jail_params *params)
{
	int family = -1;

	for (size_t f = 0; f < FAMILIES; f++)
		if (hostname_opens(s, families[f].mode) &&
		    params_find(params, families[f].list) != NULL)
			family = family == -1 ? families[f].number : AF_UNSPEC;
	return family;
}

/* Appends what was found to the lists of the families that are open. */
static int
add_found(const struct spec *s, const struct text_list *found,
    struct text_list *all, struct error *err)
{
	char buf[VALUE_TEXT_MAX];
	size_t which;

	for (size_t i = 0; i < found->count; i++) {
		size_t f = strchr(found->text[i], ':') != NULL;
		const char *address;

		if (!hostname_opens(s, families[f].mode))
			continue;
		address = value_canonical(param_find(families[f].list),
		    found->text[i], buf, err);
		if (address == NULL)
			return error_wrap(err, "ip_hostname");
		if (!address_listed(&all[f], address) &&
		    text_list_add(&all[f], address) != 0)
			return error_sys(err, ENOMEM, "ip_hostname");
	}
	for (size_t f = 0; f < FAMILIES; f++)
		if (value_check_together(param_find(families[f].list), &all[f],
		    &which, err) != 0)
			return error_wrap(err, "%s with ip_hostname",
			    families[f].list);
	return 0;
}

/* Puts a list into a draft, whose parameters are sorted and have room. */
static void
put_list(struct spec *draft, const char *name, const struct text_list *l)
{
	const struct param_def *def = param_find(name);
	struct spec_param *p = draft->param;
	size_t i = 0;

	while (i < draft->count && strcmp(p[i].name, name) < 0)
		i++;
	if (i == draft->count || strcmp(p[i].name, name) != 0) {
		memmove(p + i + 1, p + i, (draft->count - i) * sizeof *p);
		p[i] = (struct spec_param){ .name = (char *)def->name,
			.def = def, .place = draft->place };
		draft->count++;
	}
	p[i].value = *l;
}

static struct spec *
with_lists(const struct spec *s, const struct text_list *all)
{
	struct spec draft = *s, *made;

	draft.param = calloc(s->count + FAMILIES, sizeof *draft.param);
	if (draft.param == NULL)
		return NULL;
	memcpy(draft.param, s->param, s->count * sizeof *draft.param);
	for (size_t f = 0; f < FAMILIES; f++)
		if (all[f].count > 0)
			put_list(&draft, families[f].list, &all[f]);
	made = spec_pack(&draft);
	free(draft.param);
	return made;
}

struct spec *
hostname_spec(const struct spec *s, const struct text_list *found,
    struct error *err)
{
	struct text_list all[FAMILIES] = { { 0 } };
	struct spec *made = NULL;
	bool enough = true;

	for (size_t f = 0; f < FAMILIES; f++)
		enough &= text_list_copy(&all[f],
		    spec_list(s, families[f].list)) == 0;
	if (!enough)
		error_sys(err, ENOMEM, "%s", s->name);
	else if (add_found(s, found, all, err) == 0 &&
	    (made = with_lists(s, all)) == NULL)
		error_sys(err, ENOMEM, "%s", s->name);
	for (size_t f = 0; f < FAMILIES; f++)
		text_list_free(&all[f]);
	return made;
}

int
hostname_live(const struct live *live, const struct spec *s,
    struct text_list *found, struct error *err)
{
	int rc = 0;

	for (size_t f = 0; f < FAMILIES && rc == 0; f++) {
		const struct text_list *said = spec_list(s, families[f].list);
		struct text_list have = { 0 };

		if (!hostname_opens(s, families[f].mode))
			continue;
		rc = live_texts(live, families[f].list, &have, err);
		for (size_t i = 0; i < have.count && rc == 0; i++)
			if (!address_listed(said, have.text[i]) &&
			    text_list_add(found, have.text[i]) != 0)
				rc = error_sys(err, ENOMEM, "%s", s->name);
		text_list_free(&have);
	}
	return rc;
}

int
hostname_diff(const struct plan_input *in, struct action *out,
    struct error *err)
{
	struct plan_input with = *in;
	struct spec *desired = NULL, *applied = NULL;
	struct text_list found = { 0 };
	int rc;

	if (!hostname_wanted(in->desired))
		return diff_jail(in, out, err);
	if (in->found == NULL || in->found->count == 0)
		rc = hostname_live(in->live, in->desired, &found, err);
	else
		rc = text_list_copy(&found, in->found) == 0 ? 0 :
		    error_sys(err, ENOMEM, "%s", in->name);
	if (rc == 0 && (desired = hostname_spec(in->desired, &found,
	    err)) == NULL)
		rc = -1;
	if (rc == 0 && in->applied != NULL && hostname_wanted(in->applied) &&
	    (applied = hostname_spec(in->applied, &found, err)) == NULL)
		rc = -1;
	with.desired = desired;
	if (applied != NULL)
		with.applied = applied;
	if (rc == 0)
		rc = diff_jail(&with, out, err);
	/* What was found may be said now. */
	if (rc == 0)
		rc = diff_agent(in, out, err);
	spec_free(desired);
	spec_free(applied);
	text_list_free(&found);
	return rc;
}
