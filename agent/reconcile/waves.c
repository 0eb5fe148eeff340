/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/waves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/reconcile.h"

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

bool
waves_admit(struct reconciler *r, struct managed *m, char *buf, size_t size,
    enum jail_state *state)
{
	struct waves *w = &r->waves;

	/* One pass restarts what it is told to; the agent does it bit by bit. */
	if (m->in_wave || m->by_hand || !r->opt.healing || holds(w, m))
		return true;
	if (w->open == 0)
		w->size = 0;
	if (w->failed != NULL) {
		*state = STATE_HELD;
		snprintf(buf, size, "needs a restart, which is held because "
		    "the one of %s failed; approve of it with: jailagent ack "
		    "%s", w->failed, m->name);
	} else if (w->size >= most(r)) {
		*state = STATE_PROGRESSING;
		snprintf(buf, size, "its restart waits until %zu before it "
		    "%s ready (--max-restart)", w->size,
		    w->size == 1 ? "is" : "are");
	} else {
		w->size++;
		w->open++;
		m->in_wave = true;
		return true;
	}
	return false;
}

static void
leave(struct reconciler *r, struct managed *m)
{
	m->in_wave = false;
	r->waves.open--;
}

void
waves_ready(struct reconciler *r, struct managed *m)
{
	if (m->in_wave)
		leave(r, m);
}

void
waves_turned(struct reconciler *r, struct managed *m)
{
	if (!m->in_wave || m->state == STATE_READY ||
	    m->state == STATE_PROGRESSING)
		return;
	leave(r, m);
	/* Who is paused or stopped meanwhile is so by a user's will. */
	if (m->state == STATE_PAUSED || m->state == STATE_STOPPED ||
	    r->waves.failed != NULL)
		return;
	r->waves.failed = strdup(m->name);
}

void
waves_drop(struct reconciler *r, struct managed *m)
{
	if (m->in_wave)
		leave(r, m);
	if (holds(&r->waves, m))
		waves_go_on(r);
}

void
waves_go_on(struct reconciler *r)
{
	free(r->waves.failed);
	r->waves.failed = NULL;
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->state == STATE_HELD)
			reconciler_look(r, r->jail[i]);
}
