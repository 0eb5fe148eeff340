/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/act.h"
#include "agent/reconcile/around.h"
#include "agent/reconcile/condition.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/rivals.h"
#include "agent/reconcile/rounds.h"
#include "agent/reconcile/secrets.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/reconcile/upon.h"

#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/base/sorted.h"

#define TURN_US 300

/* ------------------------------------------------------------ the table */

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct reconciler *)table)->jail[i]->name;
}

static size_t
position(const struct reconciler *r, const char *name, bool *found)
{
	return sorted_position(r, r->count, name_of, name, found);
}

const struct managed *
reconciler_find(const struct reconciler *r, const char *name)
{
	bool found;
	size_t at = position(r, name, &found);

	return found ? r->jail[at] : NULL;
}

size_t
reconciler_behind(const struct reconciler *r, const char *name)
{
	bool found;
	size_t at = position(r, name, &found);

	return at + found;
}

const struct action *
reconciler_foreseen(const struct reconciler *r, const struct managed *m)
{
	return r->foreseen == NULL ? NULL :
	    &r->foreseen[reconciler_behind(r, m->name) - 1];
}

struct managed *
reconciler_jail(struct reconciler *r, const char *name, bool make)
{
	bool found;
	size_t at = position(r, name, &found);
	struct managed **grown, *m;

	if (found)
		return r->jail[at];
	if (!make)
		return NULL;
	m = calloc(1, sizeof *m);
	grown = realloc(r->jail, (r->count + 1) * sizeof *grown);
	if (grown != NULL)
		r->jail = grown;
	if (m == NULL || grown == NULL || (m->name = strdup(name)) == NULL) {
		free(m);
		return NULL;
	}
	m->owner = r;
	m->state = STATE_PROGRESSING;
	unrecorded(r, m);
	memmove(grown + at + 1, grown + at, (r->count - at) * sizeof *grown);
	grown[at] = m;
	r->count++;
	return m;
}

void
reconciler_drop(struct reconciler *r, struct managed *m)
{
	bool found;
	size_t at = position(r, m->name, &found);

	if (!found)
		return;
	if (m->dirty)
		TAILQ_REMOVE(&r->dirty, m, dirty_link);
	if (m->queued)
		TAILQ_REMOVE(&r->slots, m, slot_link);
	if (m->waits)
		r->waiting--;
	claims_drop(r, m);
	r->count--;
	memmove(r->jail + at, r->jail + at + 1,
	    (r->count - at) * sizeof *r->jail);
	for (size_t i = 0; i < r->count; i++) {
		if (r->jail[i]->down_for == m)
			r->jail[i]->down_for = NULL;
		if (r->jail[i]->waits_up == m)
			r->jail[i]->waits_up = NULL;
		if (r->jail[i]->waits_claim == m)
			r->jail[i]->waits_claim = NULL;
	}
	taken_forget(&r->taken);
	waves_drop(r, m);
	r->changed = true;
	unrecorded_drop(r, m);
}

/* ----------------------------------------------------------- the machine */

static void
look_soon(struct reconciler *r, struct managed *m, bool first)
{
	static const struct timeval now;

	if (m->dirty || r->closing)
		return;
	if (TAILQ_EMPTY(&r->dirty))
		evtimer_add(r->work, &now);
	m->dirty = true;
	if (first)
		TAILQ_INSERT_HEAD(&r->dirty, m, dirty_link);
	else
		TAILQ_INSERT_TAIL(&r->dirty, m, dirty_link);
}

/* The same as reconciler_plan; what is new about the jail is to be recorded. */
static int
look_at(struct reconciler *r, struct managed *m, struct action *a)
{
	unsigned char seen[LIVE_DIGEST];

	if (reconciler_plan_seen(r, m, a, seen) != 0)
		return -1;
	if (memcmp(seen, m->seen, sizeof seen) != 0) {
		memcpy(m->seen, seen, sizeof seen);
		r->changed = true;
		unrecorded(r, m);
	}
	return 0;
}

static void consider(struct reconciler *r, struct managed *m);

/* Acts at once, or is the first to be looked at when addresses are known. */
static void
act_when_known(struct reconciler *r, struct managed *m, struct action *a)
{
	bool asks = a->kind == ACTION_CREATE || a->kind == ACTION_RESTART ||
	    (a->kind == ACTION_MODIFY && claims_addresses(a));

	if (!asks || !r->opt.healing || m->desired == NULL ||
	    !taken_wait(r, m)) {
		act(r, m, a);
		return;
	}
	action_free(a);
	look_soon(r, m, true);
}

static void
ignore(struct reconciler *r, struct managed *m)
{
	(void)r;
	(void)m;
}

/* Something is under way; its end has the jail looked at anyway. */
static void
remember(struct reconciler *r, struct managed *m)
{
	(void)r;
	m->again = true;
}

