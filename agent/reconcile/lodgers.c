/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/lodgers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/plan/meanwhile.h"
#include "agent/reconcile/owner.h"
#include "kernel/nested.h"

/* One lodger; `set` is the other set that has it, NULL: somebody else's. */
struct lodger {
	char *name;
	const char *set;
	char *known; /* name and jid, by which a user approved of its end */
};

struct search {
	struct reconciler *r;
	const char *name; /* of the jail around them */
	struct lodger *found;
	size_t count;
	bool failed; /* memory is out */
};

static void
search_free(struct search *q)
{
	for (size_t i = 0; i < q->count; i++) {
		free(q->found[i].name);
		free(q->found[i].known);
	}
	free(q->found);
}

static void
meet(void *arg, const struct seen *s)
{
	struct search *q = arg;
	size_t len = strlen(q->name);
	char known[JAIL_NAME_MAX + 16];
	const struct entry *e;
	struct lodger *more, *one;

	if (s->dying || s->name == NULL || q->failed ||
	    strncmp(s->name, q->name, len) != 0 || s->name[len] != '.')
		return;
	e = owner_entry(q->r, s);
	if (e != NULL && strcmp(e->set, q->r->shop.set) == 0)
		return;
	more = realloc(q->found, (q->count + 1) * sizeof *more);
	if (more != NULL)
		q->found = more;
	snprintf(known, sizeof known, "%s %d", s->name, s->jid);
	one = more == NULL ? NULL : &more[q->count++];
	if (one != NULL)
		*one = (struct lodger){ strdup(s->name), e != NULL ? e->set :
		    NULL, strdup(known) };
	q->failed = one == NULL || one->name == NULL || one->known == NULL;
}

/* All in the jail; 0, -1 with what is wrong. */
static int
search(struct search *q, struct error *err)
{
	if (observe_all(q->r->shop.observer, meet, q, err) < 0)
		return -1;
	return q->failed ? error_sys(err, ENOMEM, "reading jails") : 0;
}

static bool
approved(const struct managed *m, const struct lodger *l)
{
	for (size_t i = 0; i < m->evicts.count; i++)
		if (strcmp(m->evicts.text[i], l->known) == 0)
			return true;
	return false;
}

/* "p.x and 2 more, which this agent did not make," */
static void
write_who(const struct lodger *l, size_t more, char *buf, size_t size)
{
	char others[32] = "";

	if (more > 0)
		snprintf(others, sizeof others, " and %zu more", more);
	if (l->set != NULL)
		snprintf(buf, size, "%s%s, of the specs in %s,", l->name,
		    others, l->set);
	else
		snprintf(buf, size, "%s%s, which this agent did not make,",
		    l->name, others);
}

static const char *
keep(struct reconciler *r, const struct managed *m, char *buf, size_t size)
{
	struct search q = { .r = r, .name = m->name };
	const struct lodger *first = NULL;
	char who[ERROR_TEXT_MAX];
	struct error err;
	size_t n = 0;

	error_clear(&err);
	if (search(&q, &err) != 0) {
		snprintf(buf, size, "%s", err.text);
		search_free(&q);
		return buf;
	}
	for (size_t i = 0; i < q.count; i++) {
		if (approved(m, &q.found[i]))
			continue;
		first = first == NULL ? &q.found[i] : first;
		n++;
	}
	if (first != NULL) {
		write_who(first, n - 1, who, sizeof who);
		snprintf(buf, size, "%.700s would end with %s: %s, or have an "
		    "agent do it: jailagent ack %s", who, m->name, first->set != NULL ?
		    "stop it by those specs (apply -r)" :
		    "end it with the tool that made it", m->name);
	}
	search_free(&q);
	return first != NULL ? buf : NULL;
}

/* Nearly all jails have none in them, which their own row tells. */
static bool
has_children(const struct live *live)
{
	return row_int(&live->row, "children.cur", 0) != 0;
}

const char *
lodgers_keep(struct reconciler *r, const struct managed *m, char *buf,
    size_t size)
{
	const char *why = NULL;
	struct error err;
	struct live live;
	int rc;

	error_clear(&err);
	rc = live_read(r->shop.observer, m->name, NULL, NULL, &live, &err);
	if (rc < 0) {
		snprintf(buf, size, "%s", err.text);
		return buf;
	}
	if (rc == 0 && has_children(&live))
		why = keep(r, m, buf, size);
	live_free(&live);
	return why;
}

__attribute__((noinline)) bool
lodgers_hold(struct reconciler *r, const struct managed *m)
{
	char why[ERROR_TEXT_MAX];

	return lodgers_keep(r, m, why, sizeof why) != NULL;
}

bool
lodgers_live(struct reconciler *r, const struct managed *m)
{
	struct search q = { .r = r, .name = m->name };
	bool some = search(&q, NULL) == 0 && q.count > 0;

	search_free(&q);
	return some;
}

size_t
lodgers_approve(struct reconciler *r, struct managed *m)
{
	struct search q = { .r = r, .name = m->name };
	size_t n = 0;

	text_list_free(&m->evicts);
	if (search(&q, NULL) == 0)
		for (; n < q.count && text_list_add(&m->evicts,
		    q.found[n].known) == 0; n++)
			;
	search_free(&q);
	return n;
}

