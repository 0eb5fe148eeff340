/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/absence.h"
#include "agent/reconcile/owner.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/read/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So often a spec comes back, each time within so long, and is still believed. */
#define FLAPS 3
#define FLAPS_MS 10000

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

/*
 * How many removals are allowed in the window.  A share is one of the jails
 * that there were at its beginning: of what is left, each removal would make
 * the next ones fewer.  Jails that are new since then count as well.
 */
static size_t
allowed(const struct absence *a, const struct reconciler *r)
{
	size_t managed = r->shop.inventory->count;

	if (a->window.count > 0 && a->window.removal[0].managed > managed)
		managed = a->window.removal[0].managed;
	return limit_number(&a->limit, ABSENCE_USUAL, managed);
}

/* Why a file that may be about a jail holds it; `text` has ERROR_TEXT_MAX. */
static const char *
about_text(const struct scan *s, const struct scan_file *f, char *text)
{
	static const char git[] = "/.git";
	size_t len = strlen(f->path), end = sizeof git - 1;

	snprintf(text, ERROR_TEXT_MAX, "%s is invalid and may be about it; "
	    "mend the file", f->path);
	/* No file, but git at work: its error says what to do. */
	for (size_t i = 0; len > end && strcmp(f->path + len - end, git) == 0 &&
	    i < s->errors.count; i++) {
		const struct spec_error *e = &s->errors.error[i];

		if (e->place.file != NULL && strcmp(e->place.file,
		    f->path) == 0)
			snprintf(text, ERROR_TEXT_MAX, "%s", e->message);
	}
	return text;
}

/*
 * An invalid file that may declare what no other file does: any jail, or (not
 * NULL) this one.
 */
static const struct scan_file *
file_about(const struct scan *s, const char *name)
{
	for (size_t i = 0; i < s->file_count; i++) {
		const struct scan_file *f = &s->file[i];

		if (!f->valid && (!f->has_last_good || f->words == NULL ||
		    (name != NULL && words_have(f->words, name))))
			return f;
	}
	return NULL;
}

/*
 * The same for defaults: those of any invalid file may be about any jail.  Of one
 * that never was good the least is known, and others may be invalid for its sake.
 */
static const struct scan_file *
file_about_defaults(const struct scan *s)
{
	const struct scan_file *found = NULL;

	for (size_t i = 0; i < s->file_count; i++) {
		const struct scan_file *f = &s->file[i];

		if (!f->valid && (found == NULL || (found->has_last_good &&
		    !f->has_last_good)))
			found = f;
	}
	return found;
}

int64_t
scan_known(const struct scan *s, int64_t asked)
{
	return s->behind_ms == SCAN_NEVER ? 0 : asked - s->behind_ms;
}

/*
 * Whether a scan proves it by which all was known since then.  Since absent_at is
 * the end of the first one, and this the beginning of another, or of several that
 * each file was known by, the time between them is never taken for longer than it
 * was.
 */
static bool
absent(const struct managed *m, int64_t known)
{
	return m->absent_at != 0 && !m->unwanted &&
	    known - m->absent_at >= ABSENCE_MS;
}

/* It is proven from the next scan on that can prove anything. */
#define ABSENT_AGAIN INT64_MAX

bool
absence_undecided(const struct managed *m)
{
	return m->absent_at != 0 && m->absent_at != ABSENT_AGAIN &&
	    m->hold == NULL && !m->unwanted;
}

/* One that is held from now on has to run as it did: nothing else has it looked at. */
static void
set_hold(struct managed *m, const char *why)
{
	if ((m->hold == NULL) != (why == NULL))
		unrecorded(m->owner, m);
	if (m->hold == NULL && why != NULL)
		reconciler_look(m->owner, m);
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
	struct window *w = &a->window;

	if (now_too_many && candidates > w->peak) {
		w->peak = candidates;
		w->peak_at = now;
		w->changed = true;
	}
	return now_too_many || (w->peak > 0 &&
	    now - w->peak_at < REMOVAL_WINDOW_MS);
}

