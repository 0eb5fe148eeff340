/* SPDX-License-Identifier: BSD-2-Clause */
/* What managed jails have and are to give up, followed change by change. */
#include "agent/reconcile/claims.h"

#include <stdlib.h>
#include <string.h>

#include "agent/plan/hostname.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/reconcile.h"

const char *
claims_bare(const char *param, const char *text, char *buf, size_t size)
{
	if (strncmp(param, "ip", 2) != 0)
		return text;
	return address_part(text, buf, size) == 0 ? buf : text;
}

bool
claims_has(const struct text_list *l, const char *param, const char *text)
{
	char one[128];

	for (size_t i = 0; l != NULL && i < l->count; i++)
		if (strcmp(claims_bare(param, l->text[i], one, sizeof one),
		    text) == 0)
			return true;
	return false;
}

/*
 * What the spec that was applied has, and the wanted one has not.  Two jails
 * may share an address that is the only one of both, so who keeps one of
 * several gives up all of them first.  `given`: the jail is given away, and of
 * addresses of strangers taken.h knows.
 */
static int
add_lost(struct claims *c, struct managed *m, const struct spec *was,
    bool given)
{
	const struct spec *s = m->unwanted ? NULL : m->desired;
	char buf[128];

	for (size_t p = 0; p < CLAIMS_PARAMS; p++) {
		const struct text_list *old = spec_list(was, claims_param[p]);
		const struct text_list *now = s == NULL ? NULL :
		    spec_list(s, claims_param[p]);
		bool shrinks = old != NULL && old->count > 1 && now != NULL &&
		    now->count == 1;

		if (given && strncmp(claims_param[p], "ip", 2) == 0)
			continue;
		for (size_t i = 0; old != NULL && i < old->count; i++) {
			const char *text = claims_bare(claims_param[p],
			    old->text[i], buf, sizeof buf);

			if ((shrinks ||
			    !claims_has(now, claims_param[p], text)) &&
			    claims_add(c, claims_param[p], text, m) != 0)
				return -1;
		}
	}
	return 0;
}

bool
claims_keeps_found(const struct spec *s, const char *param)
{
	return (strcmp(param, "ip4.addr") == 0 && hostname_opens(s, "ip4")) ||
	    (strcmp(param, "ip6.addr") == 0 && hostname_opens(s, "ip6"));
}

static int
add_found(struct claims *c, struct managed *m, const struct entry *e)
{
	const struct spec *s = m->unwanted ? NULL : m->desired;

	for (size_t i = 0; i < e->found.count; i++) {
		const char *text = e->found.text[i];
		const char *param = strchr(text, ':') != NULL ? "ip6.addr" :
		    "ip4.addr";

		if (s != NULL && (claims_keeps_found(s, param) ||
		    claims_has(spec_list(s, param), param, text)))
			continue;
		if (claims_add(c, param, text, m) != 0)
			return -1;
	}
	return 0;
}

/* The entry of a jail that may have something to give up; NULL: it has not. */
static const struct entry *
may_lose(struct reconciler *r, struct managed *m)
{
	const struct entry *e = m->keeps_all ? NULL :
	    inventory_find(r->shop.inventory, m->name);

	if (e == NULL || e->applied == NULL ||
	    (m->desired == NULL && !m->unwanted))
		return NULL;
	m->keeps_all = !m->unwanted && spec_same(e->applied, m->desired);
	return m->keeps_all ? NULL : e;
}

void
claims_settled(struct reconciler *r, struct managed *m)
{
	(void)may_lose(r, m);
}

/*
 * Addresses that the jail has, and neither spec: a change to them was cut off
 * before it was noted.  Where none were applied they may be those of its parent.
 */
static int
add_unnoted(struct claims *c, struct managed *m, const struct spec *was,
    const char *param, const struct text_list *have)
{
	const struct spec *s = m->unwanted ? NULL : m->desired;
	const struct text_list *old = spec_list(was, param);
	const struct text_list *now = s == NULL ? NULL : spec_list(s, param);

	if (old->count == 0 || (s != NULL && claims_keeps_found(s, param)))
		return 0;
	for (size_t i = 0; i < have->count; i++)
		if (!claims_has(old, param, have->text[i]) &&
		    !claims_has(now, param, have->text[i]) &&
		    claims_add(c, param, have->text[i], m) != 0)
			return -1;
	return 0;
}

static int
add_live(struct reconciler *r, struct claims *c, struct managed *m,
    const struct spec *was)
{
	struct live live;
	int rc = 0;

	if (live_read(r->shop.observer, m->name, NULL, NULL, &live, NULL) != 0)
		return 0;
	for (size_t p = 0; p < CLAIMS_PARAMS && rc == 0; p++) {
		struct text_list have = { 0 };

		if (strncmp(claims_param[p], "ip", 2) == 0 &&
		    live_texts(&live, claims_param[p], &have, NULL) == 0)
			rc = add_unnoted(c, m, was, claims_param[p], &have);
		text_list_free(&have);
	}
	live_free(&live);
	return rc;
}

static int
find_lost_of(struct reconciler *r, struct claims *c, struct managed *m)
{
	const struct entry *e = may_lose(r, m);
	bool given;

	if (e == NULL || e->stage == ENTRY_DOWN)
		return 0;
	given = owner_lets_go(r, e);
	return add_lost(c, m, e->applied, given) != 0 ||
	    (!given && (add_found(c, m, e) != 0 ||
	    add_live(r, c, m, e->applied) != 0)) ? -1 : 0;
}

static int
find_lost(struct reconciler *r, struct claims *c)
{
	c->known = true;
	for (size_t i = 0; i < r->count; i++)
		if (find_lost_of(r, c, r->jail[i]) != 0)
			return -1;
	return 0;
}

void
claims_changed(struct reconciler *r, struct managed *m)
{
	struct claims *c = &r->claims;

	m->keeps_all = false;
	if (!c->known || m->claims_change)
		return;
	m->claims_change = true;
	m->changed_next = c->changed;
	c->changed = m;
}

int
claims_find(struct reconciler *r)
{
	struct claims *c = &r->claims;
	struct managed *m;

	if (!c->known)
		return find_lost(r, c);
	while ((m = c->changed) != NULL) {
		c->changed = m->changed_next;
		m->claims_change = false;
		claims_remove(c, m);
		if (find_lost_of(r, c, m) != 0) {
			claims_forget(c);
			return -1;
		}
	}
	return 0;
}

void
claims_drop(struct reconciler *r, struct managed *m)
{
	if (r->claims.known && claims_find(r) == 0)
		claims_remove(&r->claims, m);
}

bool
claims_any(const struct spec *s)
{
	if (hostname_wanted(s))
		return true;
	for (size_t i = 0; i < CLAIMS_PARAMS; i++)
		if (spec_list(s, claims_param[i])->count > 0)
			return true;
	return false;
}
