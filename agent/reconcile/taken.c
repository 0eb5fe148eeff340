/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/taken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/sorted.h"
#include "agent/plan/hostname.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/rivals.h"
#include "agent/reconcile/stuck.h"

static const char *const families[] = { "ip4.addr", "ip6.addr" };
#define FAMILIES (sizeof families / sizeof *families)

/* A table that is forgotten again and again before it is made is made at once. */
#define TRIES 8

void
taken_forget(struct taken *t)
{
	bool awaited = t->awaited, met = t->met;
	unsigned tries = t->known ? 0 : t->tries;

	free(t->address);
	free(t->first);
	buffer_free(&t->texts);
	*t = (struct taken){ .awaited = awaited, .tries = tries,
		.met = met };
}

/* ---------------------------------------------------------- whose rules count */

/* Whether a jail has, or is to have, all addresses of what is around it. */
static bool
inherits(const struct reconciler *r, const char *name, const char *family)
{
	const char mode[] = { family[0], family[1], family[2], '\0' };
	const struct managed *m = reconciler_find(r, name);
	const struct spec *s = m == NULL ? NULL : managed_wanted(m);
	struct text_list is = { 0 };
	struct live live;
	bool all;

	if (s != NULL)
		return spec_list(s, family)->count == 0 &&
		    strcmp(spec_text(s, mode), "inherit") == 0;
	if (live_read(r->shop.observer, name, NULL, NULL, &live, NULL) != 0)
		return false;
	all = live_texts(&live, mode, &is, NULL) == 0 && is.count > 0 &&
	    strcmp(is.text[0], "inherit") == 0;
	text_list_free(&is);
	live_free(&live);
	return all;
}

/*
 * Whether its addresses of a family are compared with those of the host's own
 * jails: no jail around it has fewer than the host.
 */
static bool
on_host(const struct reconciler *r, const char *name, const char *family)
{
	char up[JAIL_NAME_MAX];

	if (strchr(name, '.') == NULL)
		return true;
	snprintf(up, sizeof up, "%s", name);
	for (char *dot; (dot = strrchr(up, '.')) != NULL;) {
		*dot = '\0';
		if (!inherits(r, up, family))
			return false;
	}
	return true;
}

/* -------------------------------------------------------- who may have what */

static const char *
text_at(const struct taken *t, size_t at)
{
	return t->texts.data + at;
}

/* Where an address is to be found; `places` is a power of two. */
static size_t *
place_of(const struct taken *t, const char *text)
{
	return &t->first[text_hash(text) & (t->places - 1)];
}

/* In their order, so that the first one of an address is found first. */
static int
link_all(struct taken *t)
{
	for (t->places = 64; t->places < t->count; t->places *= 2)
		;
	t->first = calloc(t->places, sizeof *t->first);
	for (size_t i = t->count; t->first != NULL && i > 0; i--) {
		size_t *first = place_of(t, text_at(t, t->address[i - 1].text));

		t->address[i - 1].next = *first;
		*first = i;
	}
	return t->first != NULL ? 0 : -1;
}

static int
grow(struct taken *t)
{
	size_t room = t->room == 0 ? 64 : 2 * t->room;
	struct taken_address *more = realloc(t->address, room * sizeof *more);

	if (more == NULL)
		return -1;
	t->address = more;
	t->room = room;
	return 0;
}

static void
add(struct taken *t, const char *text, const char *by, bool alone, bool found)
{
	struct taken_address *a;

	t->failed |= t->count == t->room && grow(t) != 0;
	if (t->failed)
		return;
	a = &t->address[t->count];
	a->alone = alone;
	a->found = found;
	a->text = t->texts.len;
	buffer_add(&t->texts, text, strlen(text) + 1);
	a->by = t->texts.len;
	buffer_add(&t->texts, by, strlen(by) + 1);
	t->failed |= t->texts.failed;
	t->count += !t->failed;
}

/* What ip_hostname found for a jail that runs, as long as it is asked for. */
static const struct text_list *
found_for(const struct reconciler *r, const struct managed *m)
{
	const struct entry *e = hostname_wanted(m->desired) ?
	    inventory_find(r->shop.inventory, m->name) : NULL;
	const char *name = spec_text(m->desired, "host.hostname");
	const char *was = e == NULL || e->stage != ENTRY_UP ||
	    e->applied == NULL ? NULL : spec_text(e->applied, "host.hostname");

	return name != NULL && was != NULL && strcmp(name, was) == 0 ?
	    &e->found : NULL;
}

