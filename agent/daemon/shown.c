/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The error of a jail's file, if a spec from before is what runs. */
static const struct spec_error *
file_error(const struct scan *s, const struct managed *m)
{
	const char *file = managed_file(m);

	if (s == NULL || file == NULL)
		return NULL;
	for (size_t i = 0; i < s->errors.count; i++) {
		const struct spec_error *e = &s->errors.error[i];

		if (!e->warning && e->place.file != NULL &&
		    strcmp(e->place.file, file) == 0)
			return e;
	}
	return NULL;
}

/* By a user or by its spec. */
static bool
is_paused(const struct reconciler *r, const struct managed *m, char *why,
    size_t size)
{
	const struct standing_order *order = reconciler_standing(r, m);

	if (order != NULL && order->kind != STANDING_PAUSE)
		return false;
	if (order != NULL)
		standing_text(order, why, size);
	else if (!m->unwanted && m->desired != NULL &&
	    m->desired->agent.paused != NULL)
		snprintf(why, size, "agent.paused is \"%.900s\"",
		    m->desired->agent.paused);
	else
		return false;
	return true;
}

enum jail_state
shown_state(const struct reconciler *r, const struct scan *s,
    const struct managed *m, enum jail_state state, char *why, size_t size)
{
	const struct spec_error *e;
	char *text;

	if (m->hold != NULL) {
		snprintf(why, size, "its spec is gone; its removal is held: "
		    "%.900s", m->hold);
		return STATE_HELD;
	}
	e = file_error(s, m);
	if (e != NULL) {
		text = spec_error_text(e);
		snprintf(why, size, "%.900s (the %s is kept)",
		    text != NULL ? text : e->message, m->barred != NULL ?
		    "jail" : "last good spec");
		free(text);
		return STATE_INVALID;
	}
	if (state != STATE_READY && state != STATE_MATCHING &&
	    state != STATE_STOPPED)
		return state;
	if (is_paused(r, m, why, size))
		return STATE_PAUSED;
	if (m->unwanted)
		return state;
	if (s != NULL && s->state == SCAN_MISSING) {
		snprintf(why, size, "what says it cannot be seen; it is kept: "
		    "%.900s", s->why);
		return STATE_HELD;
	}
	if (m->absent_at != 0)
		snprintf(why, size, "its spec is gone; before it is removed "
		    "that is looked at again");
	return state;
}
