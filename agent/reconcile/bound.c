/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/bound.h"

#include <sodium.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"
#include "agent/plan/mounts.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/secrets.h"
#include "agent/reconcile/stuck.h"

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct bound_plan *)table)->jail[i].name;
}

static struct bound *
find(const struct bound_plan *plan, const char *name)
{
	bool found;
	size_t at = sorted_position(plan, plan->count, name_of, name, &found);

	return found ? &plan->jail[at] : NULL;
}

int
bound_add(struct bound_plan *plan, const char *name, enum action_kind kind,
    const unsigned char digest[BOUND_DIGEST_SIZE])
{
	struct bound *more = realloc(plan->jail,
	    (plan->count + 1) * sizeof *more);

	if (more == NULL)
		return -1;
	plan->jail = more;
	more += plan->count;
	if (plan->count > 0 && strcmp(more[-1].name, name) >= 0)
		return -1;
	memset(more, 0, sizeof *more);
	more->name = strdup(name);
	more->kind = kind;
	memcpy(more->digest, digest, BOUND_DIGEST_SIZE);
	if (more->name == NULL)
		return -1;
	plan->count++;
	return 0;
}

void
bound_free(struct bound_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->jail[i].name);
		free(plan->jail[i].stale);
	}
	free(plan->jail);
	memset(plan, 0, sizeof *plan);
}

/* ---------------------------------------------------------- what it is of */

static void
add_bytes(crypto_generichash_state *h, const void *data, size_t len)
{
	uint64_t n = len;

	crypto_generichash_update(h, (const unsigned char *)&n, sizeof n);
	if (len > 0)
		crypto_generichash_update(h, data, len);
}

/* With its secrets, in a digest that nobody can try values on. */
static void
add_spec(crypto_generichash_state *h, const struct reconciler *r,
    const struct spec *s, const struct text_list *seals)
{
	char hex[2 * SPEC_DIGEST_SIZE + 1] = "";

	if (s != NULL)
		reconciler_digest(r, s, seals, hex);
	add_bytes(h, hex, strlen(hex));
}

/* Where secrets may be. */
static bool
may_be_secret(const char *name)
{
	const struct param_def *def = param_find(name);

	return def == NULL || def->type == PARAM_KEYVALUE;
}

/*
 * All that the kernel says, but for what other jails change, and for texts in
 * which secrets are: nobody is to try them out on a digest.
 */
static void
add_live(crypto_generichash_state *h, const struct live *live, bool secrets)
{
	add_bytes(h, &live->jid, sizeof live->jid);
	add_bytes(h, &live->limits, sizeof live->limits);
	for (size_t i = 0; i < live->row.count; i++) {
		const struct jail_value *v = &live->row.value[i];

		if (strcmp(v->name, "children.cur") == 0 ||
		    (secrets && may_be_secret(v->name)))
			continue;
		add_bytes(h, v->name, strlen(v->name));
		add_bytes(h, v->data, v->data != NULL ? v->len : 0);
	}
}

static bool
has_secrets(const struct spec *s)
{
	struct spec_secret ref;
	size_t at = 0;

	return s != NULL && spec_secret_next(s, &at, &ref);
}

static void
add_texts(crypto_generichash_state *h, const struct text_list *l)
{
	add_bytes(h, &l->count, sizeof l->count);
	for (size_t i = 0; i < l->count; i++)
		add_bytes(h, l->text[i], strlen(l->text[i]));
}

/* What is to be changed: not all of it follows from spec and living jail. */
static void
add_changes(crypto_generichash_state *h, const struct action *a)
{
	add_bytes(h, &a->count, sizeof a->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct change *c = &a->change[i];

		add_bytes(h, c->name, strlen(c->name));
		add_bytes(h, &c->how, sizeof c->how);
		add_texts(h, &c->from);
		add_texts(h, &c->to);
	}
}

/* What a new jail would be made of: where links lead, what is in files. */
static void
add_files(crypto_generichash_state *h, struct reconciler *r,
    const struct spec *s)
{
	const struct observer *o = r->shop.observer;
	struct text_list mounts = { 0 };
	char path[1024];
	struct error err;

	error_clear(&err);
	if (canonical_path(o, &r->roots, spec_text(s, "path"), path,
	    sizeof path, &err) == 0) {
		add_bytes(h, path, strlen(path));
		(void)mounts_read(o, &r->roots, s, path, &mounts, &err);
	}
	add_texts(h, &mounts);
	add_bytes(h, err.text, strlen(err.text));
	text_list_free(&mounts);
}

