/* SPDX-License-Identifier: BSD-2-Clause */
/* Changing a jail while it runs, and what is kept of a deed. */
#include "agent/reconcile/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/plan/meanwhile.h"
#include "agent/reconcile/around.h"
#include "agent/reconcile/change.h"
#include "agent/reconcile/claims.h"
#include "agent/reconcile/condition.h"
#include "agent/reconcile/host.h"
#include "agent/reconcile/loop.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/rounds.h"
#include "agent/reconcile/unrecorded.h"

void
act_remember(struct managed *m, const struct action *a, int64_t took_us)
{
	struct last_change *l = &m->last;

	l->action = a->kind;
	l->at = (int64_t)time(NULL);
	l->took_us = took_us;
	free(l->reason);
	l->reason = strdup(a->reason);
	text_list_free(&l->params);
	for (size_t i = 0; i < a->count; i++)
		if (text_list_add(&l->params, a->change[i].name) != 0)
			return;
}

void
act_tell(struct reconciler *r, struct managed *m, const struct action *a,
    const struct outcome *o)
{
	r->changed = true;
	unrecorded(r, m);
	if (r->opt.told != NULL)
		r->opt.told(r->opt.arg, m, a, o);
}

static void
fail_again(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];

	snprintf(why, sizeof why, "done, and yet: %.900s", a->reason);
	condition_failed(r, m, why);
	action_free(a);
}

bool
act_not_kept(struct reconciler *r, struct managed *m, struct action *a)
{
	if (!m->done || m->done_part)
		return false;
	fail_again(r, m, a);
	return true;
}

void
act_change(struct reconciler *r, struct managed *m, struct action *a)
{
	struct outcome o = { .up = true, .jid = a->jid };
	int64_t began = clock_us();
	struct error err;

	if (condition_drifts(r, m, a) || rounds_done(r, m, a))
		return;
	m->done_part = false;
	bound_begin(r, m);
	error_clear(&err);
	m->deeds++;
	rounds_anew(r);
	o.ok = change_jail(r, m, a, &err) == 0;
	o.took_us = clock_us() - began;
	act_remember(m, a, o.took_us);
	claims_changed(r, m);
	host_forget(&r->addresses);
	m->done = o.ok;
	if (o.ok) {
		backoff_up(&m->drifts, clock_ms());
		m->retried = false; /* what comes next is postponed anew */
		/* A restart that was asked for is still to come. */
		(a->waits.count > 0 || m->by_hand ? condition_up :
		    condition_ready)(r, m, a->jid);
		reconciler_look(r, m);
		around_changed(r, m);
	} else {
		snprintf(o.error, sizeof o.error, "%s", err.text);
		change_restore(r, m, a);
		condition_failed(r, m, err.text);
	}
	order_wake(r, m);
	act_tell(r, m, a, &o);
	action_free(a);
}

/* Whether the addresses that it is to have may be had now. */
static bool
may_have_addresses(struct reconciler *r, struct managed *m,
    const struct action *a)
{
	char why[ERROR_TEXT_MAX];

	for (size_t i = 0; i < a->count; i++)
		if (claims_address(&a->change[i]))
			return claims_refused(r, m, a, why, sizeof why) == NULL;
	return true;
}

/* What comes before it can be changed; it waits for what it waited for. */
static bool
others_first(struct reconciler *r, struct managed *m)
{
	struct managed *up = m->waits_up;
	bool far = m->waits_far, first;
	char why[ERROR_TEXT_MAX];
	enum jail_state state;

	first = order_change(r, m, why, sizeof why, &state) != NULL;
	m->waits_up = up;
	m->waits_far = far || first; /* it is woken by any that is done */
	return first;
}

bool
act_meanwhile(struct reconciler *r, struct managed *m, struct action *a,
    enum jail_state state, const char *why)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	enum meanwhile much = MEANWHILE_HEAL;
	char text[ERROR_TEXT_MAX];
	bool loop;

	/* The one that failed goes: nobody is held for long. */
	if (state == STATE_HELD &&
	    waves_foresee(r, m, text, sizeof text) == NULL)
		return false;
	/* What specs say that depend on each other in a circle is not done at all. */
	loop = m->linked && loop_find(r, m, text, sizeof text);
	/* What happens to one of a wave is for the others to be seen. */
	if (!r->opt.healing || a->jid == 0 || m->in_wave || e == NULL ||
	    e->stage != ENTRY_UP || (!loop && others_first(r, m)))
		return false;
	if (state != STATE_PROGRESSING && !loop)
		much = may_have_addresses(r, m, a) ? MEANWHILE_OWN :
		    MEANWHILE_INSIDE;
	if (!meanwhile_split(e->applied, m->desired, much, why, a)) {
		m->done = false;
		return false;
	}
	if (m->done) {
		fail_again(r, m, a);
		return true;
	}
	act_change(r, m, a);
	m->done_part = m->done;
	return true;
}