/* What is missing, and nobody approved that. */
struct missing {
	size_t all;
	size_t proven;	 /* of these: for the time that it takes */
	size_t defaults; /* of these: files with defaults */
	size_t counted;	 /* removals that have begun before, so they were allowed */
	/* Of all, and of those proven, how many agent.protect keeps. */
	size_t kept, kept_proven;
};

/* Why no jail may be removed now; NULL when some may. */
static void
find_doubt(struct absence *a, const struct reconciler *r, const struct scan *s,
    const struct missing *n, int64_t now)
{
	const struct scan_file *f = n->defaults > 0 ? file_about_defaults(s) :
	    file_about(s, NULL);
	char text[ERROR_TEXT_MAX];
	size_t done = window_recent(&a->window, now) - n->counted;
	size_t most = allowed(a, r);
	size_t removals = n->proven - n->kept_proven;
	bool many = removals > 0 && done + removals > most, few_now = !many;

	a->waits = removals > 0 && !many && done + n->all - n->kept > most;
	a->pending |= a->waits;
	if (n->all == n->kept && a->window.peak > 0) {
		a->window.peak = 0;
		a->window.changed = true;
	}
	if (n->proven == 0 && n->all > 0 && s->state == SCAN_MISSING)
		hold(a, "%s", s->why != NULL ? s->why : "no directory");
	if (n->proven == 0 && n->all > 0)
		return;
	free(a->hold);
	a->hold = NULL;
	a->many = false;
	if (n->proven == 0)
		return;
	many = too_many(a, many || !a->seen, removals, now);
	if (s->state == SCAN_MISSING)
		hold(a, "%s", s->why != NULL ? s->why : "no directory");
	else if (r->shop.inventory->doubt != NULL)
		hold(a, "%s; when that is mended, start the agent again",
		    r->shop.inventory->doubt);
	else if (!a->seen)
		hold(a, "%s holds no spec file, as if it were not mounted; "
		    "approve it with jailagent ack, or bring the files back",
		    r->shop.set);
	else if (f != NULL)
		hold(a, "%s", about_text(s, f, text));
	else if (many)
		a->many = true;
	if (a->many && few_now)
		hold(a, "%zu specs were gone at once, so those that are not "
		    "back yet may come; approve their removal with jailagent "
		    "ack, or bring the files back", a->window.peak);
	else if (a->many)
		hold(a, "%zu removals at once are more than --max-remove "
		    "allows (%zu in 10 minutes); approve them with jailagent "
		    "ack, or bring the files back", done + removals, most);
}

/* Which file says it, where no spec does; NULL: none. */
static void
set_barred(struct managed *m, const char *file)
{
	free(m->barred);
	m->barred = file == NULL ? NULL : strdup(file);
}

/*
 * Names that errors keep out of the specs, and of which no scan of this agent
 * told any: their jails are what they were before it started.
 */
static void
note_barred(struct reconciler *r, const struct scan *s)
{
	for (size_t i = 0; i < s->barred_count; i++) {
		struct managed *m = reconciler_jail(r, s->barred[i].name,
		    false);

		if (m == NULL || m->unwanted)
			continue;
		m->said = true;
		m->acked = false;
		m->absent_at = 0;
		set_hold(m, NULL);
		set_barred(m, s->barred[i].file != NULL ? s->barred[i].file :
		    "");
	}
}

/*
 * Notes which wanted jails no file says.  What is gone is told once, perhaps by
 * a scan that is no proof; absent it is from the first one on that is, of this
 * directory and since it could be seen, with something known of each file.
 */
static void
note_absent(struct reconciler *r, const struct scan *s, int64_t now)
{
	bool anew = s->state == SCAN_MISSING || s->replaced;
	bool sees = s->state != SCAN_MISSING && s->behind_ms != SCAN_NEVER;

	for (size_t i = 0; i < s->gone.count; i++) {
		struct managed *m = reconciler_jail(r, s->gone.text[i], false);

		if (m == NULL)
			continue;
		m->said = false;
		set_barred(m, NULL);
	}
	for (size_t i = 0; i < r->count; i++) {
		struct managed *m = r->jail[i];

		if (anew && m->absent_at != 0 && !m->acked) {
			m->absent_at = ABSENT_AGAIN;
			reconciler_look(r, m);
		}
		/* Among them those known from the inventory alone. */
		if (sees && !m->said && (m->absent_at == 0 ||
		    m->absent_at == ABSENT_AGAIN)) {
			m->absent_at = now;
			unrecorded(r, m);
		}
	}
}