/* What a jail has and shall not have is told by claims.h. */
static void
add_wanted(struct reconciler *r, const struct managed *m)
{
	static const char *const modes[FAMILIES] = { "ip4", "ip6" };
	const struct text_list *found = found_for(r, m);
	struct taken *t = &r->taken;
	char text[128];

	for (size_t f = 0; f < FAMILIES; f++) {
		const struct text_list *l = spec_list(m->desired, families[f]);

		if ((l == NULL || l->count == 0) && found == NULL)
			continue;
		if (!on_host(r, m->name, families[f]))
			continue;
		for (size_t i = 0; l != NULL && i < l->count; i++)
			if (address_part(l->text[i], text, sizeof text) == 0)
				add(t, text, m->name, l->count == 1, false);
		for (size_t i = 0; found != NULL && i < found->count &&
		    hostname_opens(m->desired, modes[f]); i++)
			if ((strchr(found->text[i], ':') != NULL) == (f == 1))
				add(t, found->text[i], m->name, false, true);
	}
}

/* Whether what becomes of it is said here. */
static bool
is_known(struct reconciler *r, const struct seen *s)
{
	const struct managed *m = reconciler_find(r, s->name);
	const struct entry *e = m != NULL && (m->unwanted ||
	    m->desired != NULL) ? owner_entry(r, s) : NULL;

	return e != NULL && !owner_lets_go(r, e);
}

/* A jail that nobody here changes: somebody else's, or of another set. */
static void
add_foreign(void *arg, const struct seen *s)
{
	struct reconciler *r = arg;
	struct taken *t = &r->taken;
	struct live live;

	if (s->dying || s->name == NULL || is_known(r, s) ||
	    live_read(r->shop.observer, s->name, NULL, NULL, &live, NULL) != 0)
		return;
	for (size_t f = 0; f < FAMILIES; f++) {
		struct text_list l = { 0 };

		t->failed |= live_texts(&live, families[f], &l, NULL) != 0;
		for (size_t i = 0; i < l.count &&
		    on_host(r, s->name, families[f]); i++)
			add(t, l.text[i], s->name, l.count == 1, false);
		text_list_free(&l);
	}
	live_free(&live);
}

/* Those that are wanted, until that time. */
static void
add_some(struct reconciler *r, int64_t until)
{
	struct taken *t = &r->taken;

	do {
		const struct managed *m = r->jail[t->wanted++];

		if (m->desired != NULL && !m->unwanted)
			add_wanted(r, m);
	} while (t->wanted < r->count && clock_us() < until);
}

static void
end_prepare(struct taken *t)
{
	t->known = !t->failed && link_all(t) == 0;
	t->awaited = false;
	if (!t->known) {
		t->tries = TRIES;
		taken_forget(t);
	}
}

bool
taken_prepare(struct reconciler *r, int64_t until)
{
	struct taken *t = &r->taken;
	int rc;

	if (!t->awaited || t->known)
		return false;
	t->tries += t->wanted == 0;
	if (t->wanted < r->count)
		add_some(r, until);
	else if (!t->seen && !t->failed) {
		rc = observe_some(r->shop.observer, &t->jid, until,
		    add_foreign, r, NULL);
		t->seen = rc == 0;
		t->failed |= rc < 0;
	} else
		end_prepare(t);
	return t->awaited;
}

bool
taken_wait(struct reconciler *r, const struct managed *m)
{
	struct taken *t = &r->taken;

	if (t->known || t->tries >= TRIES ||
	    (spec_list(m->desired, families[0])->count == 0 &&
	    spec_list(m->desired, families[1])->count == 0))
		return false;
	t->awaited = true;
	return true;
}

static bool
find_all(struct reconciler *r)
{
	struct taken *t = &r->taken;

	if (t->known)
		return true;
	t->awaited = true;
	while (taken_prepare(r, INT64_MAX))
		;
	return t->known;
}

/* ------------------------------------------------------------- who has it */

