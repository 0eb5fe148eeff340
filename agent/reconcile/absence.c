/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/absence.h"
#include "agent/reconcile/unrecorded.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hold(struct absence *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
hold(struct absence *a, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	free(a->hold);
	a->hold = strdup(text);
}

/* Drops removals that are out of the window; returns how many are left. */
static size_t
recent(struct absence *a, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < a->removed; i++)
		if (now - a->removal[i].at < REMOVAL_WINDOW_MS)
			a->removal[n++] = a->removal[i];
	return a->removed = n;
}

static void
count_removal(struct absence *a, const struct reconciler *r, int64_t now)
{
	struct removal *grown = realloc(a->removal,
	    (a->removed + 1) * sizeof *grown);

	if (grown == NULL)
		return;
	a->removal = grown;
	a->removal[a->removed++] = (struct removal){ now,
		r->shop.inventory->count };
}

/*
 * How many removals are allowed in the window.  A share is one of the jails
 * that there were at its beginning: of what is left, each removal would make
 * the next ones fewer.  Jails that are new since then count as well.
 */
static size_t
allowed(const struct absence *a, const struct reconciler *r)
{
	size_t managed = r->shop.inventory->count;

	if (a->removed > 0 && a->removal[0].managed > managed)
		managed = a->removal[0].managed;
	return limit_number(&a->limit, ABSENCE_USUAL, managed);
}

/* A file that may be about the missing jails, and cannot be read. */
static const struct scan_file *
unknown_file(const struct scan *s)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (!s->file[i].valid && !s->file[i].has_last_good)
			return &s->file[i];
	return NULL;
}

static bool
absent(const struct managed *m, int64_t now)
{
	return m->absent_at != 0 && !m->unwanted &&
	    now - m->absent_at >= ABSENCE_MS;
}

static void
set_hold(struct managed *m, const char *why)
{
	if ((m->hold == NULL) != (why == NULL))
		unrecorded(m->owner, m);
	free(m->hold);
	m->hold = why == NULL ? NULL : strdup(why);
}

/*
 * Whether there are too many at once, or were when most were missing: that
 * ends when all are back or approved, or when the window is over.
 */
static bool
too_many(struct absence *a, bool now_too_many, size_t candidates, int64_t now)
{
	if (now_too_many && candidates > a->peak) {
		a->peak = candidates;
		a->peak_at = now;
	}
	return now_too_many || (a->peak > 0 &&
	    now - a->peak_at < REMOVAL_WINDOW_MS);
}

/*
 * Why no jail may be removed now; NULL when some may.  `candidates` are those
 * whose absence is proven, of all that are missing.
 */
static void
find_doubt(struct absence *a, const struct reconciler *r, const struct scan *s,
    size_t candidates, size_t missing, int64_t now)
{
	const struct scan_file *f = unknown_file(s);
	size_t done = recent(a, now), most = allowed(a, r);
	bool many = done + candidates > most, few_now;

	a->waits = candidates > 0 && !many && done + missing > most;
	a->pending |= a->waits;
	if (missing == 0)
		a->peak = 0;
	if (candidates == 0 && missing > 0)
		return;
	free(a->hold);
	a->hold = NULL;
	if (candidates == 0)
		return;
	few_now = !many;
	many = too_many(a, many || !a->seen, candidates, now);
	if (s->state == SCAN_MISSING)
		hold(a, "%s", s->why != NULL ? s->why : "no directory");
	else if (r->shop.inventory->doubt != NULL)
		hold(a, "%s", r->shop.inventory->doubt);
	else if (!a->seen)
		hold(a, "%s holds no spec file, as if it were not mounted; "
		    "approve it with jailagent ack, or bring the files back",
		    r->shop.set);
	else if (f != NULL)
		hold(a, "%s is invalid and may be about it; mend the file",
		    f->path);
	else if (many && few_now)
		hold(a, "%zu specs were gone at once, so those that are not "
		    "back yet may come; approve their removal with jailagent "
		    "ack, or bring the files back", a->peak);
	else if (many)
		hold(a, "%zu removals at once are more than --max-remove "
		    "allows (%zu in 10 minutes); approve them with jailagent "
		    "ack, or bring the files back", done + candidates, most);
}

/*
 * Notes which wanted jails no file says.  What is gone is told once, perhaps by
 * a scan that is no proof; absent it is from the first one on that is.
 */