/*
 * Files come back, or an invalid one went or was mended, so others may be about to come: their
 * absence has to be proven anew.  That cannot go on for ever.
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
		if (r->jail[i]->absent_at != 0 && !r->jail[i]->acked &&
		    r->jail[i]->absent_at != ABSENT_AGAIN)
			r->jail[i]->absent_at = now;
}

/*
 * Whether an invalid file is gone or mended: what it was about may be about to come
 * under this name or another one, as when an editor makes a file anew, or writes it
 * in steps.  Files are sorted.  -1 without memory.
 */
static int
invalid_went(struct absence *a, const struct scan *s)
{
	int went = 0;
	size_t k = 0;

	if (s->state == SCAN_MISSING)
		return 0;
	for (size_t i = 0; i < a->invalid.count && went == 0; i++) {
		const char *path = a->invalid.text[i];

		while (k < s->file_count && strcmp(s->file[k].path, path) < 0)
			k++;
		went = k == s->file_count || s->file[k].valid ||
		    strcmp(s->file[k].path, path) != 0;
	}
	text_list_free(&a->invalid);
	for (size_t i = 0; i < s->file_count; i++)
		if (!s->file[i].valid && text_list_add(&a->invalid,
		    s->file[i].path) != 0)
			return -1;
	return went;
}

static const char *
token_of(const struct reconciler *r, const struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	return e != NULL ? e->token : "";
}

/* Forgetting it takes nothing away: never made, to be kept, or replaced. */
static bool
no_loss(struct reconciler *r, const struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	if (e == NULL)
		return m->op == NULL;
	return (e->applied != NULL &&
	    e->applied->agent.on_remove == REMOVE_KEEP) ||
	    owner_replaced(r, e);
}

/* Whether it stays when its spec is gone, and is but left alone. */
static bool
is_protected(const struct reconciler *r, const struct managed *m)
{
	const struct entry *e = inventory_find(r->shop.inventory, m->name);

	return e != NULL && e->applied != NULL && e->applied->agent.protect;
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

/*
 * Whether what vanished defaults said may be on its way to another file: something
 * is being written, or files came back just now.
 */
static bool
defaults_may_come(const struct absence *a, const struct scan *s, int64_t now)
{
	return s->state == SCAN_UNSETTLED || (a->return_at != 0 &&
	    now - a->return_at < ABSENCE_MS &&
	    now - a->returns_at < REMOVAL_WINDOW_MS);
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
		if (!a->acked && defaults_may_come(a, s, now)) {
			a->pending = true;
			continue;
		}
		if (!held) {
			if (!a->acked)
				window_add(&a->window, "",
				    r->shop.inventory->count, now);
			a->drop = true;
		} else if (a->held_file == NULL) {
			a->held_file = strdup(s->file[i].path);
		}
	}
}

/* Whether anything may still hold it when its absence is proven anew. */
static bool
doubted(const struct absence *a, const struct reconciler *r,
    const struct managed *m, const struct scan *s)
{
	return s->state == SCAN_MISSING || !a->seen || a->window.peak > 0 ||
	    r->shop.inventory->doubt != NULL || file_about(s, m->name) != NULL;
}

/*
 * One whose absence is proven, while others may be removed.  Returns whether
 * nothing else holds it.
 */
static bool
give_up(struct absence *a, struct reconciler *r, struct managed *m,
    const struct scan *s, int64_t now)
{
	bool counts = !m->acked && !no_loss(r, m);
	const struct scan_file *f = counts ? file_about(s, m->name) : NULL;
	char why[ERROR_TEXT_MAX];

	if (f != NULL) {
		set_hold(m, about_text(s, f, why));
		return false;
	}
	set_hold(m, NULL);
	if (counts && !is_protected(r, m))
		window_add(&a->window, token_of(r, m),
		    r->shop.inventory->count, now);
	reconciler_unwant(r, m);
	return true;
}

