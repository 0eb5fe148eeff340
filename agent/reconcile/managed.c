/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/managed.h"

#include <event2/event.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/reconcile.h"
#include "agent/reconcile/unrecorded.h"

void
managed_clear(struct managed *m)
{
	operation_free(m->op);
	health_free(m->health);
	rollback_free(&m->rollback);
	action_free(&m->doing);
	if (m->retry != NULL)
		event_free(m->retry);
	spec_free(m->desired);
	text_list_free(&m->last.params);
	text_list_free(&m->evicts);
	text_list_free(&m->was_upon);
	free(m->last.reason);
	free(m->hold);
	free(m->refused);
	free(m->barred);
	free(m->stop_error);
	free(m->reason);
	*m = (struct managed){ .name = m->name };
}

const char *
managed_file(const struct managed *m)
{
	if (m->barred != NULL)
		return m->barred;
	return m->desired != NULL ? m->desired->place.file : NULL;
}

void
managed_free(struct managed *m)
{
	managed_clear(m);
	free(m->name);
	free(m);
}

void
managed_state(struct reconciler *r, struct managed *m, enum jail_state state,
    const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	bool same = m->state == state;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!same)
		r->changed = true;
	m->state = state;
	if (m->reason == NULL || strcmp(m->reason, text) != 0) {
		same = false;
		free(m->reason);
		m->reason = strdup(text);
	}
	if (!same)
		unrecorded(r, m);
	if (!same && r->opt.stuck != NULL &&
	    (state == STATE_BLOCKED || state == STATE_CONFLICT ||
	    state == STATE_QUARANTINED))
		r->opt.stuck(r->opt.arg, m);
	waves_turned(r, m);
}

enum health_verdict
managed_health(const struct managed *m)
{
	return m->health == NULL ? HEALTH_GOOD : health_verdict(m->health);
}

bool
managed_converged(const struct managed *m)
{
	return m->hold == NULL && (m->state == STATE_READY ||
	    m->state == STATE_MATCHING || m->state == STATE_STOPPED);
}

const struct spec *
managed_said(const struct managed *m)
{
	return m->rollback.bad != NULL ? m->rollback.bad : m->desired;
}

const char *
managed_quarantine(const struct managed *m, char *buf, size_t size)
{
	const struct rollback *b = &m->rollback;

	if (b->bad == NULL)
		return NULL;
	snprintf(buf, size, "the spec in %s line %zu failed, and the one "
	    "before it is used until it changes: %.900s",
	    b->bad->place.file != NULL ? b->bad->place.file : "its file",
	    (size_t)b->bad->place.line, b->why);
	return buf;
}

const struct spec *
managed_wanted(const struct managed *m)
{
	return m->unwanted ? NULL : m->desired;
}

bool
managed_parent(const char *name, char *buf, size_t size)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL)
		return false;
	snprintf(buf, size, "%.*s", (int)(dot - name), name);
	return true;
}

bool
reconciler_settled(const struct reconciler *r)
{
	if (r->working > 0 || !TAILQ_EMPTY(&r->dirty) ||
	    !TAILQ_EMPTY(&r->slots))
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->machine == MACHINE_WAITING ||
		    managed_health(r->jail[i]) == HEALTH_UNKNOWN)
			return false;
	return true;
}
