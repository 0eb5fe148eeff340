/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/taken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"

static const char *const families[] = { "ip4.addr", "ip6.addr" };
#define FAMILIES (sizeof families / sizeof *families)

void
taken_forget(struct taken *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->address[i].text);
		free(t->address[i].by);
	}
	free(t->address);
	memset(t, 0, sizeof *t);
}

/* -------------------------------------------------------- who may have what */

struct walk {
	struct reconciler *r;
	size_t room;
	bool failed; /* memory is out */
};

static void
add(struct walk *w, const char *text, const char *by, bool alone)
{
	struct taken *t = &w->r->taken;

	if (t->count == w->room) {
		size_t room = w->room == 0 ? 16 : 2 * w->room;
		struct taken_address *more = realloc(t->address,
		    room * sizeof *more);

		w->failed |= more == NULL;
		if (w->failed)
			return;
		t->address = more;
		w->room = room;
	}
	t->address[t->count] = (struct taken_address){ strdup(text),
		strdup(by), alone };
	w->failed |= t->address[t->count].text == NULL ||
	    t->address[t->count].by == NULL;
	t->count++;
}

/* What a jail has and shall not have is told by claims.h. */
static void
add_wanted(struct walk *w, const struct managed *m)
{
	char text[128];

	for (size_t f = 0; f < FAMILIES; f++) {
		const struct text_list *l = spec_list(m->desired, families[f]);

		for (size_t i = 0; l != NULL && i < l->count; i++)
			if (address_part(l->text[i], text, sizeof text) == 0)
				add(w, text, m->name, l->count == 1);
	}
}

/* A jail that nobody here changes: somebody else's, or of another set. */
static void
add_foreign(void *arg, const struct seen *s)
{
	struct walk *w = arg;
	struct reconciler *r = w->r;
	const struct managed *m = s->name == NULL ? NULL :
	    reconciler_find(r, s->name);
	struct live live;

	if (s->dying || s->name == NULL || strchr(s->name, '.') != NULL ||
	    (m != NULL && (m->unwanted || m->desired != NULL) &&
	    inventory_find(r->shop.inventory, s->name) != NULL) ||
	    live_read(r->shop.observer, s->name, NULL, NULL, &live, NULL) != 0)
		return;
	for (size_t f = 0; f < FAMILIES; f++) {
		struct text_list l = { 0 };

		w->failed |= live_texts(&live, families[f], &l, NULL) != 0;
		for (size_t i = 0; i < l.count; i++)
			add(w, l.text[i], s->name, l.count == 1);
		text_list_free(&l);
	}
	live_free(&live);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct taken_address *)a)->text,
	    ((const struct taken_address *)b)->text);
}

static bool
find_all(struct reconciler *r)
{
	struct walk w = { r, 0, false };
	struct taken *t = &r->taken;

	if (t->known)
		return true;
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->desired != NULL && !r->jail[i]->unwanted &&
		    strchr(r->jail[i]->name, '.') == NULL)
			add_wanted(&w, r->jail[i]);
	if (observe_all(r->shop.observer, add_foreign, &w, NULL) < 0 ||
	    w.failed) {
		taken_forget(t);
		return false;
	}
	if (t->count > 0)
		qsort(t->address, t->count, sizeof *t->address, compare);
	t->known = true;
	return true;
}

/* ------------------------------------------------------------- who has it */

static const char *
text_of(const void *table, size_t i)
{
	return ((const struct taken *)table)->address[i].text;
}

static bool
really_has(const struct reconciler *r, const struct taken_address *a,
    const char *family)
{
	struct text_list l = { 0 };
	struct live live;
	bool has = false;

	if (live_read(r->shop.observer, a->by, NULL, NULL, &live, NULL) != 0)
		return false;
	if (live_texts(&live, family, &l, NULL) == 0)
		for (size_t i = 0; i < l.count; i++)
			has |= strcmp(l.text[i], a->text) == 0;
	text_list_free(&l);
	live_free(&live);
	return has;
}

