/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/daemon_status.h"

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/daemon/status.h"

#define SIGNER_LATE_S 5

/* How long it is written in one turn of the loop. */
#define TURN_US 300

/* Somebody who gets an answer. */
struct status_asker {
	TAILQ_ENTRY(status_asker) link;
	struct daemon *d;
	struct control_client *client;
	json_t *output; /* of which jails it is wanted, or NULL */
	struct event *timer;
	struct status_part part;
};

/* What keeps the agent as a whole from being well; NULL: nothing. */
static const char *
problem_of(const struct daemon *d, char *buf, size_t size)
{
	if (d->mute)
		return "the reader does not answer: changes of specs are not "
		    "seen";
	if (d->signer_down)
		return "the signer ended, and another one is not there yet";
	if (d->absence.held_file == NULL && d->not_kept[0] != '\0' &&
	    !d->not_signed)
		return d->not_kept;
	if (d->absence.held_file == NULL)
		return d->has_scan ? d->scan.no_commit : NULL;
	snprintf(buf, size, "%s is gone; the defaults in it still count, since "
	    "its removal is held: %s", d->absence.held_file,
	    d->absence.hold != NULL ? d->absence.hold : "");
	return buf;
}

/* Why the newest state is not signed, or what is odd; "": neither. */
static const char *
unsigned_for(const struct daemon *d, char *buf, size_t size)
{
	long long s = (long long)(clock_ms() - d->snapshot_at) / 1000;

	if (!d->signing || s < SIGNER_LATE_S)
		return d->snapshot_problem;
	snprintf(buf, size, "states are not signed: the signer has not "
	    "answered for %lld s, as when its disk hangs", s);
	return buf;
}

static void
asker_free(struct status_asker *a)
{
	TAILQ_REMOVE(&a->d->status_askers, a, link);
	if (a->timer != NULL)
		event_free(a->timer);
	json_decref(a->output);
	free(a->part.file);
	free(a);
}

static void
write_some(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once;
	struct status_asker *a = arg;
	const struct daemon *d = a->d;
	char problem[ERROR_TEXT_MAX + PATHS_MAX], late[160];
	const char *events = d->has_scan ? d->scan.events : "";
	struct status_source src = {
		.reconciler = &a->d->reconciler,
		.scan = d->has_scan ? &d->scan : NULL,
		.revision = d->has_scan ? d->scan.revision : "",
		.watch = events[0] == '\0' && d->reconciler.unwatched != 0 ?
		    "for some jails, which are looked at with each rescan" :
		    events,
		.snapshot = unsigned_for(d, late, sizeof late),
		.problem = problem_of(d, problem, sizeof problem),
		.output = a->output,
		.below = d->opt.below,
		.running = true,
		.pid = (long)getpid(),
	};
	struct buffer out = { 0 };
	bool more = status_write(&a->part, &src, clock_us() + TURN_US, &out);

	(void)fd;
	(void)what;
	if (out.failed)
		control_reply(a->client, NULL);
	else
		control_reply_text(a->client, out.data, out.len, more);
	if (more)
		evtimer_add(a->timer, &at_once);
	else
		asker_free(a);
	buffer_free(&out);
}

void
request_status(struct daemon *d, struct control_client *client, json_t *q)
{
	static const struct timeval at_once;
	struct status_asker *a = calloc(1, sizeof *a);

	if (a == NULL) {
		control_reply(client, NULL);
		return;
	}
	TAILQ_INSERT_TAIL(&d->status_askers, a, link);
	a->d = d;
	a->client = client;
	a->output = json_incref(json_object_get(q, "output"));
	a->timer = evtimer_new(d->base, write_some, a);
	if (a->timer == NULL || evtimer_add(a->timer, &at_once) != 0) {
		control_reply(client, NULL);
		asker_free(a);
	}
}

void
daemon_status_gone(struct daemon *d, const struct control_client *client)
{
	struct status_asker *a, *next;

	for (a = TAILQ_FIRST(&d->status_askers); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		if (client == NULL || a->client == client)
			asker_free(a);
	}
}
