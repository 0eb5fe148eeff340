/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watched directory: events and timers ask for a scan, the reader answers
 * with what changed.  A change that happens during a scan asks for another.
 */
#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/bytes.h"
#include "agent/base/clock.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/shown.h"
#include "agent/reconcile/secrets.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/daemon/daemon_trust.h"
#include "agent/sign/kept.h"
#include "agent/sign/signer.h"

/* From one scan to the next while nothing tells of changes. */
#define BLIND_MS 2000
/* Until the next try of what failed. */
#define LATER_MS 5000
/* Until secrets are looked at that a scan was not asked for. */
#define SECRETS_MS 20

static void
scan_in(struct daemon *d, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };
	struct timeval due;

	/* Never later than what is already arranged. */
	if (evtimer_pending(d->scan_timer, &due)) {
		struct timeval now, left;

		event_base_gettimeofday_cached(d->base, &now);
		evutil_timersub(&due, &now, &left);
		if (evutil_timercmp(&left, &tv, <))
			return;
	}
	evtimer_add(d->scan_timer, &tv);
}

/* How long a scan may take before that is said. */
static const struct timeval answer_time = { 60, 0 };

/* Returns how many there are. */
static uint32_t
put_secrets(struct bytes_out *files, const struct spec *s)
{
	struct spec_secret ref;
	uint32_t count = 0;

	for (size_t at = 0; s != NULL && spec_secret_next(s, &at, &ref);
	    count++)
		put_text(files, ref.file);
	return count;
}

/*
 * The files with secrets of specs that no file says any more: those that are
 * applied, and those to go back to.
 */
static void
other_secrets(const struct daemon *d, struct bytes_out *out)
{
	const struct reconciler *r = &d->reconciler;
	struct bytes_out files = { 0 };
	uint32_t count = 0;

	for (size_t i = 0; i < d->inventory.count; i++)
		if (inventory_has_secrets(d->inventory.entry[i]))
			count += put_secrets(&files,
			    d->inventory.entry[i]->applied);
	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->rollback.good != NULL)
			count += put_secrets(&files,
			    r->jail[i]->rollback.good);
	put_number(out, count);
	put_raw(out, files.data, files.len);
	out->failed |= files.failed;
	free(files.data);
}

/* Revisions that somebody waits for; the reader knows whether they are past. */
static void
put_awaited(const struct daemon *d, struct bytes_out *out)
{
	struct waiter *w;
	uint32_t count = 0;

	TAILQ_FOREACH (w, &d->waiters, link)
		count += w->revision != NULL;
	put_number(out, count);
	TAILQ_FOREACH (w, &d->waiters, link)
		if (w->revision != NULL)
			put_text(out, w->revision);
}

void
daemon_scan_soon(struct daemon *d)
{
	struct bytes_out asked = { 0 };

	if (d->scanning) {
		d->scan_again = true;
		return;
	}
	evtimer_del(d->scan_timer);
	other_secrets(d, &asked);
	put_awaited(d, &asked);
	d->asked_at = clock_ms();
	if (!asked.failed && channel_send(d->reader, READER_SCAN,
	    ++d->scans_asked, asked.data, asked.len) == 0) {
		d->scanning = true;
		evtimer_add(d->overdue, &answer_time);
	}
	free(asked.data);
}

void
daemon_scan_later(struct daemon *d)
{
	scan_in(d, LATER_MS);
}

/* Takes the values over; their jails are looked at when the specs are in. */
static void
take_secrets(struct daemon *d, const struct scan *s)
{
	for (size_t i = 0; i < s->secret_count; i++) {
		const struct scan_secret *x = &s->secret[i];

		if (x->value == NULL && x->problem == NULL)
			vault_drop(&d->vault, x->file);
		else if (vault_put(&d->vault, x->file, x->real, x->value,
		    x->problem) < 0)
			daemon_log("secrets: %s", strerror(ENOMEM));
	}
}

static void
tell_secrets(struct daemon *d, struct scan *s)
{
	for (size_t i = 0; i < s->secret_count; i++)
		reconciler_secret(&d->reconciler, s->secret[i].file);
	scan_forget_secrets(s);
}

/* Of a spec to go back to, of which the scan did not know. */
static bool
secrets_missing(const struct daemon *d)
{
	const struct reconciler *r = &d->reconciler;

	for (size_t i = 0; i < r->count; i++)
		if (r->jail[i]->rollback.bad != NULL &&
		    secrets_pending(&d->vault, r->jail[i]->desired))
			return true;
	return false;
}

