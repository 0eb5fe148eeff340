/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/waves.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/order.h"
#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/stuck.h"

static const struct action restart = { .kind = ACTION_RESTART };

/* How many jails a wave has; zeros mean the usual number. */
static size_t
most(const struct reconciler *r)
{
	struct limit l = r->opt.max_restart;
	size_t n;

	if (l.value == 0 && !l.percent)
		l.value = -1;
	n = limit_number(&l, WAVE_USUAL, r->shop.inventory->count);
	return n < 1 ? 1 : n;
}

static bool
holds(const struct waves *w, const struct managed *m)
{
	return w->failed != NULL && strcmp(w->failed, m->name) == 0;
}

/* Notes the wave where the next agent finds it. */
static int
note(struct reconciler *r, struct error *err)
{
	struct text_list names = { 0 };
	int rc = 0;

	if (r->shop.standing == NULL)
		return 0;
	for (size_t i = 0; rc == 0 && i < r->count; i++)
		if (r->jail[i]->in_wave)
			rc = text_list_add(&names, r->jail[i]->name);
	rc = rc != 0 ? error_sys(err, ENOMEM, "orders") :
	    standing_waves(r->shop.standing, &names, r->waves.failed, err);
	text_list_free(&names);
	return rc;
}

/* Should that fail, the next agent knows of more than there is, not less. */
static void
note_end(struct reconciler *r)
{
	struct error ignored;

	error_clear(&ignored);
	(void)note(r, &ignored);
}

int
waves_start(struct reconciler *r)
{
	const struct standing *s = r->shop.standing;

	if (s == NULL || (!r->opt.healing && !r->opt.for_agent))
		return 0;
	if (s->failed != NULL &&
	    (r->waves.failed = strdup(s->failed)) == NULL)
		return -1;
	return text_list_copy(&r->waves.before, &s->wave);
}

void
waves_met(struct reconciler *r, struct managed *m)
{
	struct text_list *before = &r->waves.before;

	for (size_t i = 0; i < before->count; i++) {
		if (strcmp(before->text[i], m->name) != 0)
			continue;
		free(before->text[i]);
		before->text[i] = before->text[--before->count];
		m->in_wave = true;
		r->waves.size++;
		r->waves.open++;
		return;
	}
}

/* Of what the agent before left, nobody speaks of these any more. */
static void
forget_unsaid(struct reconciler *r)
{
	struct waves *w = &r->waves;

	if (r->ranks == 0)
		return; /* of nothing yet */
	text_list_free(&w->before);
	if (w->failed != NULL && reconciler_jail(r, w->failed, false) == NULL)
		waves_go_on(r);
}

static bool
begin(struct reconciler *r, struct managed *m, char *buf, size_t size,
    enum jail_state *state)
{
	struct error err;

	error_clear(&err);
	m->in_wave = true;
	if (note(r, &err) != 0) {
		m->in_wave = false;
		*state = STATE_BLOCKED;
		snprintf(buf, size, "needs a restart, and what holds the rest "
		    "should it fail cannot be noted: %s", err.text);
		return false;
	}
	r->waves.size++;
	r->waves.open++;
	return true;
}

static const char *
say_held(const struct waves *w, const struct managed *m, char *buf,
    size_t size)
{
	snprintf(buf, size, "needs a restart, which is held because the one of "
	    "%s failed; approve of it with: jailagent ack %s", w->failed,
	    m->name);
	return buf;
}

const char *
waves_foresee(struct reconciler *r, const struct managed *m, char *buf,
    size_t size)
{
	const struct waves *w = &r->waves;
	const struct managed *failed = w->failed == NULL ? NULL :
	    reconciler_find(r, w->failed);

	return failed == NULL || failed == m || m->in_wave ||
	    order_removed(r, failed) ? NULL : say_held(w, m, buf, size);
}

bool
waves_admit(struct reconciler *r, struct managed *m, char *buf, size_t size,
    enum jail_state *state)
{
	struct waves *w = &r->waves;

	/* One pass restarts what it is told to; the agent does it bit by bit. */
	if (m->in_wave || m->by_hand || !r->opt.healing || holds(w, m))
		return true;
	forget_unsaid(r);
	if (w->open == 0)
		w->size = 0;
	if (w->failed != NULL) {
		*state = STATE_HELD;
		say_held(w, m, buf, size);
	} else if (w->size >= most(r)) {
		*state = STATE_PROGRESSING;
		snprintf(buf, size, "its restart waits until %zu before it "
		    "%s ready (--max-restart)", w->size,
		    w->size == 1 ? "is" : "are");
	} else if (stuck_why(r, m, &restart, buf, size) != NULL) {
		/* Nobody went down: nothing failed that others are to wait for. */
		*state = STATE_BLOCKED;
	} else {
		return begin(r, m, buf, size, state);
	}
	return false;
}

static void
leave(struct reconciler *r, struct managed *m)
{
	r->waves.open -= !m->wave_blocked;
	m->in_wave = m->wave_blocked = false;
}

void
waves_ready(struct reconciler *r, struct managed *m)
{
	if (!m->in_wave)
		return;
	leave(r, m);
	note_end(r);
}

/*
 * What it waits for may be one that waits for its own wave: it is not counted until
 * it goes on.
 */
static void
blocked(struct waves *w, struct managed *m, bool is)
{
	if (is != m->wave_blocked)
		w->open += is ? -1 : 1;
	m->wave_blocked = is;
}

void
waves_turned(struct reconciler *r, struct managed *m)
{
	bool down = m->state == STATE_BLOCKED && m->jid == 0;

	if (!m->in_wave)
		return;
	blocked(&r->waves, m, down);
	if (down || m->state == STATE_READY || m->state == STATE_PROGRESSING)
		return;
	leave(r, m);
	/*
	 * Who is paused or stopped meanwhile is so by a user's will, and nobody went
	 * down for one that is blocked and runs.
	 */
	if (m->state != STATE_PAUSED && m->state != STATE_STOPPED &&
	    m->state != STATE_BLOCKED && r->waves.failed == NULL)
		r->waves.failed = strdup(m->name);
	note_end(r);
}

void
waves_drop(struct reconciler *r, struct managed *m)
{
	waves_ready(r, m);
	if (holds(&r->waves, m))
		waves_go_on(r);
}

void
waves_go_on(struct reconciler *r)
{
	if (r->waves.failed == NULL)
		return;
	free(r->waves.failed);
	r->waves.failed = NULL;
	note_end(r);
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->state == STATE_HELD)
			reconciler_look(r, r->jail[i]);
}
