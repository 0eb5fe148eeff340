/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a modification: addresses that a jail gives up, and gets back. */
#include "agent/plan/hostname.h"

#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/claims.h"
#include "agent/reconcile/reconcile.h"

static const char *const families[] = { "ip4.addr", "ip6.addr" };
#define FAMILIES (sizeof families / sizeof *families)

bool
claims_lose(const struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; claims_address(&a->change[i]) &&
		    k < a->change[i].from.count; k++)
			if (!claims_has(&a->change[i].to, a->change[i].name,
			    a->change[i].from.text[k]))
				return true;
	return false;
}

/* Begins a list for the i-th change of the part, which is an address. */
static void
own_list(struct action *part, size_t i)
{
	memset(&part->change[i].to, 0, sizeof part->change[i].to);
	part->change[i].was_set = part->change[i].is_set = true;
}

int
claims_release(const struct action *a, struct action *part)
{
	*part = *a;
	part->change = calloc(a->count + 1, sizeof *part->change);
	part->count = 0;
	if (part->change == NULL)
		return -1;
	for (size_t i = 0; i < a->count; i++) {
		const struct change *c = &a->change[i];
		size_t at = part->count;

		if (!claims_address(c))
			continue;
		part->change[at] = *c;
		part->count++;
		own_list(part, at);
		for (size_t k = 0; k < c->from.count; k++)
			if (claims_has(&c->to, c->name, c->from.text[k]) &&
			    text_list_add(&part->change[at].to,
			    c->from.text[k]) != 0)
				return -1;
	}
	return 0;
}

/* Of a list: each that the jail still has, or that nobody else has now. */
static int
add_restored(struct reconciler *r, const struct managed *m,
    const struct change *c, const struct text_list *had, struct text_list *to,
    bool *lost)
{
	char one[128];

	for (size_t i = 0; i < had->count; i++) {
		const char *text = claims_bare(c->name, had->text[i], one,
		    sizeof one);
		bool there = claims_has(&c->from, c->name, text);

		if (claims_has(to, c->name, text) ||
		    (!there && taken_now(r, m, c->name, text)))
			continue;
		*lost |= !there;
		if (text_list_add(to, text) != 0)
			return -1;
	}
	return 0;
}

static const struct change *
change_of(const struct action *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->change[i].name, name) == 0)
			return &a->change[i];
	return NULL;
}

/*
 * A list that was given up as a whole, so that it is as wanted now: no more than
 * what the jail has is known of it.
 */
static int
fill_whole(struct reconciler *r, const struct managed *m, const char *name,
    const struct text_list *had, struct change *c, bool *lost)
{
	struct text_list to = { 0 }, from = { 0 };
	struct live live;
	int rc = live_read(r->shop.observer, m->name, NULL, NULL, &live, NULL);

	if (rc != 0)
		return rc > 0 ? 0 : -1;
	*c = (struct change){ .name = (char *)(uintptr_t)name,
		.how = HOW_LIVE };
	rc = live_texts(&live, name, &from, NULL);
	live_free(&live);
	c->from = from;
	if (rc == 0)
		rc = add_restored(r, m, c, had, &to, lost);
	if (rc == 0)
		rc = add_restored(r, m, c, &from, &to, lost);
	text_list_free(&from);
	memset(&c->from, 0, sizeof c->from);
	c->to = to;
	c->was_set = c->is_set = true;
	return rc;
}

/* Of a list that is changed; it gets its new addresses when all are taken. */
static int
fill_changed(struct reconciler *r, const struct managed *m,
    const struct text_list *had, struct change *c, bool *lost)
{
	const struct text_list to = c->to;

	memset(&c->to, 0, sizeof c->to);
	c->was_set = c->is_set = true;
	return add_restored(r, m, c, had, &c->to, lost) != 0 ||
	    add_restored(r, m, c, &c->from, &c->to, lost) != 0 ||
	    (c->to.count == 0 && had->count > 0 &&
	    add_restored(r, m, c, &to, &c->to, lost) != 0) ? -1 : 0;
}

/* As claims_restore; `ran`: with which the jail was to run. */
static int
fill_restored(struct reconciler *r, const struct managed *m,
    const struct action *a, const struct spec *ran, struct action *part)
{
	bool lost_any = false;
	int rc = 0;

	for (size_t f = 0; f < FAMILIES && rc == 0; f++) {
		const struct change *c = change_of(a, families[f]);
		const struct text_list *had = spec_list(ran, families[f]);
		struct change *at = &part->change[part->count];
		bool lost = false;

		if (had == NULL || (c != NULL && c->how != HOW_LIVE) ||
		    (c == NULL && had->count == 0))
			continue;
		if (c != NULL)
			*at = *c;
		rc = c != NULL ? fill_changed(r, m, had, at, &lost) :
		    fill_whole(r, m, families[f], had, at, &lost);
		if (c != NULL || lost)
			part->count++;
		else
			text_list_free(&at->to);
		lost_any |= lost;
	}
	return rc != 0 ? -1 : lost_any ? 0 : 1;
}

int
claims_restore(struct reconciler *r, const struct managed *m,
    const struct action *a, struct action *part)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	const struct spec *ran = e != NULL ? e->applied : NULL;
	struct spec *made = NULL;
	struct error ignored;
	int rc = 1;

	*part = *a;
	part->change = calloc(FAMILIES, sizeof *part->change);
	part->count = 0;
	if (part->change == NULL)
		return -1;
	error_clear(&ignored);
	if (ran != NULL && hostname_wanted(ran) && (made = hostname_spec(ran,
	    &e->found, &ignored)) != NULL)
		ran = made;
	if (ran != NULL)
		rc = fill_restored(r, m, a, ran, part);
	spec_free(made);
	return rc;
}

void
claims_free(struct action *part)
{
	for (size_t i = 0; part->change != NULL && i < part->count; i++)
		if (claims_address(&part->change[i]))
			text_list_free(&part->change[i].to);
	free(part->change);
	memset(part, 0, sizeof *part);
}
