/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out actions: each kind has its function. */
#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/reconcile/console.h"
#include "agent/reconcile/change.h"
#include "agent/reconcile/realise.h"
#include "agent/reconcile/act.h"
#include "agent/reconcile/absence.h"
#include "agent/reconcile/around.h"
#include "agent/reconcile/condition.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/rounds.h"
#include "agent/reconcile/steps.h"
#include "agent/reconcile/stuck.h"
#include "agent/reconcile/unrecorded.h"

/* Nothing but a name: no hooks, and the defaults. */
static struct spec *
bare_spec(struct managed *m)
{
	struct spec bare = { .name = m->name };

	return spec_copy(&bare);
}

/* -------------------------------------------------------- operations */

void
act_next(struct reconciler *r)
{
	struct managed *m = TAILQ_FIRST(&r->slots);

	if (slots_next(&r->shop.slots) || m == NULL ||
	    !slots_any(&r->shop.slots))
		return;
	TAILQ_REMOVE(&r->slots, m, slot_link);
	m->queued = false;
	m->turn = true;
	if (m->to_stop)
		act_stop(r, m, "another jail waits until it is down");
	else
		reconciler_look(r, m);
}

/* What is kept beside the inventory of a jail that is gone for good. */
static void
forget(struct reconciler *r, struct managed *m)
{
	console_remove(r->shop.paths->console, m->name);
	rollback_forget(&m->rollback, r->shop.paths, m->name);
}

static void
operation_ended(void *arg, struct operation *op, const struct outcome *o)
{
	struct managed *m = arg;
	struct reconciler *r = m->owner;
	struct action a = m->doing;
	/* The outcome ends with its operation. */
	bool ok = o->ok, up = o->up, given_up = o->given_up;
	bool was_down = !o->up || a.kind == ACTION_RESTART;
	bool stays = m->desired != NULL && !m->unwanted;
	bool forgotten = a.kind == ACTION_REMOVE && !a.stays;

	rounds_anew(r);
	claims_changed(r, m);
	host_forget(&r->addresses);
	memset(&m->doing, 0, sizeof m->doing);
	m->op = NULL;
	m->machine = MACHINE_IDLE;
	r->working--;
	if (o->ok && a.kind != ACTION_REMOVE)
		m->restarts += a.kind == ACTION_RESTART ||
		    (a.kind == ACTION_CREATE && a.cleanup);
	act_remember(m, &a, o->took_us);
	m->stop_failed = !ok && up;
	free(m->stop_error);
	m->stop_error = m->stop_failed ? strdup(o->error) : NULL;
	m->follows &= !(ok && up);
	m->jid = o->up ? m->jid : 0;
	m->watched = 0; /* the next one may have the same jid */
	m->started = o->ok && o->up;
	if (o->ok && o->up)
		condition_ready(r, m, o->jid);
	else if (!o->ok && !o->given_up)
		condition_failed(r, m, o->error);
	act_tell(r, m, &a, o);
	if (!o->up && forgotten)
		forget(r, m);
	action_free(&a);
	operation_free(op);
	/* Who waited for a slot comes before who may go on from now on; with
	   -r it is the other way round, as jail(8) takes the last one first. */
	if (r->opt.letters != LETTER_R)
		act_next(r);
	order_wake(r, m);
	if (was_down)
		order_released(r);
	if (r->opt.letters == LETTER_R)
		act_next(r);
	if (ok && !up && !stays &&
	    inventory_find(r->shop.inventory, m->name) == NULL) {
		reconciler_drop(r, m);
		reconciler_turned(r);
		return;
	}
	/* What was done is looked at, not believed; a spec that changed in
	   the meantime is not kept waiting by a failure of the old one. */
	m->again = false;
	m->done = ok && up;
	m->done_part = false;
	if (m->done)
		around_changed(r, m);
	if (ok || given_up || m->fresh)
		reconciler_look(r, m);
	else
		reconciler_turned(r);
}

void
act_waits_no_more(struct reconciler *r, struct managed *m)
{
	if (m->waits)
		r->waiting--;
	m->waits = false;
	m->waits_up = m->waits_claim = NULL;
}

