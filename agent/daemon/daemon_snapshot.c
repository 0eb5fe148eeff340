/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed states: when something changed, the jails that it may be about are read
 * and told to the signer, then a snapshot is asked for, at most once a second
 * and one at a time.  The loop goes on between some jails and the next ones.
 */
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/record.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/sign/signer.h"
#include "kernel/compat.h"

#define SNAPSHOT_MS 1000

/* How long jails are read in one turn of the loop. */
#define TURN_US 300

/* Reading so many at once uses much more memory than is kept. */
#define MANY_JAILS 500

/* How long the end of the agent waits for the last state's signature. */
#define LAST_MS 2000

/* From a state that could not be signed to the next try. */
static const struct timeval retry_time = { 5, 0 };
/* In another turn of the loop. */
static const struct timeval at_once;

/* Written to a new journal in one turn; each is a line or a few. */
#define COMPACT_JAILS 64

void
daemon_snapshot_problem(struct daemon *d, const char *text, bool is_signed)
{
	char now[sizeof d->snapshot_problem] = "";

	if (text[0] != '\0')
		snprintf(now, sizeof now, "%s%.480s", is_signed ?
		    "states are signed, but " : "states are not signed: ",
		    text);
	if (strcmp(d->snapshot_problem, now) != 0)
		daemon_log("snapshot: %s", now[0] != '\0' ? now :
		    d->not_signed ? "states are signed again" :
		    "all is well again");
	memcpy(d->snapshot_problem, now, sizeof now);
	d->not_signed = now[0] != '\0' && !is_signed;
}

/*
 * What the state is of: not simply a revision of which some file does not count,
 * or that cannot be seen.
 */
static void
revision(const struct daemon *d, char *buf, size_t size)
{
	const struct spec_errors *errors = &d->scan.errors;
	bool invalid = d->unseen.told;

	for (size_t i = 0; !invalid && i < errors->count; i++)
		invalid = !errors->error[i].warning;
	snprintf(buf, size, "%s%s", d->has_scan ? d->scan.revision : "",
	    d->has_scan && invalid ? "+invalid" : "");
}

/* What changes from now on is for the next snapshot, as long as the specs do not. */
static void
count(struct daemon *d)
{
	d->record_scan = d->scans_done;
	d->to_record = d->reconciler.unrecorded_count;
	d->recorded += d->to_record;
}

static void
begin(struct daemon *d)
{
	d->reconciler.changed = false;
	d->sign_again = false;
	d->snapshot_at = clock_ms();
	d->recording = true;
	d->recorded = 0;
	count(d);
}

static void
ask(struct daemon *d, struct bytes_out *b)
{
	char now[sizeof d->scan.revision + 16];
	struct error err;

	d->recording = false;
	revision(d, now, sizeof now);
	if (record_heading(&d->reconciler, now, b, &err) != 0)
		daemon_snapshot_problem(d, err.text, false);
	else if (channel_send(d->signer, SIGNER_WRITE, 0, b->data,
	    b->len) == 0)
		d->signing = true;
	if (d->recorded > MANY_JAILS)
		compat_trim_memory();
}

/* Tells of jails until that time (clock_us).  Returns 1: all; -1: it failed. */
static int
tell_some(struct daemon *d, struct bytes_out *b, int64_t until)
{
	struct error err;
	int rc;

	while (d->to_record > 0) {
		rc = record_next(&d->reconciler, d->has_scan ? &d->scan : NULL,
		    d->unseen.told, b, &err);
		if (rc == -1) {
			daemon_snapshot_problem(d, err.text, false);
			d->recording = false;
			return -1;
		}
		d->to_record--;
		if (rc == 1 && channel_send(d->signer, SIGNER_JAIL, 0,
		    b->data, b->len) != 0)
			return -1; /* its end is told by the channel */
		if (clock_us() >= until)
			break;
	}
	return d->to_record == 0;
}

static void
go_on(struct daemon *d, struct bytes_out *b)
{
	int rc = tell_some(d, b, clock_us() + TURN_US);

	if (rc == -1 && !d->recording)
		evtimer_add(d->snapshot_timer, &retry_time);
	else if (rc == 0)
		evtimer_add(d->snapshot_timer, &at_once);
	if (rc != 1)
		return;
	/* The jails that other specs are about belong to their revision. */
	if (d->record_scan != d->scans_done) {
		count(d);
		evtimer_add(d->snapshot_timer, &at_once);
	} else
		ask(d, b);
}

