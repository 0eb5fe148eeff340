/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of claims.h, in which a claim is found by its text and by its holder. */
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"
#include "agent/plan/hostname.h"
#include "agent/reconcile/claims.h"
#include "agent/reconcile/reconcile.h"

const char *const claims_param[CLAIMS_PARAMS] = { "ip4.addr", "ip6.addr",
	"jid", "vnet.interface" };

/* `places` is a power of two. */
static struct claim_list *
place_of(const struct claims *c, const char *text)
{
	return &c->place[text_hash(text) & (c->places - 1)];
}

/* Makes twice as many places, or the first ones. */
static int
grow(struct claims *c)
{
	struct claims more = { .places = c->places == 0 ? 64 : 2 * c->places };
	struct claim *one;

	more.place = calloc(more.places, sizeof *more.place);
	if (more.place == NULL)
		return -1;
	for (size_t i = 0; i < c->places; i++)
		while ((one = LIST_FIRST(&c->place[i])) != NULL) {
			LIST_REMOVE(one, place_link);
			LIST_INSERT_HEAD(place_of(&more, one->text), one,
			    place_link);
		}
	free(c->place);
	c->place = more.place;
	c->places = more.places;
	return 0;
}

int
claims_add(struct claims *c, const char *param, const char *text,
    struct managed *holder)
{
	struct claim *one;

	if (c->count == c->places && grow(c) != 0)
		return -1;
	one = malloc(sizeof *one);
	if (one == NULL)
		return -1;
	*one = (struct claim){ .param = param, .text = strdup(text),
		.holder = holder, .number = c->newest + 1 };
	if (one->text == NULL) {
		free(one);
		return -1;
	}
	LIST_INSERT_HEAD(place_of(c, text), one, place_link);
	LIST_INSERT_HEAD(&holder->has, one, held_link);
	c->newest++;
	c->count++;
	return 0;
}

void
claims_remove(struct claims *c, struct managed *holder)
{
	struct claim *one;

	while ((one = LIST_FIRST(&holder->has)) != NULL) {
		LIST_REMOVE(one, held_link);
		LIST_REMOVE(one, place_link);
		c->count--;
		free(one->text);
		free(one);
	}
}

void
claims_forget(struct claims *c)
{
	for (size_t i = 0; i < c->places; i++)
		while (!LIST_EMPTY(&c->place[i]))
			claims_remove(c, LIST_FIRST(&c->place[i])->holder);
	free(c->place);
	for (struct managed *m = c->changed; m != NULL; m = m->changed_next)
		m->claims_change = false;
	memset(c, 0, sizeof *c);
}

/* The first that is `first` or newer, and older than `best` (NULL: any), or that. */
static const struct claim *
find_text(const struct claims *c, const char *param, const char *text,
    size_t first, const struct claim *best)
{
	const struct claim *one;

	LIST_FOREACH(one, place_of(c, text), place_link)
		if (one->number >= first &&
		    (best == NULL || one->number < best->number) &&
		    strcmp(one->param, param) == 0 &&
		    strcmp(one->text, text) == 0)
			best = one;
	return best;
}

static const struct claim *
find_list(const struct claims *c, const char *param,
    const struct text_list *l, size_t first, const struct claim *best)
{
	char one[128];

	for (size_t i = 0; l != NULL && i < l->count; i++)
		best = find_text(c, param, claims_bare(param, l->text[i], one,
		    sizeof one), first, best);
	return best;
}

const struct claim *
claims_next(const struct reconciler *r, const struct managed *m, size_t *at)
{
	const struct claims *c = &r->claims;
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	const struct claim *best = NULL;

	for (size_t p = 0; c->count > 0 && p < CLAIMS_PARAMS; p++) {
		best = find_list(c, claims_param[p], spec_list(m->desired,
		    claims_param[p]), *at, best);
		/* A jail that is not there looks up anew what it will have. */
		if (e != NULL && e->stage == ENTRY_UP &&
		    claims_keeps_found(m->desired, claims_param[p]))
			best = find_list(c, claims_param[p], &e->found, *at,
			    best);
	}
	if (best != NULL)
		*at = best->number + 1;
	return best;
}