/* A file system that hangs keeps the reader; the jails go on meanwhile. */
static void
answer_overdue(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	d->mute = true;
	daemon_log("the reader has not answered for %ld s; changes of specs "
	    "wait until it does (does a file system hang?)",
	    (long)answer_time.tv_sec);
}

static void
scan_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	daemon_scan_soon(arg);
}

void
daemon_scan_anew(struct daemon *d)
{
	(void)channel_send(d->reader, READER_WATCH, 0, NULL, 0);
	daemon_scan_soon(d);
}

/* Events are hints: everything is looked at anew now and then. */
static void
rescan_due(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (!daemon_holds_lock(d)) {
		daemon_log("%s was removed: nobody can reach this agent or "
		    "knows of it any more; it ends, the jails go on, and "
		    "another one has to be started", d->ctx->paths.lock);
		d->status = EXIT_FAILED;
		event_base_loopexit(d->base, NULL);
		return;
	}
	daemon_scan_anew(d);
	reconciler_look_all(&d->reconciler);
	if (!d->not_signed)
		daemon_keep_again(d);
}

static bool
same_file(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* New problems are said once, when they appear. */
static void
log_problems(const struct daemon *d, const struct scan *s)
{
	if (s->state == SCAN_MISSING && (!d->has_scan ||
	    d->scan.state != SCAN_MISSING))
		daemon_log("%s", s->why);
	for (size_t i = 0; i < s->errors.count; i++) {
		const struct spec_error *e = &s->errors.error[i];
		bool known = false;
		char *text;

		for (size_t j = 0; d->has_scan && j < d->scan.errors.count;
		    j++) {
			const struct spec_error *o = &d->scan.errors.error[j];

			known |= o->place.line == e->place.line &&
			    same_file(o->place.file, e->place.file) &&
			    strcmp(o->message, e->message) == 0;
		}
		text = known ? NULL : spec_error_text(e);
		if (text != NULL)
			daemon_log("%s", text);
		free(text);
	}
}

/* What is kept although its spec is gone is a problem, too. */
static void
log_held(struct daemon *d)
{
	const struct absence *a = &d->absence;
	const char *why = a->held > 0 || a->held_file != NULL ? a->hold : NULL;

	if (why == NULL || (d->said_hold != NULL &&
	    strcmp(d->said_hold, why) == 0))
		;
	else if (a->held > 0)
		daemon_log("%zu jail%s held without a spec: %s", a->held,
		    a->held == 1 ? " is" : "s are", why);
	else
		daemon_log("%s: its defaults are held: %s", a->held_file, why);
	free(d->said_hold);
	d->said_hold = why != NULL ? strdup(why) : NULL;
}

/* Before anything is removed: that begins in another turn of the loop. */
static void
save_window(struct daemon *d)
{
	struct error err;

	error_clear(&err);
	if (window_save(&d->absence.window, d->ctx->paths.removals,
	    d->inventory.boot, &err) != 0)
		daemon_log("removals are not counted beyond this agent's end: "
		    "%s", err.text);
}

/*
 * What is known from before, of which the first scan can say nothing, has to run as
 * it did: no spec has it looked at.
 */
static void
look_at_known(struct reconciler *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->jail[i]->said && r->jail[i]->absent_at == 0)
			reconciler_look(r, r->jail[i]);
}

/*
 * All jails are told as held, or not any more: each is recorded anew, some in a
 * turn of the loop.
 */
static void
note_unseen(struct daemon *d, const struct scan *s)
{
	struct reconciler *r = &d->reconciler;

	if (!unseen_scanned(&d->unseen, s->state == SCAN_MISSING, clock_ms()))
		return;
	for (size_t i = 0; i < r->count; i++)
		unrecorded(r, r->jail[i]);
}

static void
remember_revision(struct revisions *r, const char *revision)
{
	size_t room = sizeof r->seen / sizeof *r->seen;

	if (strcmp(r->seen[(r->next + room - 1) % room], revision) == 0)
		return;
	snprintf(r->seen[r->next], sizeof *r->seen, "%s", revision);
	r->next = (r->next + 1) % room;
}

/*
 * What comes next may be a spec that an older text must not replace, whenever
 * agent and signer end.  Removing it is left to the signer, behind what it was
 * asked to keep before, since a disk may take its time for that; if it ended, to
 * the next one.
 */
static void
outdate(struct daemon *d, const char *name, bool marked)
{
	const struct paths *p = &d->ctx->paths;
	uint64_t number = marked ? 0 : (uint64_t)clock_us();

	if (!marked && kept_mark(p->outdated, name, number) != 0)
		(void)kept_forget(p->good, name);
	(void)channel_send(d->signer, SIGNER_FORGET, number, name,
	    strlen(name));
}