static void
begin(struct reconciler *r, struct managed *m, struct action *a,
    const struct operation_plan *p)
{
	if (!slots_any(&r->shop.slots)) {
		managed_state(r, m, STATE_PROGRESSING,
		    "waits for one of %u others to end",
		    r->shop.slots.taken);
		if (!m->queued && m->turn)
			TAILQ_INSERT_HEAD(&r->slots, m, slot_link);
		else if (!m->queued)
			TAILQ_INSERT_TAIL(&r->slots, m, slot_link);
		m->queued = true;
		action_free(a);
		return;
	}
	m->op = operation_new(&r->shop, m->name, p, operation_ended, m);
	if (m->op == NULL) {
		condition_failed(r, m, strerror(ENOMEM));
		action_free(a);
		return;
	}
	condition_unknown(m);
	bound_begin(r, m);
	act_waits_no_more(r, m); /* one that is stopped for others may have */
	stuck_over(m, ACTION_NONE);
	m->down_for = NULL; /* what comes up next is another one */
	m->machine = MACHINE_WORKING;
	m->deeds += p->start != NULL;
	rounds_anew(r);
	m->to_stop = m->turn = m->by_hand = m->retried = false;
	r->working++;
	managed_state(r, m, STATE_PROGRESSING, "%s: %s", action_word(a->kind),
	    a->reason);
	m->doing = *a;
}

/* The spec with which the jail runs, for its stop hooks. */
static const struct spec *
running_spec(struct reconciler *r, struct managed *m, struct spec **made)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	*made = NULL;
	if (e != NULL && e->applied != NULL)
		return e->applied;
	return m->desired != NULL ? m->desired : (*made = bare_spec(m));
}

/*
 * Others must be up or down first: order_wake has it looked at again.  Those
 * that wait for this one are told when its state is another.
 */
static void
waits(struct reconciler *r, struct managed *m, struct action *a,
    enum jail_state state, const char *why)
{
	bool turned = m->state != state;

	m->turn = false;
	/* It runs on, with the addresses that it may have given up. */
	if (state == STATE_BLOCKED && a->jid != 0)
		change_restore(r, m, a);
	condition_up(r, m, a->jid);
	managed_state(r, m, state, "%s", why);
	if (!m->waits)
		r->waiting++;
	m->waits = true;
	m->restarts_next = a->kind == ACTION_RESTART ||
	    (a->kind == ACTION_CREATE && a->cleanup);
	if (turned)
		order_wake(r, m);
	/* Those in it were to fit in what it was about to be. */
	if (turned)
		around_turned(r, m);
	action_free(a);
}

/* Whether another jail has something still that this one is to get. */
static bool
waits_for_claim(struct reconciler *r, struct managed *m, struct action *a,
    bool *release)
{
	char why[ERROR_TEXT_MAX];
	bool blocked;
	const char *wait = claims_wait(r, m, a, why, sizeof why, &blocked,
	    release);

	if (wait == NULL || *release)
		return false;
	if (!act_meanwhile(r, m, a, blocked ? STATE_BLOCKED :
	    STATE_PROGRESSING, wait))
		waits(r, m, a, blocked ? STATE_BLOCKED : STATE_PROGRESSING,
		    wait);
	return true;
}

/* Why others must go down before the action, or may not; NULL: they need not. */
static const char *
go_down_first(struct reconciler *r, struct managed *m, const struct action *a,
    char *why, size_t size, enum jail_state *state)
{
	const char *wait = bound_stops(r, m, a, why, size);

	*state = STATE_BLOCKED;
	return wait != NULL ? wait : order_down(r, m, a, why, size, state);
}

static void
act_create(struct reconciler *r, struct managed *m, struct action *a)
{
	struct operation_plan p = { .start = m->desired };
	char why[ERROR_TEXT_MAX];
	enum jail_state state;
	struct spec *made = NULL;
	const char *wait;
	bool release;

	condition_ask(r, m);
	if (absence_undecided(m)) {
		waits(r, m, a, STATE_PROGRESSING, "its spec is gone; it is not "
		    "started before it is known whether for good");
		return;
	}
	wait = stuck_create(r, m, a, why, sizeof why, &state);
	if (wait != NULL) {
		waits(r, m, a, state, wait);
		return;
	}
	/* One pass makes a jail once; only the agent tries again. */
	if (a->cleanup && m->done && !r->opt.healing) {
		managed_state(r, m, STATE_FAILED, "it ended right after its "
		    "start; does exec.start leave a process behind? If not, "
		    "say persist: true");
		action_free(a);
		return;
	}
	if (a->cleanup && condition_postponed(r, m, a))
		return;
	/* A restart for those that depend on it; who cannot go down runs on. */
	if (a->cleanup && ((wait = stuck_up(r, m, a, why, sizeof why,
	    &state)) != NULL || ((wait = go_down_first(r, m, a, why,
	    sizeof why, &state)) != NULL && !m->waits_failed))) {
		waits(r, m, a, state, wait);
		return;
	}
	if (rounds_done(r, m, a) || waits_for_claim(r, m, a, &release))
		return;
	if (a->cleanup) {
		p.stop = running_spec(r, m, &made);
		p.stop_from = stop_after_removal;
	}
	begin(r, m, a, &p);
	spec_free(made);
}