static bool
really_has(const struct reconciler *r, const char *by, const char *text,
    const char *family)
{
	struct text_list l = { 0 };
	struct live live;
	bool has = false;

	if (live_read(r->shop.observer, by, NULL, NULL, &live, NULL) != 0)
		return false;
	if (live_texts(&live, family, &l, NULL) == 0)
		for (size_t i = 0; i < l.count; i++)
			has |= strcmp(l.text[i], text) == 0;
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

/* Whether one that wants it, too, gets it; who is being made does so anyway. */
static bool
gets_first(const struct question *q, struct managed *other)
{
	if (other == NULL || (other->machine != MACHINE_WORKING &&
	    !rivals_before(q->r, other, q->m)))
		return false;
	q->r->taken.met = true;
	return q->gets(q->arg, other);
}

/*
 * Whether another jail has the address, or is to get it first.  Where specs say
 * both, the reason is the same before and after.
 */
static bool
is_taken(const struct question *q, const struct taken_address *a,
    const char *family)
{
	const char *text = text_at(&q->r->taken, a->text);
	const char *by = text_at(&q->r->taken, a->by);
	struct managed *other = reconciler_jail(q->r, by, false);
	bool has = really_has(q->r, by, text, family);
	bool said = other != NULL && other->desired != NULL &&
	    !other->unwanted && address_listed(spec_list(other->desired,
	    family), text);

	if (!has && (a->found || !gets_first(q, other)))
		return false;
	if (!has)
		q->r->taken.rival = other;
	q->r->taken.keeper = other;
	snprintf(q->buf, q->size, "address %s %s %s, %s; only jails that have "
	    "no other one can share it", text, said ? "is for" :
	    "belongs to the jail", by, said ? "whose spec has it, too" :
	    "which keeps it");
	return true;
}

/* `alone`: it would be the only one there. */
static bool
find(const struct question *q, const char *family, const char *text,
    bool alone)
{
	const struct taken *t = &q->r->taken;
	const struct taken_address *a;

	for (size_t at = *place_of(t, text); at > 0;
	    at = a->next) {
		a = &t->address[at - 1];
		if (strcmp(text_at(t, a->text), text) == 0 &&
		    strcmp(text_at(t, a->by), q->m->name) != 0 &&
		    !(alone && a->alone) &&
		    is_taken(q, a, family))
			return true;
	}
	return false;
}

static bool
find_one(const struct question *q, const char *family)
{
	const struct text_list *l = spec_list(q->m->desired, family);
	char text[128];

	if (l == NULL || l->count == 0 || !on_host(q->r, q->m->name, family))
		return false;
	for (size_t i = 0; i < l->count; i++)
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

	r->taken.rival = r->taken.keeper = NULL;
	if (m->desired == NULL)
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
	const char *family, *text;
	bool found;
};

static void
search_one(void *arg, const struct seen *s)
{
	struct search *q = arg;

	if (q->found || s->dying || s->name == NULL ||
	    strcmp(s->name, q->m->name) == 0)
		return;
	q->found = really_has(q->r, s->name, q->text, q->family) &&
	    on_host(q->r, s->name, q->family);
}

bool
taken_now(struct reconciler *r, const struct managed *m, const char *family,
    const char *text)
{
	struct search q = { r, m, family, text, false };

	return observe_all(r->shop.observer, search_one, &q, NULL) < 0 ||
	    q.found;
}

/* Whether it is to have that jid, too: one that nobody speaks of is as it was. */
static bool
keeps_jid(const struct managed *holder, const struct entry *e, int jid)
{
	const struct spec *s = holder->desired != NULL ? holder->desired :
	    e != NULL ? e->applied : NULL;

	return s != NULL && spec_text(s, "jid") != NULL &&
	    spec_int(s, "jid") == jid;
}

/* One that went down for another jail just now, and comes up again with that jid. */
static struct managed *
comes_back_with(const struct reconciler *r, const struct managed *m, int jid)
{
	for (size_t i = 0; i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (d != m && d->follows && d->jid == 0 && !d->unwanted &&
		    d->desired != NULL && keeps_jid(d, NULL, jid))
			return d;
	}
	return NULL;
}

/* Whether the holder, who has it now, goes down with `m` if that one was up. */
static bool
goes_with(struct reconciler *r, const struct managed *m,
    struct managed *holder)
{
	static const struct action restart = { .kind = ACTION_RESTART };
	const struct entry *own = inventory_find(r->shop.inventory, m->name);
	bool asked = r->jid_asked, yes;

	if (own == NULL || own->stage == ENTRY_DOWN ||
	    !order_goes_first(r, m, holder, &restart))
		return false;
	/* That asks for plans again, which may lead back to this one. */
	r->jid_asked = true;
	yes = asked || !stuck_spares(r, reconciler_jail(r, m->name, false),
	    holder);
	r->jid_asked = asked;
	return yes;
}

/* Whether the holder, by its spec, does not give up the jid that it has. */
static bool
stays_with(const struct managed *holder, const struct entry *e)
{
	return holder == NULL || (!holder->unwanted &&
	    (holder->desired == NULL || e == NULL || e->applied == NULL ||
	    spec_text(e->applied, "jid") == NULL));
}

bool
taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size)
{
	struct managed *holder;
	const struct entry *e;
	struct error ignored;
	int jid;

	error_clear(&ignored);
	/* One that is in a stranger is not made at all, whatever it wants. */
	if (m->unwanted || m->desired == NULL || r->opt.letters == LETTER_R ||
	    spec_text(m->desired, "jid") == NULL ||
	    owner_in_stranger(r, m->name, by, size))
		return false;
	jid = (int)spec_int(m->desired, "jid");
	if (live_name(r->shop.observer, jid, by, size, &ignored) != 0) {
		holder = comes_back_with(r, m, jid);
		if (holder != NULL)
			snprintf(by, size, "%s", holder->name);
		return holder != NULL;
	}
	if (strcmp(by, m->name) == 0)
		return false;
	holder = reconciler_jail(r, by, false);
	e = inventory_find(r->shop.inventory, by);
	if (holder != NULL && !holder->unwanted && keeps_jid(holder, e, jid))
		return true;
	/* It gets another one when it comes up again. */
	if (holder != NULL && goes_with(r, m, holder))
		return false;
	return stays_with(holder, e);
}