/*
 * What the pass's specs say of it.  One that they do not say is given back what was
 * applied once it goes down for another one: that is nothing new.
 */
static const struct spec *
said(const struct managed *m)
{
	return m->said ? managed_wanted(m) : NULL;
}

/* `kind` is what was planned: what differs matters where that alone is done. */
static int
digest_of(struct reconciler *r, const struct managed *m,
    const struct action *a, enum action_kind kind,
    unsigned char digest[BOUND_DIGEST_SIZE], struct error *err)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	const struct spec *desired = said(m);
	crypto_generichash_state h;
	struct live live;
	int rc = live_read(r->shop.observer, m->name, desired,
	    e != NULL ? e->applied : NULL, &live, err);

	if (rc < 0)
		return -1;
	crypto_generichash_init(&h, NULL, 0, BOUND_DIGEST_SIZE);
	add_bytes(&h, r->shop.observer->boot, strlen(r->shop.observer->boot));
	add_spec(&h, r, desired, NULL);
	add_spec(&h, r, e != NULL ? e->applied : NULL,
	    e != NULL ? &e->seals : NULL);
	add_bytes(&h, e != NULL ? e->token : "", e != NULL ?
	    strlen(e->token) : 0);
	if (rc == 0)
		add_live(&h, &live, has_secrets(desired) ||
		    has_secrets(e != NULL ? e->applied : NULL));
	live_free(&live);
	if (desired != NULL && kind == ACTION_MODIFY)
		add_changes(&h, a);
	if (desired != NULL && kind != ACTION_REMOVE)
		add_files(&h, r, desired);
	crypto_generichash_final(&h, digest, BOUND_DIGEST_SIZE);
	return 0;
}

int
bound_make(struct reconciler *r, const struct action *actions,
    struct bound_plan *plan, struct error *err)
{
	memset(plan, 0, sizeof *plan);
	for (size_t i = 0; i < r->count; i++) {
		unsigned char digest[BOUND_DIGEST_SIZE];

		if (digest_of(r, r->jail[i], &actions[i], actions[i].kind,
		    digest, err) != 0)
			return error_wrap(err, "%s", r->jail[i]->name);
		if (bound_add(plan, r->jail[i]->name, actions[i].kind,
		    digest) != 0)
			return error_sys(err, ENOMEM, "plan");
	}
	return 0;
}

/* ------------------------------------------------------------- refusing */

static int
refuse(struct bound *b, const char *why)
{
	free(b->stale);
	b->stale = strdup(why);
	return b->stale == NULL ? -1 : 0;
}

static int
compare_one(struct bound *b, const struct bound *now)
{
	if (now == NULL)
		return b->kind == ACTION_NONE ? 0 : refuse(b, "the jail and "
		    "its spec are gone since the plan was made");
	if (b->kind == ACTION_NONE && now->kind == ACTION_NONE)
		return 0;
	return b->kind == now->kind &&
	    memcmp(b->digest, now->digest, BOUND_DIGEST_SIZE) == 0 ? 0 :
	    refuse(b, "its spec or the jail changed since the plan was made");
}

int
bound_compare(struct bound_plan *saved, const struct bound_plan *now)
{
	for (size_t i = 0; i < saved->count; i++)
		if (compare_one(&saved->jail[i], find(now,
		    saved->jail[i].name)) != 0)
			return -1;
	for (size_t i = 0; i < now->count; i++)
		saved->unplanned += now->jail[i].kind != ACTION_NONE &&
		    find(saved, now->jail[i].name) == NULL;
	return 0;
}

/*
 * A jail in others gets the limits that are set for those: whether that was
 * begun with one of them, and whether one is left as it is in spite of the plan.
 */
static void
look_around(const struct bound_plan *plan, const char *name, bool *begun,
    bool *stale)
{
	char parent[JAIL_NAME_MAX];
	const struct bound *b;

	*begun = *stale = false;
	snprintf(parent, sizeof parent, "%s", name);
	for (char *dot; (dot = strrchr(parent, '.')) != NULL;) {
		*dot = '\0';
		b = find(plan, parent);
		*begun |= b != NULL && b->begun;
		*stale |= b != NULL && b->stale != NULL;
	}
}