/* One of a circle of jails goes first, so that others can go on. */
static void
release_claims(struct reconciler *r, struct managed *m, struct action *a)
{
	struct error err;

	error_clear(&err);
	bound_begin(r, m);
	if (change_release(r, m, a, &err) != 0) {
		change_restore(r, m, a);
		condition_failed(r, m, err.text);
		action_free(a);
	} else
		waits(r, m, a, STATE_PROGRESSING, "gave up its addresses for "
		    "a jail whose addresses it gets");
	order_wake(r, m);
}

static void
act_modify(struct reconciler *r, struct managed *m, struct action *a)
{
	char why[ERROR_TEXT_MAX];
	enum jail_state state;
	bool release = false;

	if (act_not_kept(r, m, a))
		return;
	if (order_change(r, m, why, sizeof why, &state) != NULL) {
		if (state == STATE_BLOCKED || !claims_asked(r, m)) {
			m->waits_claim = NULL;
			if (state != STATE_BLOCKED ||
			    !act_meanwhile(r, m, a, state, why))
				waits(r, m, a, state, why);
			return;
		}
		/* What the jail around it is to lose is none of its own losses. */
		release = claims_addresses(a) && claims_refused(r, m, a, why,
		    sizeof why) == NULL;
	}
	if (!release && waits_for_claim(r, m, a, &release))
		return;
	if (release) {
		release_claims(r, m, a);
		return;
	}
	act_change(r, m, a);
}

/*
 * Whether the wanted spec has the hooks for a stop that was interrupted: what
 * keeps it from succeeding could not be mended otherwise, since other hooks
 * are taken over by a change, and there is none before this restart.
 */
static bool
mends_stop(const struct entry *e, const struct action *a)
{
	if (e == NULL || e->stage != ENTRY_REMOVING)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->change[i].how == HOW_RESTART)
			return false;
	return true;
}

static void
act_restart(struct reconciler *r, struct managed *m, struct action *a)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	struct operation_plan p = { .start = m->desired, .jid = a->jid };
	char why[ERROR_TEXT_MAX];
	enum jail_state state;
	struct spec *made;
	const char *wait;
	bool release;

	if (act_not_kept(r, m, a) || rounds_done(r, m, a) ||
	    (a->heals ? condition_postponed(r, m, a) :
	    !m->by_hand && a->count > 0 && condition_drifts(r, m, a)))
		return;
	wait = stuck_up(r, m, a, why, sizeof why, &state);
	if (wait == NULL && !a->heals &&
	    !waves_admit(r, m, why, sizeof why, &state))
		wait = why;
	if (wait != NULL) {
		m->waits_far = true;
		if (!act_meanwhile(r, m, a, state, wait))
			waits(r, m, a, state, wait);
		return;
	}
	/* A stop that was cut off is ended by the restart that it was for. */
	if (e != NULL && e->stage == ENTRY_REMOVING &&
	    order_change(r, m, why, sizeof why, &state) != NULL) {
		waits(r, m, a, state, why);
		return;
	}
	/* Nobody goes down for it while it is not known what comes of others. */
	if (m->waits_down || (wait = order_up(r, m, why, sizeof why,
	    &state)) == NULL)
		wait = go_down_first(r, m, a, why, sizeof why, &state);
	if (wait == NULL && (wait = order_up(r, m, why, sizeof why,
	    &state)) != NULL)
		state = STATE_PROGRESSING;
	if (wait != NULL) {
		if (m->waits_down || !act_meanwhile(r, m, a, state, wait))
			waits(r, m, a, state, wait);
		return;
	}
	if (waits_for_claim(r, m, a, &release))
		return;
	p.stop = running_spec(r, m, &made);
	if (mends_stop(e, a))
		p.stop = m->desired;
	p.stop_from = e != NULL && e->stage == ENTRY_CREATING ? stop_by_force :
	    0;
	begin(r, m, a, &p);
	spec_free(made);
}

/* Where a stop begins, as a user may have ordered. */
static size_t
stop_begin(const struct reconciler *r, const struct managed *m)
{
	return standing_forces(reconciler_standing(r, m)) ? stop_by_force : 0;
}