static void
judge_jails(struct absence *a, struct reconciler *r, const struct scan *s,
    int64_t known, int64_t now)
{
	const struct scan_file *by = NULL;
	char text[ERROR_TEXT_MAX];

	for (size_t i = 0; i < r->count; i++) {
		struct managed *m = r->jail[i];

		if (m->absent_at == 0 || m->unwanted)
			continue;
		if (!absent(m, known) || s->state == SCAN_MISSING ||
		    (a->waits && !m->acked && !no_loss(r, m))) {
			a->pending = true;
			if (m->hold != NULL && !doubted(a, r, m, s))
				set_hold(m, NULL);
			a->held += m->hold != NULL;
		} else if (a->hold != NULL && !m->acked && !no_loss(r, m) &&
		    !(a->many && is_protected(r, m))) {
			set_hold(m, a->hold);
			a->held++;
		} else if (!give_up(a, r, m, s, now)) {
			by = by == NULL ? file_about(s, m->name) : by;
			a->held++;
		}
	}
	/* What holds single jails is told, too. */
	if (by != NULL && a->hold == NULL)
		hold(a, "%s", about_text(s, by, text));
}

static struct missing
count_missing(struct absence *a, struct reconciler *r,
    const struct scan *s, int64_t known, int64_t now)
{
	struct missing n = { .defaults = defaults_gone(a, s) };

	n.all = n.proven = n.defaults;
	(void)window_recent(&a->window, now);
	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];

		if (m->absent_at == 0 || m->unwanted || m->acked ||
		    no_loss(r, m))
			continue;
		n.all++;
		n.proven += absent(m, known);
		n.kept += is_protected(r, m);
		n.kept_proven += is_protected(r, m) && absent(m, known);
		n.counted += window_has(&a->window, token_of(r, m));
	}
	return n;
}

/*
 * Whether a spec comes back that was missing.  One that does so again and again
 * says nothing of others.
 */
static bool
comes_back(struct managed *m, int64_t now)
{
	if (m == NULL || m->said)
		return false;
	m->backs = now - m->back_at < FLAPS_MS ? m->backs + 1 : 1;
	m->back_at = now;
	return m->backs <= FLAPS;
}

/* Takes over the specs; returns whether some came back, -1 without memory. */
static int
take_specs(struct reconciler *r, struct scan *s, int64_t now)
{
	bool back = false;

	for (size_t i = 0; i < s->changed_count; i++) {
		struct spec *spec = s->changed[i];
		struct managed *m = reconciler_jail(r, spec->name, false);

		back |= comes_back(m, now);
		s->changed[i] = NULL;
		if (m != NULL) {
			set_hold(m, NULL);
			set_barred(m, NULL);
		}
		if (reconciler_want(r, spec) != 0)
			return -1;
	}
	for (size_t i = 0; i < s->moved_count; i++) {
		struct spec *spec = s->moved[i];

		s->moved[i] = NULL;
		if (reconciler_want(r, spec) != 0)
			return -1;
	}
	return back;
}

int
absence_apply(struct absence *a, struct reconciler *r, struct scan *s,
    int64_t known, int64_t now)
{
	struct missing n;
	int back = take_specs(r, s, now);
	int went = invalid_went(a, s);

	if (back == -1 || went == -1)
		return -1;
	a->pending = false;
	a->held = 0;
	if (back == 1 || went == 1)
		others_may_come(a, r, now);
	note_barred(r, s);
	note_absent(r, s, now);
	/* One that took its place empty may be what is below a mount. */
	a->seen &= !s->replaced;
	n = count_missing(a, r, s, known, now);
	find_doubt(a, r, s, &n, now);
	judge_defaults(a, r, s, now);
	judge_jails(a, r, s, known, now);
	return 0;
}

void
absence_free(struct absence *a)
{
	free(a->hold);
	free(a->held_file);
	text_list_free(&a->invalid);
	window_free(&a->window);
	memset(a, 0, sizeof *a);
}