/*
 * Refuses what is not begun and was changed since the pass began: jails before
 * it may have taken long.
 */
static void
compare_again(struct reconciler *r, const struct managed *m, struct bound *b,
    const struct action *a)
{
	unsigned char digest[BOUND_DIGEST_SIZE];
	bool changed, stale;
	struct error err;

	error_clear(&err);
	if (b->stale != NULL || b->begun || b->kind == ACTION_NONE)
		return;
	look_around(r->opt.bound, m->name, &changed, &stale);
	if (changed) {
		if (stale)
			(void)refuse(b, "a jail around it changed since the "
			    "plan was made");
		return;
	}
	if (digest_of(r, m, a, b->kind, digest, &err) != 0)
		(void)refuse(b, err.text);
	else if (memcmp(digest, b->digest, sizeof digest) != 0)
		(void)refuse(b, "the jail changed since the plan was made");
}

/* It was foreseen to go down for another one, whose restart is to come. */
static bool
follows_soon(struct reconciler *r, struct managed *m, const struct bound *b,
    const struct action *a)
{
	char why[ERROR_TEXT_MAX];
	enum jail_state state;

	return b->stale == NULL && b->kind == ACTION_RESTART &&
	    a->kind == ACTION_MODIFY &&
	    order_change(r, m, why, sizeof why, &state) != NULL;
}

/* The jail around it that is to be removed, and takes it along; or NULL. */
static const char *
goes_with(const struct bound_plan *plan, const struct bound *b,
    const struct action *a, char parent[JAIL_NAME_MAX])
{
	const struct bound *around;
	char *dot;

	if (b->stale != NULL || b->kind != ACTION_REMOVE || a->jid == 0 ||
	    a->kind == ACTION_REMOVE)
		return NULL;
	snprintf(parent, JAIL_NAME_MAX, "%s", b->name);
	while ((dot = strrchr(parent, '.')) != NULL) {
		*dot = '\0';
		around = find(plan, parent);
		if (around != NULL && around->kind == ACTION_REMOVE)
			return around->stale == NULL ? parent : NULL;
	}
	return NULL;
}

bool
bound_refuses(struct reconciler *r, struct managed *m, const struct action *a)
{
	char parent[JAIL_NAME_MAX];
	struct bound_plan *plan = r->opt.bound;
	struct bound *b = plan == NULL ? NULL : find(plan, m->name);

	if (plan == NULL || (b != NULL && b->begun) ||
	    (a->kind == ACTION_NONE && (b == NULL || b->stale == NULL)) ||
	    a->kind == ACTION_BLOCKED || a->kind == ACTION_CONFLICT)
		return false;
	if (b == NULL) {
		managed_state(r, m, STATE_BLOCKED, "the plan does not say it; "
		    "make another one");
	} else if (follows_soon(r, m, b, a)) {
		return false;
	} else if (goes_with(plan, b, a, parent) != NULL) {
		managed_state(r, m, STATE_BLOCKED, "it is to go down with %s",
		    parent);
	} else if (bound_blocks(plan, m->name)) {
		managed_state(r, m, STATE_BLOCKED, "something stood against "
		    "it when the plan was made, which says why");
	} else {
		if (b->stale == NULL && b->kind != a->kind)
			(void)refuse(b, "the jail changed since the plan was "
			    "made");
		compare_again(r, m, b, a);
		if (b->stale == NULL)
			return false;
		managed_state(r, m, STATE_BLOCKED, "%s; make another plan",
		    b->stale);
	}
	return true;
}

void
bound_begin(struct reconciler *r, const struct managed *m)
{
	struct bound *b = r->opt.bound == NULL ? NULL :
	    find(r->opt.bound, m->name);

	if (b != NULL)
		b->begun = true;
}

bool
bound_refused(const struct bound_plan *plan, const char *name)
{
	const struct bound *b = find(plan, name);

	return b == NULL || b->stale != NULL;
}

/* Whether the plan is true of the jail now, where `a` would be done. */
static bool
lets(struct reconciler *r, const struct managed *m, const struct action *a)
{
	struct bound *b = find(r->opt.bound, m->name);

	if (b != NULL)
		compare_again(r, m, b, a);
	return b != NULL && b->stale == NULL;
}

