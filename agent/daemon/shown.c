/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/shown.h"
#include "agent/reconcile/unrecorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *
place_of(const struct spec_error *e)
{
	return e->place.file != NULL ? e->place.file : "";
}

/* The first error of a file; they are sorted by file. */
static const struct spec_error *
error_of(const struct spec_errors *errors, const char *file)
{
	size_t low = 0, high = errors->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(place_of(&errors->error[mid]), file) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < errors->count &&
	    strcmp(place_of(&errors->error[low]), file) == 0; low++)
		if (!errors->error[low].warning)
			return &errors->error[low];
	return NULL;
}

/* The error of a jail's file, if a spec from before is what runs. */
static const struct spec_error *
file_error(const struct scan *s, const struct managed *m)
{
	const char *file = managed_file(m);

	return s == NULL || file == NULL ? NULL : error_of(&s->errors, file);
}

static bool
same_places(const struct spec_errors *a, const struct spec_errors *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = a->error[i].warning == b->error[i].warning &&
		    strcmp(place_of(&a->error[i]), place_of(&b->error[i])) == 0;
	return same;
}

void
shown_scanned(struct reconciler *r, const struct scan *before,
    const struct scan *s)
{
	static const struct spec_errors none;

	if (same_places(before != NULL ? &before->errors : &none, &s->errors))
		return;
	for (size_t i = 0; i < r->count; i++)
		if ((file_error(before, r->jail[i]) == NULL) !=
		    (file_error(s, r->jail[i]) == NULL))
			unrecorded(r, r->jail[i]);
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

static bool
is_kept(enum jail_state state)
{
	return state == STATE_READY || state == STATE_MATCHING ||
	    state == STATE_STOPPED;
}

enum jail_state
shown_unseen(const struct managed *m, enum jail_state state)
{
	return is_kept(state) && !m->unwanted ? STATE_HELD : state;
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
	if (!is_kept(state))
		return state;
	if (is_paused(r, m, why, size))
		return STATE_PAUSED;
	if (m->unwanted)
		return state;
	if (s != NULL && s->state == SCAN_MISSING) {
		snprintf(why, size, "what says it cannot be seen; it is kept: "
		    "%.900s", s->why);
		return shown_unseen(m, state);
	}
	if (m->absent_at != 0)
		snprintf(why, size, "its spec is gone; before it is removed "
		    "that is looked at again");
	return state;
}