static void
note_absent(struct reconciler *r, const struct scan *s, int64_t now)
{
	for (size_t i = 0; i < s->gone.count; i++) {
		struct managed *m = reconciler_jail(r, s->gone.text[i], false);

		if (m != NULL)
			m->said = false;
	}
	for (size_t i = 0; s->state == SCAN_OK && i < r->count; i++) {
		struct managed *m = r->jail[i];

		/* Among them those known from the inventory alone. */
		if (!m->said && m->absent_at == 0)
			m->absent_at = now;
	}
}

/*
 * Files come back, so others may be about to: their absence has to be proven
 * anew.  That cannot go on for ever.
 */
static void
others_may_come(struct absence *a, struct reconciler *r, int64_t now)
{
	if (a->returns_at == 0 || now - a->return_at > 2 * (int64_t)ABSENCE_MS)
		a->returns_at = now;
	a->return_at = now;
	if (now - a->returns_at >= REMOVAL_WINDOW_MS)
		return;
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->absent_at != 0 && !r->jail[i]->acked)
			r->jail[i]->absent_at = now;
}

/* Forgetting it takes nothing away: never made, or to be kept. */
static bool
no_loss(const struct reconciler *r, const struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	if (e == NULL)
		return m->op == NULL;
	return e->applied != NULL &&
	    e->applied->agent.on_remove == REMOVE_KEEP;
}

/*
 * Defaults that vanished change the jails of other files; each counts as one
 * removal.  Returns how many there are that nobody approved.
 */
static size_t
defaults_gone(struct absence *a, const struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->file_count; i++) {
		a->seen |= !s->file[i].gone;
		n += s->file[i].gone;
	}
	if (n == 0)
		a->acked = false;
	return a->acked ? 0 : n;
}

static void
judge_defaults(struct absence *a, const struct reconciler *r,
    const struct scan *s, int64_t now)
{
	bool held = a->hold != NULL && !a->acked;

	a->drop = false;
	free(a->held_file);
	a->held_file = NULL;
	if (a->waits && !a->acked)
		return;
	for (size_t i = 0; i < s->file_count; i++) {
		if (!s->file[i].gone || s->state == SCAN_MISSING)
			continue;
		if (!held) {
			if (!a->acked)
				count_removal(a, r, now);
			a->drop = true;
		} else if (a->held_file == NULL) {
			a->held_file = strdup(s->file[i].path);
		}
	}
}

int
absence_apply(struct absence *a, struct reconciler *r, struct scan *s,
    int64_t now)
{
	size_t candidates, missing;
	bool back = false;

	for (size_t i = 0; i < s->changed_count; i++) {
		struct spec *spec = s->changed[i];
		struct managed *m = reconciler_jail(r, spec->name, false);

		back |= m != NULL && !m->said;
		s->changed[i] = NULL;
		if (m != NULL)
			set_hold(m, NULL);
		if (reconciler_want(r, spec) != 0)
			return -1;
	}
	for (size_t i = 0; i < s->moved_count; i++) {
		struct spec *spec = s->moved[i];

		s->moved[i] = NULL;
		if (reconciler_want(r, spec) != 0)
			return -1;
	}
	a->pending = false;
	a->held = 0;
	if (back)
		others_may_come(a, r, now);
	note_absent(r, s, now);
	/* One that took its place empty may be what is below a mount. */
	a->seen &= !s->replaced;
	candidates = defaults_gone(a, s);
	missing = candidates;
	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];

		if (m->absent_at == 0 || m->unwanted || m->acked ||
		    no_loss(r, m))
			continue;
		missing++;
		candidates += absent(m, now);
	}
	find_doubt(a, r, s, candidates, missing, now);
	judge_defaults(a, r, s, now);
	for (size_t i = 0; i < r->count; i++) {
		struct managed *m = r->jail[i];

		if (m->absent_at == 0 || m->unwanted)
			continue;
		if (!absent(m, now) || s->state != SCAN_OK ||
		    (a->waits && !m->acked && !no_loss(r, m))) {
			a->pending = true;
			a->held += m->hold != NULL;
		} else if (a->hold != NULL && !m->acked &&
		    !no_loss(r, m)) {
			set_hold(m, a->hold);
			a->held++;
		} else {
			set_hold(m, NULL);
			if (!no_loss(r, m) && !m->acked)
				count_removal(a, r, now);
			reconciler_unwant(r, m);
		}
	}
	return 0;
}

void
absence_free(struct absence *a)
{
	free(a->hold);
	free(a->held_file);
	free(a->removal);
	memset(a, 0, sizeof *a);
}