/* A start that is not wanted so any more may take for ever, as hooks may. */
static void
change_mind(struct reconciler *r, struct managed *m)
{
	const struct standing_order *order = reconciler_standing(r, m);
	bool down = m->unwanted || m->by_hand ||
	    (order != NULL && order->kind == STANDING_STOP);

	m->again = true;
	operation_cancel(m->op, down ? NULL : m->desired);
	/* Once for each order: what comes behind the hook that hangs runs. */
	if (m->forces && standing_forces(order))
		operation_force(m->op);
	m->forces = false;
}

void
reconciler_wake(struct managed *m)
{
	if (m->retry != NULL)
		evtimer_del(m->retry);
	m->retry_at = 0;
	m->machine = MACHINE_IDLE;
}

/* A new spec deserves a try at once. */
static void
reconsider(struct reconciler *r, struct managed *m)
{
	m->fresh = m->forces = m->done = m->stop_failed = false;
	rollback_anew(&m->rollback);
	backoff_reset(&m->backoff);
	backoff_reset(&m->deaths);
	backoff_reset(&m->drifts);
	reconciler_wake(m);
	m->retried = true;
	/* What others were told about it was of the old one. */
	if (m->waits)
		order_wake(r, m);
	consider(r, m);
}

static void
retry(struct reconciler *r, struct managed *m)
{
	m->retry_at = 0;
	m->machine = MACHINE_IDLE;
	m->retried = true;
	m->done = m->stop_failed = false;
	consider(r, m);
}

/* What failed is not tried before its time; a jail that died meanwhile is. */
static void
look_waiting(struct reconciler *r, struct managed *m)
{
	struct action a;

	if (m->jid == 0 || look_at(r, m, &a) != 0)
		return;
	if (a.jid != 0) {
		action_free(&a);
		return;
	}
	reconciler_wake(m);
	m->jid = 0;
	m->retried = m->done = false;
	act_when_known(r, m, &a);
}

typedef void handler(struct reconciler *r, struct managed *m);

static handler *const machine_table[MACHINE_COUNT][EVENT_COUNT] = {
	[MACHINE_IDLE] = {
		[EVENT_LOOK] = consider,
		[EVENT_SPEC] = reconsider,
		[EVENT_TIMER] = ignore,
	},
	[MACHINE_WORKING] = {
		[EVENT_LOOK] = remember,
		[EVENT_SPEC] = change_mind,
		[EVENT_TIMER] = ignore,
	},
	[MACHINE_WAITING] = {
		[EVENT_LOOK] = look_waiting,
		[EVENT_SPEC] = reconsider,
		[EVENT_TIMER] = retry,
	},
};

static void
happen(struct reconciler *r, struct managed *m, enum machine_event event)
{
	machine_table[m->machine][event](r, m);
}

static void
retry_due(evutil_socket_t fd, short what, void *arg)
{
	struct managed *m = arg;

	(void)fd;
	(void)what;
	happen(m->owner, m, EVENT_TIMER);
}

void
reconciler_wait(struct managed *m, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	if (m->retry == NULL)
		m->retry = evtimer_new(m->owner->shop.base, retry_due, m);
	m->machine = MACHINE_WAITING;
	m->retry_at = clock_ms() + ms;
	if (m->retry != NULL)
		evtimer_add(m->retry, &tv);
}

/* Asks the kernel, plans, acts. */
static void
consider(struct reconciler *r, struct managed *m)
{
	enum jail_state was;
	struct action a;

	/* Those that go down are in the order of that already. */
	if (!m->unwanted && r->opt.letters != LETTER_R &&
	    around_too_early(r, m)) {
		reconciler_look(r, m);
		return;
	}
	/* What the reader says next has it looked at again. */
	if (!m->unwanted && secrets_pending(r->shop.vault, m->desired)) {
		managed_state(r, m, STATE_PROGRESSING,
		    "waits for its secrets to be read");
		return;
	}
	if (look_at(r, m, &a) != 0) {
		managed_state(r, m, STATE_FAILED, "%s", strerror(ENOMEM));
		return;
	}
	was = m->state;
	if (bound_refuses(r, m, &a)) {
		condition_up(r, m, a.jid);
		action_free(&a);
		/* Not again and again: two that are refused may wait for each
		   other. */
		if (m->state != was)
			order_wake(r, m);
	} else
		act_when_known(r, m, &a);
}

/* ------------------------------------------------------- the dirty ones */

void
reconciler_look(struct reconciler *r, struct managed *m)
{
	look_soon(r, m, false);
}

void
reconciler_look_all(struct reconciler *r)
{
	host_forget(&r->addresses);
	taken_forget(&r->taken);
	for (size_t i = 0; i < r->count; i++)
		reconciler_look(r, r->jail[i]);
}

/*
 * Looks at a few jails a turn of the loop, so that signals and requests are never
 * kept waiting by a long queue; what was looked up for all jails serves some more.
 */