static void
on_result(void *arg, struct channel *c, const struct message *m)
{
	struct daemon *d = arg;
	struct scan s;
	struct error err;

	(void)c;
	if (m->type == READER_FORGET || m->type == READER_FORGET_MARKED) {
		outdate(d, (const char *)m->data,
		    m->type == READER_FORGET_MARKED);
		return;
	}
	if (m->type == READER_KEEP) {
		daemon_keep(d, m);
		return;
	}
	if (m->type == READER_UNKEPT) {
		daemon_kept_some(d, m);
		return;
	}
	if (m->type == READER_RECORD) {
		daemon_record(d, m->data, m->len);
		return;
	}
	if (m->type == READER_HINT) {
		daemon_scan_soon(d);
		return;
	}
	d->scanning = false;
	evtimer_del(d->overdue);
	if (d->mute)
		daemon_log("the reader answers again");
	d->mute = false;
	if (m->type != READER_RESULT ||
	    scan_decode(m->data, m->len, &s, &err) != 0) {
		daemon_log("reader: an answer that is not understood");
		return;
	}
	d->scans_done = m->number;
	/* It may be another directory than the one that is watched. */
	if (d->has_scan && d->scan.state == SCAN_MISSING &&
	    s.state != SCAN_MISSING)
		daemon_scan_anew(d);
	log_problems(d, &s);
	take_secrets(d, &s);
	d->known_at = scan_known(&s, d->asked_at);
	if (absence_apply(&d->absence, &d->reconciler, &s, d->known_at,
	    clock_ms()) != 0)
		daemon_log("specs: %s", strerror(ENOMEM));
	if (!d->has_scan)
		look_at_known(&d->reconciler);
	save_window(d);
	tell_secrets(d, &s);
	log_held(d);
	if (d->absence.drop) {
		(void)channel_send(d->reader, READER_DROP, 0, NULL, 0);
		d->scan_again = true;
	}
	shown_scanned(&d->reconciler, d->has_scan ? &d->scan : NULL, &s);
	note_unseen(d, &s);
	if (d->has_scan)
		scan_free(&d->scan);
	d->scan = s;
	d->has_scan = true;
	remember_revision(&d->revisions, s.revision);
	if (d->scan_again) {
		d->scan_again = false;
		daemon_scan_soon(d);
	} else if (s.again_ms > 0 || secrets_missing(d)) {
		scan_in(d, s.again_ms > 0 ? s.again_ms : SECRETS_MS);
	} else if (d->absence.pending) {
		scan_in(d, ABSENCE_MS + 10);
	} else if (s.events[0] != '\0' || s.state == SCAN_MISSING) {
		scan_in(d, BLIND_MS); /* no event tells of a mount */
	}
	if (unseen_due(&d->unseen, clock_ms()) > 0)
		scan_in(d, unseen_due(&d->unseen, clock_ms()));
	daemon_snapshot_due(d);
	daemon_wake_waiters(d);
}

static void
on_reader_gone(void *arg, struct channel *c)
{
	struct daemon *d = arg;

	(void)c;
	daemon_log("the reader ended; the agent cannot go on without it");
	d->status = EXIT_FAILED;
	event_base_loopexit(d->base, NULL);
}

int
daemon_scan_start(struct daemon *d, int reader, struct error *err)
{
	struct timeval interval = { d->opt.interval, 0 };

	d->reader = channel_new(d->base, reader, on_result, on_reader_gone, d);
	d->scan_timer = evtimer_new(d->base, scan_due, d);
	d->overdue = evtimer_new(d->base, answer_overdue, d);
	d->rescan_timer = event_new(d->base, -1, EV_PERSIST, rescan_due, d);
	if (d->reader == NULL || d->scan_timer == NULL || d->overdue == NULL ||
	    d->rescan_timer == NULL || event_add(d->rescan_timer, &interval) != 0)
		return error_sys(err, ENOMEM, "watched directory");
	window_load(&d->absence.window, d->ctx->paths.removals,
	    d->inventory.boot, clock_ms());
	save_window(d);
	daemon_scan_soon(d);
	return 0;
}

void
daemon_scan_stop(struct daemon *d)
{
	struct event *events[] = { d->scan_timer, d->rescan_timer,
		d->overdue };

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	channel_free(d->reader);
	if (d->has_scan)
		scan_free(&d->scan);
	absence_free(&d->absence);
	free(d->said_hold);
}
