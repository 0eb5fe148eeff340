/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/rivals.h"

#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/around.h"
#include "agent/reconcile/foresee.h"
#include "agent/reconcile/reconcile.h"

/* ---------------------------------------------------------------- the order */

/* It goes as deep as a chain of dependencies is long: no buffers here. */
static void
place(struct reconciler *r, struct managed *m, unsigned long *last)
{
	const struct spec *s = managed_wanted(m);
	struct managed *d;

	if (m->placed == r->placed)
		return;
	m->placed = r->placed;
	for (size_t i = 0; s != NULL && i < s->depend.count; i++)
		if ((d = reconciler_jail(r, s->depend.text[i], false)) != NULL)
			place(r, d, last);
	if ((d = around_jail(r, m)) != NULL)
		place(r, d, last);
	m->place = ++*last;
}

static void
place_all(struct reconciler *r)
{
	unsigned long last = 0;

	r->placed++;
	for (size_t i = 0; i < r->count; i++)
		place(r, r->jail[i], &last);
	r->taken.placed = true;
}

bool
rivals_before(struct reconciler *r, const struct managed *a,
    const struct managed *b)
{
	if (!r->taken.placed)
		place_all(r);
	return a->yields != b->yields ? b->yields : a->place < b->place;
}

/* ----------------------------------------------------------------- a pass */

/* An address that a jail is to have. */
struct wish {
	char text[64];
	const struct managed *m;
	bool alone;
};

struct wishes {
	struct wish *wish;
	size_t count, room;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct wish *)a)->text,
	    ((const struct wish *)b)->text);
}

static int
wish(struct wishes *w, const struct managed *m, const struct text_list *l)
{
	for (size_t i = 0; l != NULL && i < l->count; i++) {
		if (w->count == w->room) {
			size_t room = w->room == 0 ? 64 : 2 * w->room;
			struct wish *more = realloc(w->wish,
			    room * sizeof *more);

			if (more == NULL)
				return -1;
			w->wish = more;
			w->room = room;
		}
		w->wish[w->count].m = m;
		w->wish[w->count].alone = l->count == 1;
		w->count += address_part(l->text[i], w->wish[w->count].text,
		    sizeof w->wish->text) == 0;
	}
	return 0;
}

/* Whether two of the same address cannot share it. */
static bool
has_rivals(struct wishes *w)
{
	if (w->count == 0)
		return false;
	qsort(w->wish, w->count, sizeof *w->wish, compare);
	for (size_t i = 1; i < w->count; i++)
		if (compare(&w->wish[i - 1], &w->wish[i]) == 0 &&
		    w->wish[i - 1].m != w->wish[i].m &&
		    !(w->wish[i - 1].alone && w->wish[i].alone))
			return true;
	return false;
}

/* Whether any jail has a rival, as far as the specs tell. */
static bool
are_rivals(const struct reconciler *r)
{
	struct wishes w = { 0 };
	bool yes = false;

	for (size_t i = 0; !yes && i < r->count; i++) {
		const struct spec *s = managed_wanted(r->jail[i]);

		yes = s != NULL && (wish(&w, r->jail[i],
		    spec_list(s, "ip4.addr")) != 0 || wish(&w, r->jail[i],
		    spec_list(s, "ip6.addr")) != 0);
	}
	yes |= has_rivals(&w);
	free(w.wish);
	return yes;
}

/*
 * One with copies of all jails, for a plan that nobody sees and that changes
 * nothing.  They have the specs of the others, and nothing else of theirs.
 */
static int
copy(const struct reconciler *r, struct reconciler *c)
{
	*c = *r;
	c->closing = true; /* nobody is looked at */
	c->opt.stuck = NULL;
	c->claims = (struct claims){ 0 };
	c->taken = (struct taken){ 0 };
	c->waves = (struct waves){ 0 };
	memset(&c->roots, 0, sizeof c->roots);
	memset(&c->addresses, 0, sizeof c->addresses);
	c->count = 0;
	c->jail = calloc(r->count + 1, sizeof *c->jail);
	for (size_t i = 0; c->jail != NULL && i < r->count; i++) {
		struct managed *m = malloc(sizeof *m);

		if (m == NULL)
			return -1;
		*m = *r->jail[i];
		m->owner = c;
		m->reason = NULL;
		m->unrecorded = true; /* not to be put into that queue */
		m->in_wave = m->claims_change = false;
		LIST_INIT(&m->has);
		c->jail[c->count++] = m;
	}
	return c->jail != NULL ? 0 : -1;
}

static void
free_copy(struct reconciler *c)
{
	claims_forget(&c->claims);
	taken_forget(&c->taken);
	jail_roots_forget(&c->roots);
	host_forget(&c->addresses);
	for (size_t i = 0; i < c->count; i++) {
		free(c->jail[i]->reason);
		free(c->jail[i]);
	}
	free(c->jail);
}

static void
refuse(struct reconciler *r, struct managed *m, const struct action *a)
{
	if (a->kind != ACTION_BLOCKED || (m->refused = strdup(a->reason)) == NULL)
		return;
	m->jid = a->jid;
	managed_state(r, m, STATE_BLOCKED, "%s", a->reason);
}

void
rivals_decide(struct reconciler *r)
{
	struct action *actions = NULL;
	struct reconciler c;

	r->rivals_known = false;
	if (!are_rivals(r))
		return;
	if (copy(r, &c) == 0)
		actions = foresee(&c);
	for (size_t i = 0; actions != NULL && i < r->count; i++) {
		r->jail[i]->gets = foresee_comes(&actions[i]);
		r->jail[i]->yields = c.jail[i]->yields;
		refuse(r, r->jail[i], &actions[i]);
		action_free(&actions[i]);
	}
	r->rivals_known = actions != NULL;
	free(actions);
	free_copy(&c);
}

void
rivals_forget(struct reconciler *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->jail[i]->refused);
		r->jail[i]->refused = NULL;
	}
	r->rivals_asked = false;
}