bool
bound_lets(struct reconciler *r, const struct managed *m)
{
	struct action a;
	bool yes;

	if (r->opt.bound == NULL)
		return true;
	if (reconciler_plan(r, m, &a) != 0)
		return false;
	yes = lets(r, m, &a);
	action_free(&a);
	return yes;
}

static const struct managed *find_refused(struct reconciler *r,
    struct managed *m, const struct action *a);

/*
 * Whether it would not come up again, since others keep what it claims, and that
 * was not foreseen.
 */
static bool
stays_down(struct reconciler *r, struct managed *d, const struct action *a)
{
	char why[ERROR_TEXT_MAX];

	return a->kind == ACTION_RESTART &&
	    find(r->opt.bound, d->name)->kind != ACTION_REMOVE &&
	    claims_refused(r, d, a, why, sizeof why) != NULL;
}

/*
 * `d`, or what goes before it, if the plan is not true of it any more.  One that
 * is to be removed takes along what its removal does, and no more.
 */
static const struct managed *
refused_below(struct reconciler *r, struct managed *d)
{
	static const struct action stop = { .kind = ACTION_RESTART };
	const struct managed *deeper;
	struct action a;

	if (reconciler_plan(r, d, &a) != 0)
		return d;
	deeper = !lets(r, d, &a) || stays_down(r, d, &a) ? d :
	    find_refused(r, d, a.kind == ACTION_REMOVE ? &a : &stop);
	action_free(&a);
	return deeper;
}

/* Whether `d` runs on when `m` restarts, as was foreseen. */
static bool
runs_on(struct reconciler *r, struct managed *m, struct managed *d,
    const struct action *a)
{
	const struct bound *b = find(r->opt.bound, d->name);

	return a->kind != ACTION_REMOVE && (b == NULL ||
	    b->kind != ACTION_RESTART) && stuck_spares(r, m, d);
}

static const struct managed *
find_refused(struct reconciler *r, struct managed *m, const struct action *a)
{
	const struct managed *refused = NULL;

	for (size_t i = 0; refused == NULL && i < r->count; i++) {
		struct managed *d = r->jail[i];

		if (d->checked == r->opt.bound->checks ||
		    !order_goes_first(r, m, d, a) || runs_on(r, m, d, a))
			continue;
		d->checked = r->opt.bound->checks;
		refused = refused_below(r, d);
	}
	return refused;
}

bool
bound_keeps(struct reconciler *r, struct managed *m, const struct action *a)
{
	if (r->opt.bound == NULL)
		return false;
	m->checked = ++r->opt.bound->checks;
	/* A live change takes nobody down. */
	return bound_refused(r->opt.bound, m->name) ||
	    (a->kind != ACTION_MODIFY && find_refused(r, m, a) != NULL);
}

const char *
bound_stops(struct reconciler *r, struct managed *m, const struct action *a,
    char *buf, size_t size)
{
	const struct managed *d;
	struct bound *b;

	if (r->opt.bound == NULL)
		return NULL;
	m->checked = ++r->opt.bound->checks;
	d = find_refused(r, m, a);
	if (d == NULL)
		return NULL;
	if (!bound_refused(r->opt.bound, d->name)) {
		snprintf(buf, size, "%s would stop %s, which could not come up "
		    "again", action_word(a->kind), d->name);
		return buf;
	}
	snprintf(buf, size, "%s would stop %s, of which the plan is not true "
	    "any more", action_word(a->kind), d->name);
	/* Nor is it of this one, then. */
	b = find(r->opt.bound, m->name);
	if (b != NULL && b->stale == NULL)
		(void)refuse(b, buf);
	snprintf(buf + strlen(buf), size - strlen(buf), "; make another plan");
	return buf;
}

bool
bound_blocks(const struct bound_plan *plan, const char *name)
{
	const struct bound *b = plan == NULL ? NULL : find(plan, name);

	return b != NULL && b->stale == NULL && (b->kind == ACTION_BLOCKED ||
	    b->kind == ACTION_CONFLICT);
}

size_t
bound_stale(const struct bound_plan *plan)
{
	size_t n = plan->unplanned;

	for (size_t i = 0; i < plan->count; i++)
		n += plan->jail[i].stale != NULL;
	return n;
}