/* What is asked about one jail. */
struct question {
	struct reconciler *r;
	const struct managed *m;
	taken_gets_fn *gets;
	void *arg;
	char *buf;
	size_t size;
};

/* Whether another jail has the address, or is to get it first. */
static bool
is_taken(const struct question *q, const struct taken_address *a,
    const char *family)
{
	static const char *const share = "only jails that have no other one "
	    "can share it";
	struct managed *other;

	if (really_has(q->r, a, family)) {
		snprintf(q->buf, q->size, "address %s belongs to the jail %s, "
		    "which keeps it; %s", a->text, a->by, share);
		return true;
	}
	other = strcmp(a->by, q->m->name) > 0 ? NULL :
	    reconciler_jail(q->r, a->by, false);
	if (other == NULL || !q->gets(q->arg, other))
		return false;
	snprintf(q->buf, q->size, "address %s is for %s, whose spec has it, "
	    "too; %s", a->text, a->by, share);
	return true;
}

/* `alone`: it would be the only one there. */
static bool
find(const struct question *q, const char *family, const char *text,
    bool alone)
{
	const struct taken *t = &q->r->taken;
	bool found;
	size_t at = sorted_position(t, t->count, text_of, text, &found);

	while (found && at > 0 && strcmp(t->address[at - 1].text, text) == 0)
		at--;
	for (; found && at < t->count &&
	    strcmp(t->address[at].text, text) == 0; at++)
		if (strcmp(t->address[at].by, q->m->name) != 0 &&
		    !(alone && t->address[at].alone) &&
		    is_taken(q, &t->address[at], family))
			return true;
	return false;
}

static bool
find_one(const struct question *q, const char *family)
{
	const struct text_list *l = spec_list(q->m->desired, family);
	char text[128];

	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (find_all(q->r) &&
		    address_part(l->text[i], text, sizeof text) == 0 &&
		    find(q, family, text, l->count == 1))
			return true;
	return false;
}

bool
taken_address(struct reconciler *r, const struct managed *m,
    taken_gets_fn *gets, void *arg, char *buf, size_t size)
{
	const struct question q = { r, m, gets, arg, buf, size };

	if (m->desired == NULL || strchr(m->name, '.') != NULL)
		return false;
	for (size_t f = 0; f < FAMILIES; f++)
		if (find_one(&q, families[f]))
			return true;
	return false;
}

/* A search for the jail that has an address. */
struct search {
	struct reconciler *r;
	const struct managed *m;
	struct taken_address address;
	const char *family;
	bool found;
};

static void
search_one(void *arg, const struct seen *s)
{
	struct search *q = arg;

	if (q->found || s->dying || s->name == NULL ||
	    strchr(s->name, '.') != NULL || strcmp(s->name, q->m->name) == 0)
		return;
	q->address.by = (char *)(uintptr_t)s->name;
	q->found = really_has(q->r, &q->address, q->family);
}

bool
taken_now(struct reconciler *r, const struct managed *m, const char *family,
    const char *text)
{
	struct search q = { r, m, { (char *)(uintptr_t)text, NULL, false },
		family, false };

	return observe_all(r->shop.observer, search_one, &q, NULL) < 0 ||
	    q.found;
}

bool
taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size)
{
	static const struct action restart = { .kind = ACTION_RESTART };
	struct managed *holder;
	const struct entry *e;
	struct error ignored;

	error_clear(&ignored);
	if (m->unwanted || m->desired == NULL ||
	    spec_text(m->desired, "jid") == NULL ||
	    live_name(r->shop.observer, (int)spec_int(m->desired, "jid"), by,
	    size, &ignored) != 0 || strcmp(by, m->name) == 0)
		return false;
	holder = reconciler_jail(r, by, false);
	/* It goes down with this one, and gets another jid. */
	if (holder != NULL && order_goes_first(r, m, holder, &restart))
		return false;
	e = inventory_find(r->shop.inventory, by);
	return holder == NULL || (!holder->unwanted &&
	    (holder->desired == NULL || e == NULL || e->applied == NULL ||
	    spec_text(e->applied, "jid") == NULL));
}
