/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/condition.h"

#include <sodium.h>

#include <errno.h>
#include <stdio.h>

#include "agent/base/clock.h"
#include "agent/reconcile/change.h"
#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"

/* Whether there is another spec now that is to be tried instead. */
static bool
rolled_back(struct reconciler *r, struct managed *m, const char *why,
    bool final)
{
	struct rollback *b = &m->rollback;
	struct spec *good = NULL;

	/* What failed is not what is wanted since. */
	if (m->fresh)
		return false;
	if (m->desired != NULL && m->deaths.healthy_ms != 0)
		b->proved |= clock_ms() - m->deaths.healthy_ms >=
		    m->desired->agent.retry_reset_ms;
	if (r->opt.healing)
		good = rollback_failed(b, r->shop.paths, r->shop.vault,
		    m->desired, why, final);
	if (good == NULL)
		return false;
	spec_free(m->desired);
	m->desired = good;
	claims_changed(r, m);
	m->fresh = true;
	reconciler_look(r, m);
	return true;
}

void
condition_failed(struct reconciler *r, struct managed *m, const char *why)
{
	const struct spec_agent *s = m->desired != NULL ? &m->desired->agent :
	    NULL;
	int64_t ms;

	managed_state(r, m, STATE_FAILED, "%s", why);
	if (!r->opt.healing || rolled_back(r, m, why, false))
		return;
	ms = backoff_next(&m->backoff, clock_ms(), false,
	    s != NULL ? s->retry_initial_ms : 1000,
	    s != NULL ? s->retry_max_ms : 300000,
	    s != NULL ? s->retry_reset_ms : 600000, randombytes_random());
	reconciler_wait(m, ms);
}

/* Without events it is the rescan that finds what happens to the jail. */
static void
not_watched(struct reconciler *r, struct managed *m, int code)
{
	if (code == EMFILE || code == ENFILE || code == ENOMEM ||
	    code == ENOSPC)
		r->unwatched = code;
	else
		reconciler_look(r, m); /* it may have ended just now */
}

void
condition_unknown(struct managed *m)
{
	health_free(m->health);
	m->health = NULL;
}

/* A jail that is well again does not wait for its restart. */
static void
health_changed(void *arg)
{
	struct managed *m = arg;

	if (m->machine == MACHINE_WAITING && m->ill &&
	    managed_health(m) == HEALTH_GOOD)
		reconciler_wake(m);
	reconciler_look(m->owner, m);
}

/*
 * Has the jail checked as its spec asks for.  A single pass asks only for the
 * health of what it started itself, and of what others wait for.
 */
static enum health_verdict
check_health(struct reconciler *r, struct managed *m, int jid)
{
	if (m->desired == NULL || m->desired->agent.health.exec == NULL ||
	    (!r->opt.healing && !m->started)) {
		condition_unknown(m);
	} else if (m->health == NULL ||
	    !health_is_for(m->health, m->desired, jid)) {
		condition_unknown(m);
		m->health = health_new(&r->shop, m->desired, jid,
		    health_changed, m);
	}
	return managed_health(m);
}

void
condition_up(struct reconciler *r, struct managed *m, int jid)
{
	struct jail_kernel *k = r->shop.observer->kernel;

	if (m->watched != jid && jid != 0 && r->opt.healing &&
	    k->backend->watch != NULL && k->backend->watch(k, jid) != 0)
		not_watched(r, m, errno);
	m->watched = jid;
	if (m->jid != jid)
		r->changed = true;
	m->jid = jid;
}

void
condition_ready(struct reconciler *r, struct managed *m, int jid)
{
	char quarantine[ERROR_TEXT_MAX + PATHS_MAX];

	condition_up(r, m, jid);
	m->retried = false;
	m->ill = false;
	switch (check_health(r, m, jid)) {
	case HEALTH_UNKNOWN:
		managed_state(r, m, STATE_PROGRESSING, "%s",
		    health_text(m->health));
		return;
	case HEALTH_BAD:
		managed_state(r, m, STATE_FAILED, "%s",
		    health_text(m->health));
		(void)rolled_back(r, m, health_text(m->health), true);
		return;
	case HEALTH_GOOD:
		if (m->health != NULL)
			rollback_ready(&m->rollback, r->shop.paths,
			    r->shop.vault, m->desired);
		break;
	}
	if (m->state != STATE_READY && m->state != STATE_QUARANTINED) {
		backoff_up(&m->backoff, clock_ms());
		backoff_up(&m->deaths, clock_ms());
		backoff_up(&m->drifts, clock_ms());
	}
	if (managed_quarantine(m, quarantine, sizeof quarantine) != NULL)
		managed_state(r, m, STATE_QUARANTINED, "%s", quarantine);
	else
		managed_state(r, m, STATE_READY, "%s", "");
}

const struct spec *
condition_ready_with(const struct reconciler *r, struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	return e != NULL && e->stage == ENTRY_UP && m->state != STATE_FAILED &&
	    m->machine != MACHINE_WORKING && e->applied != NULL &&
	    rollback_was_ready(&m->rollback, r->shop.paths, r->shop.vault,
	    e->applied) ?
	    e->applied : NULL;
}

/*
 * Whether `why` is to be waited for, by that back-off: the first time it is
 * not, then longer each time.
 */
static bool
postponed(struct reconciler *r, struct managed *m, const struct action *a,
    struct backoff *b, const char *why)
{
	const struct spec_agent *s = &m->desired->agent;
	int64_t ms;

	if (m->retried || !r->opt.healing)
		return false;
	ms = backoff_next(b, clock_ms(), true, s->retry_initial_ms,
	    s->retry_max_ms, s->retry_reset_ms, randombytes_random());
	if (ms == 0) {
		m->retried = true; /* whatever else it has to wait for */
		return false;
	}
	managed_state(r, m, STATE_FAILED, "%s", why);
	condition_up(r, m, a->jid);
	reconciler_wait(m, ms);
	return true;
}

bool
condition_postponed(struct reconciler *r, struct managed *m, struct action *a)
{
	bool waits = postponed(r, m, a, &m->deaths, a->reason);

	/* It had been healthy long enough to begin anew. */
	if (m->deaths.tries == 1)
		backoff_reset(&m->backoff);
	if (!waits)
		return false;
	if (m->deaths.tries > ROLLBACK_TRIES &&
	    rolled_back(r, m, a->reason, true))
		reconciler_wake(m);
	else
		m->ill = a->heals;
	order_wake(r, m);
	action_free(a);
	return true;
}

bool
condition_drifts(struct reconciler *r, struct managed *m, struct action *a)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);
	char why[ERROR_TEXT_MAX];

	if (e == NULL || e->stage != ENTRY_UP || e->applied == NULL ||
	    !change_heals(m, e, a))
		return false;
	snprintf(why, sizeof why, "%.800s, %u times now: somebody else "
	    "changes it again and again", a->reason, m->drifts.tries + 1);
	if (!postponed(r, m, a, &m->drifts, why))
		return false;
	order_wake(r, m);
	action_free(a);
	return true;
}

void
condition_ask(struct reconciler *r, struct managed *m)
{
	for (size_t i = 0; !r->opt.healing && i < m->desired->depend.count;
	    i++) {
		struct managed *d = reconciler_jail(r,
		    m->desired->depend.text[i], false);

		if (d == NULL || d->state != STATE_READY || d->started)
			continue;
		d->started = true;
		condition_ready(r, d, d->jid);
	}
}