static void
snapshot_due(evutil_socket_t fd, short what, void *arg)
{
	struct bytes_out b = { .data = NULL };
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (d->signing)
		return;
	if (!d->recording)
		begin(d);
	go_on(d, &b);
	free(b.data);
}

/* Whether the newest snapshot may not say what is so now. */
static bool
unsigned_yet(const struct daemon *d)
{
	return d->has_scan && (d->signing || d->recording || d->sign_again ||
	    d->reconciler.changed || unrecorded_first(&d->reconciler) != NULL ||
	    evtimer_pending(d->snapshot_timer, NULL));
}

static void
await_signer(struct daemon *d, int64_t until)
{
	int64_t left;

	while (d->signing && (left = until - clock_ms()) > 0)
		channel_serve(d->signer, left);
}

void
daemon_snapshot_last(struct daemon *d)
{
	int64_t until = clock_ms() + LAST_MS;
	struct bytes_out b = { .data = NULL };

	if (d->signer_down || !unsigned_yet(d))
		return;
	await_signer(d, until);
	if (!d->signing && !d->signer_down && unsigned_yet(d)) {
		begin(d);
		if (tell_some(d, &b, until * 1000) == 1)
			ask(d, &b);
		await_signer(d, until);
	}
	free(b.data);
	if (d->signing || d->recording)
		daemon_log("snapshot: the last state is not signed: the signer "
		    "has not answered for %d s", LAST_MS / 1000);
	else if (d->signer_down)
		daemon_log("snapshot: the last state is not signed: the signer "
		    "ended");
}

/* Who is there next is told of all: until then nothing has to be kept. */
static void
drop_all(struct daemon *d)
{
	while (unrecorded_first(&d->reconciler) != NULL)
		unrecorded_take(&d->reconciler);
}

void
daemon_snapshot_due(struct daemon *d)
{
	int64_t ms = d->snapshot_at + SNAPSHOT_MS - clock_ms();
	struct timeval tv;

	/* What is new while jails are told of is for another one. */
	d->sign_again |= d->signing || d->recording;
	if (d->signer_down)
		drop_all(d);
	if (d->signer_down || d->signing || d->snapshot_timer == NULL ||
	    evtimer_pending(d->snapshot_timer, NULL))
		return;
	/* A moment later, so that what happens together is one state. */
	if (d->snapshot_at == 0 || ms < 20)
		ms = 20;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (ms % 1000) * 1000;
	evtimer_add(d->snapshot_timer, &tv);
}

/* Of the journal that is written anew, by what the inventory says of it. */
static bool
goes_on(int rc, const struct error *err)
{
	if (rc < 0)
		daemon_log("journal: %s", err->text);
	return rc > 0;
}

static void
compact_due(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct error err;

	(void)fd;
	(void)what;
	error_clear(&err);
	if (goes_on(inventory_compact_on(&d->inventory, COMPACT_JAILS,
	    &err), &err))
		evtimer_add(d->compact_timer, &at_once);
}

void
daemon_snapshot_done(struct daemon *d, const struct message *m)
{
	bool well = !d->not_signed;
	struct signer_answer a;
	struct error err;

	d->signing = false;
	if (m->len != sizeof a)
		return;
	memcpy(&a, m->data, sizeof a);
	a.text[sizeof a.text - 1] = '\0';
	daemon_snapshot_problem(d, a.text, a.sequence >= 0);
	if (a.sequence < 0) {
		/* Later again, so that what is not signed now is then. */
		evtimer_add(d->snapshot_timer, &retry_time);
	} else if (!d->reconciler.changed &&
	    goes_on(inventory_compact(&d->inventory, &err), &err)) {
		evtimer_add(d->compact_timer, &at_once);
	}
	if (a.sequence >= 0 && !well)
		daemon_keep_again(d);
	if (d->reconciler.changed || d->sign_again)
		daemon_snapshot_due(d);
}

void
daemon_snapshot_cut(struct daemon *d)
{
	d->signing = d->recording = false;
	d->to_record = 0;
	evtimer_del(d->snapshot_timer);
	drop_all(d);
}

int
daemon_snapshot_start(struct daemon *d, struct error *err)
{
	d->snapshot_timer = evtimer_new(d->base, snapshot_due, d);
	d->compact_timer = evtimer_new(d->base, compact_due, d);
	return d->snapshot_timer == NULL || d->compact_timer == NULL ?
	    error_set(err, 0, "snapshots: out of memory") : 0;
}

void
daemon_snapshot_stop(struct daemon *d)
{
	if (d->snapshot_timer != NULL)
		event_free(d->snapshot_timer);
	if (d->compact_timer != NULL)
		event_free(d->compact_timer);
}