static void
act_remove(struct reconciler *r, struct managed *m, struct action *a)
{
	struct operation_plan p = { .forget = !a->stays, .jid = a->jid,
		.stop_from = stop_begin(r, m) };
	char why[ERROR_TEXT_MAX];
	enum jail_state state;
	struct spec *made;
	const char *wait = go_down_first(r, m, a, why, sizeof why, &state);

	if (wait != NULL) {
		waits(r, m, a, state, wait);
		return;
	}
	p.stop = running_spec(r, m, &made);
	/* Of a jail that another boot ended nothing is left to be undone. */
	if (a->jid == 0)
		p.stop_from = a->cleanup ? stop_after_removal : stop_count;
	begin(r, m, a, &p);
	spec_free(made);
}

void
act_stop(struct reconciler *r, struct managed *m, const char *reason)
{
	struct operation_plan p = { .jid = m->jid,
		.stop_from = stop_begin(r, m) };
	struct action a = { .name = strdup(m->name), .kind = ACTION_RESTART,
		.reason = strdup(reason), .jid = m->jid };
	struct spec *made;

	if (m->machine == MACHINE_WORKING || a.name == NULL ||
	    a.reason == NULL) {
		action_free(&a);
		return;
	}
	if (m->jid == 0 || !bound_lets(r, m)) {
		m->to_stop = false;
		action_free(&a);
		reconciler_look(r, m);
		return;
	}
	/* It need not wait for its own next try. */
	if (m->machine == MACHINE_WAITING)
		reconciler_wake(m);
	p.stop = running_spec(r, m, &made);
	begin(r, m, &a, &p);
	/* What waits for its end would wait for ever for a stop forgotten. */
	m->to_stop = m->queued;
	spec_free(made);
}

static void
act_none(struct reconciler *r, struct managed *m, struct action *a)
{
	struct entry *e = inventory_find(r->shop.inventory, m->name);
	bool wanted = m->desired != NULL && !m->unwanted;
	struct error err;

	error_clear(&err);
	m->turn = false;
	if (wanted && a->jid != 0) {
		claims_settled(r, m);
		condition_ready(r, m, a->jid);
		if (m->state == STATE_READY)
			waves_ready(r, m);
	} else if (wanted) {
		m->jid = 0;
		managed_state(r, m, STATE_STOPPED, "%s", a->reason);
	} else if (e == NULL || a->forgets) {
		/* From now on it is nobody's. */
		bool gone = e == NULL ||
		    inventory_gone(r->shop.inventory, e, &err) == 0;

		action_free(a);
		if (gone) {
			forget(r, m);
			reconciler_drop(r, m);
		} else {
			condition_failed(r, m, err.text);
		}
		return;
	} else {
		managed_state(r, m, STATE_MATCHING, "%s", a->reason);
	}
	order_wake(r, m);
	action_free(a);
}

static void
act_blocked(struct reconciler *r, struct managed *m, struct action *a)
{
	if (a->kind != ACTION_BLOCKED && a->jid != 0) /* see rivals.h */
		change_restore(r, m, a);
	managed_state(r, m, a->paused ? STATE_PAUSED : STATE_BLOCKED, "%s",
	    a->kind != ACTION_BLOCKED ? m->refused : a->reason);
	condition_up(r, m, a->jid);
	order_wake(r, m);
	action_free(a);
}

static void
act_conflict(struct reconciler *r, struct managed *m, struct action *a)
{
	managed_state(r, m, STATE_CONFLICT, "%s", a->reason);
	m->jid = 0;
	order_wake(r, m);
	action_free(a);
}

void
act(struct reconciler *r, struct managed *m, struct action *a)
{
	static void (*const table[])(struct reconciler *, struct managed *,
	    struct action *) = {
		[ACTION_NONE] = act_none,
		[ACTION_CREATE] = act_create,
		[ACTION_MODIFY] = act_modify,
		[ACTION_RESTART] = act_restart,
		[ACTION_REMOVE] = act_remove,
		[ACTION_BLOCKED] = act_blocked,
		[ACTION_CONFLICT] = act_conflict,
	};
	enum action_kind kind = m->refused != NULL && a->kind != ACTION_NONE &&
	    a->kind != ACTION_CONFLICT ? ACTION_BLOCKED : a->kind;

	act_waits_no_more(r, m);
	stuck_over(m, kind);
	/* What comes next is new. */
	if (kind == ACTION_NONE || kind == ACTION_BLOCKED)
		m->done &= !r->opt.healing;
	if (a->jid == 0 || a->kind == ACTION_CONFLICT)
		condition_unknown(m);
	table[kind](r, m, a);
}