static void
work(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now;
	struct reconciler *r = arg;
	int64_t until = clock_us() + r->turn_us;
	struct managed *m;
	bool over = false;
	int turn = 64;

	(void)fd;
	(void)what;
	if (r->taken.awaited) {
		(void)taken_prepare(r, until);
		evtimer_add(r->work, &now);
		return;
	}
	if (!r->opt.healing && !r->rivals_asked) {
		r->rivals_asked = true;
		rivals_decide(r);
	}
	jail_roots_forget(&r->roots);
	host_turn(&r->addresses);
	while (!over && turn-- > 0 && (m = TAILQ_FIRST(&r->dirty)) != NULL) {
		TAILQ_REMOVE(&r->dirty, m, dirty_link);
		m->dirty = false;
		if (m->fresh)
			unrecorded(r, m); /* recorded meanwhile, as such */
		if (m->fresh || rounds_look(r, m))
			happen(r, m, m->fresh ? EVENT_SPEC : EVENT_LOOK);
		/* A single pass has nobody to answer meanwhile. */
		over = r->taken.awaited || (r->opt.healing &&
		    clock_us() >= until &&
		    !r->roots.known &&
		    (!r->addresses.known || r->addresses.told));
	}
	if (!TAILQ_EMPTY(&r->dirty))
		evtimer_add(r->work, &now);
	else
		act_next(r); /* some may not have used their slot */
	reconciler_turned(r);
	if (TAILQ_EMPTY(&r->dirty))
		rounds_anew(r);
}

void
reconciler_turned(struct reconciler *r)
{
	if (r->opt.turned != NULL)
		r->opt.turned(r->opt.arg);
}

int
reconciler_adopt_inventory(struct reconciler *r)
{
	const struct inventory *inv = r->shop.inventory;

	for (size_t i = 0; i < inv->count; i++) {
		const struct entry *e = inv->entry[i];
		struct managed *m;

		if (strcmp(e->set, r->shop.set) != 0) {
			r->other_sets = true;
			if (unrecorded_other(r, e->name) != 0)
				return -1;
			continue;
		}
		m = reconciler_jail(r, e->name, true);
		if (m == NULL)
			return -1;
		waves_met(r, m);
		m->linked = strchr(m->name, '.') != NULL;
		if (e->applied == NULL)
			continue;
		m->desired = spec_copy(e->applied);
		if (m->desired == NULL)
			return -1;
		m->linked |= m->desired->depend.count > 0;
	}
	return 0;
}

int
reconciler_want(struct reconciler *r, struct spec *s)
{
	struct managed *m = reconciler_jail(r, s->name, true);
	bool anew;

	s = m == NULL ? NULL : rollback_choose(&m->rollback, r->shop.paths,
	    r->shop.vault, condition_ready_with(r, m), s);
	if (s == NULL)
		return -1;
	waves_met(r, m);
	/* Back again counts as new, too: its removal may have failed. */
	anew = m->unwanted || m->desired == NULL || !spec_same(m->desired, s);
	if (anew && upon_remember(r, m) != 0) {
		spec_free(s);
		return -1;
	}
	m->fresh |= anew;
	/* Before a snapshot can be of the revision that says it. */
	if (m->fresh || m->absent_at != 0)
		unrecorded(r, m);
	spec_free(m->desired);
	m->desired = s;
	m->linked |= s->depend.count > 0 || strchr(s->name, '.') != NULL;
	m->unwanted = m->acked = false;
	claims_changed(r, m);
	taken_forget(&r->taken);
	m->said = true;
	m->rank = ++r->ranks;
	m->absent_at = 0;
	reconciler_look(r, m);
	return 0;
}

void
reconciler_unwant(struct reconciler *r, struct managed *m)
{
	/* Without memory a circle may be taken for none. */
	(void)upon_remember(r, m);
	m->unwanted = true;
	m->fresh = true;
	unrecorded(r, m);
	claims_changed(r, m);
	taken_forget(&r->taken);
	reconciler_look(r, m);
}

static void
slot_left(void *arg)
{
	act_next(arg);
}

int
reconciler_init(struct reconciler *r, const struct workshop *shop,
    const struct reconcile_options *opt, struct error *err)
{
	memset(r, 0, sizeof *r);
	r->shop = *shop;
	r->opt = *opt;
	r->turn_us = TURN_US;
	TAILQ_INIT(&r->dirty);
	TAILQ_INIT(&r->slots);
	slots_init(&r->shop.slots, opt->parallel, slot_left, r);
	unrecorded_begin(r);
	r->work = evtimer_new(shop->base, work, r);
	if (r->work == NULL || waves_start(r) != 0)
		return error_sys(err, ENOMEM, "event loop");
	return 0;
}

void
reconciler_free(struct reconciler *r)
{
	r->closing = true;
	unrecorded_end(r);
	claims_forget(&r->claims);
	for (size_t i = 0; i < r->count; i++)
		managed_free(r->jail[i]);
	free(r->jail);
	jail_roots_forget(&r->roots);
	host_forget(&r->addresses);
	taken_forget(&r->taken);
	free(r->waves.failed);
	text_list_free(&r->waves.before);
	if (r->work != NULL)
		event_free(r->work);
	console_stop(&r->shop.console);
	memset(r, 0, sizeof *r);
}