/* ----------------------------------------------------- what a plan says */

/* Another sentence behind the reason of an action. */
static int
add_reason(struct action *a, const char *text)
{
	return action_decide(a, a->kind, "%s; %s", a->reason, text);
}

/* Appends to `names` what a lodger will have less; false: no memory. */
static bool
list_losses(const struct plan_parent *p, const struct live *live,
    struct text_list *names)
{
	for (size_t i = 0; i < live->row.count; i++) {
		const char *name = live->row.value[i].name;
		struct text_list was = { 0 }, will = { 0 };
		bool bad;

		if (nested_rule(name) == NESTED_FREE)
			continue;
		bad = live_texts(live, name, &was, NULL) != 0 ||
		    text_list_copy(&will, &was) != 0 ||
		    parent_follow(p, name, &will) != 0 ||
		    (!text_list_equal(&was, &will) &&
		    text_list_add(names, name) != 0);
		text_list_free(&was);
		text_list_free(&will);
		if (bad)
			return false;
	}
	return true;
}

/* The jail is changed while it runs: what is taken from one lodger with it? */
static int
tell_losses(struct reconciler *r, const struct lodger *l,
    const struct plan_parent *p, struct action *a)
{
	struct text_list names = { 0 };
	char who[512], text[ERROR_TEXT_MAX];
	struct live live;
	int rc;

	if (live_read(r->shop.observer, l->name, NULL, NULL, &live, NULL) != 0)
		return 0;
	rc = list_losses(p, &live, &names) ? 0 : -1;
	live_free(&live);
	if (rc == 0 && names.count > 0) {
		write_who(l, 0, who, sizeof who);
		snprintf(text, sizeof text, "%s gets another %s%s%s with it",
		    who, names.text[0], names.count > 1 ? ", " : "",
		    names.count > 2 ? "and more" : names.count == 2 ?
		    names.text[1] : "");
		rc = add_reason(a, text);
	}
	text_list_free(&names);
	return rc;
}

static int
judge_change(struct reconciler *r, const struct managed *m,
    const struct live *live, const struct plan_parent *parent,
    struct action *a)
{
	const struct plan_parent p = { .name = m->name, .live = live,
		.desired = m->desired, .action = a, .up = parent };
	struct search q = { .r = r, .name = m->name };
	int rc = 0;

	if (search(&q, NULL) == 0)
		for (size_t i = 0; i < q.count && rc == 0; i++)
			rc = tell_losses(r, &q.found[i], &p, a);
	search_free(&q);
	return rc;
}

static bool
depends_on(const struct entry *e, const char *name)
{
	for (size_t i = 0; e->applied != NULL && i < e->applied->depend.count;
	    i++)
		if (strcmp(e->applied->depend.text[i], name) == 0)
			return true;
	return false;
}

int
lodgers_note(struct reconciler *r, const char *name, struct action *a)
{
	const struct inventory *inv = r->shop.inventory;
	char text[ERROR_TEXT_MAX];
	struct live live;
	int rc = 0;

	if (!r->other_sets || a->reason == NULL)
		return 0;
	for (size_t i = 0; i < inv->count && rc == 0; i++) {
		const struct entry *e = inv->entry[i];

		if (strcmp(e->set, r->shop.set) == 0 || !depends_on(e, name) ||
		    live_read(r->shop.observer, e->name, NULL, NULL, &live,
		    NULL) != 0)
			continue;
		live_free(&live);
		snprintf(text, sizeof text, "%s, of the specs in %s, depends "
		    "on it and goes on as it is", e->name, e->set);
		rc = add_reason(a, text);
	}
	return rc;
}

/* Whether an agent changes meanwhile what takes no restart: see meanwhile.h. */
static bool
goes_on(const struct reconciler *r, const struct managed *m, struct action *a,
    const char *why)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	return (r->opt.healing || r->opt.for_agent) &&
	    a->kind == ACTION_RESTART && m->desired != NULL && e != NULL &&
	    e->stage == ENTRY_UP && meanwhile_split(e->applied, m->desired,
	    MEANWHILE_OWN, why, a);
}

int
lodgers_judge(struct reconciler *r, const struct managed *m,
    const struct live *live, const struct plan_parent *parent,
    struct action *a)
{
	char why[ERROR_TEXT_MAX], text[ERROR_TEXT_MAX];

	if (a->kind == ACTION_MODIFY && has_children(live))
		return judge_change(r, m, live, parent, a);
	if (a->kind != ACTION_RESTART && a->kind != ACTION_REMOVE)
		return 0;
	if (!has_children(live) || keep(r, m, why, sizeof why) == NULL)
		return lodgers_note(r, m->name, a);
	snprintf(text, sizeof text, "%.300s, but %.700s", a->reason, why);
	if (goes_on(r, m, a, text))
		return 0;
	a->lodged = true;
	return action_decide(a, ACTION_BLOCKED, "%s", text);
}
