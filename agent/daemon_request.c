/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands ask of a running agent: one function a request. */
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "status.h"

static void
answer_error(struct control_client *client, const char *text)
{
	control_reply(client, json_pack("{s:s}", "error", text));
}

/* ---------------------------------------------------------------- status */

static void
request_status(struct daemon *d, struct control_client *client, json_t *q)
{
	struct status_source src = {
		.reconciler = &d->reconciler,
		.scan = d->has_scan ? &d->scan : NULL,
		.revision = d->has_scan ? d->scan.revision : "",
		.watch = watch_why(d->watch),
		.snapshot = d->snapshot_problem,
		.running = true,
		.pid = (long)getpid(),
	};

	(void)q;
	control_reply(client, status_build(&src));
}

/* ------------------------------------------------- for the named jails */

typedef void jail_fn(struct daemon *d, struct managed *m);

/*
 * Calls `each` for the jails that the request's names match, and answers with
 * how many there were; a name that matches none is an error.
 */
static void
for_names(struct daemon *d, struct control_client *client, json_t *q,
    jail_fn *each)
{
	json_t *names = json_object_get(q, "names"), *value;
	struct reconciler *r = &d->reconciler;
	json_int_t done = 0;
	size_t i;

	json_array_foreach (names, i, value) {
		const char *pattern = json_string_value(value);
		bool found = false;

		for (size_t j = 0; pattern != NULL && j < r->count; j++) {
			if (!name_matches(pattern, r->jail[j]->name))
				continue;
			found = true;
			done++;
			each(d, r->jail[j]);
		}
		if (!found) {
			control_reply(client, json_pack("{s:o}", "error",
			    json_sprintf("%s: there is no such jail here",
			    pattern != NULL ? pattern : "")));
			return;
		}
	}
	control_reply(client, json_pack("{s:I}", "jails", done));
}

static void
restart_jail(struct daemon *d, struct managed *m)
{
	m->by_hand = true;
	m->fresh = true;
	reconciler_look(&d->reconciler, m);
}

static void
request_restart(struct daemon *d, struct control_client *client, json_t *q)
{
	for_names(d, client, q, restart_jail);
}

static void
ack_jail(struct daemon *d, struct managed *m)
{
	(void)d;
	m->acked = m->hold != NULL;
}

static void
request_ack(struct daemon *d, struct control_client *client, json_t *q)
{
	for_names(d, client, q, ack_jail);
	daemon_scan_soon(d);
}

/* ------------------------------------------------------------------ wait */

static bool
concerns(const struct waiter *w, const struct managed *m)
{
	if (w->names.count == 0)
		return true;
	for (size_t i = 0; i < w->names.count; i++)
		if (name_matches(w->names.text[i], m->name))
			return true;
	return false;
}

/* A plain name that is waited for and that nobody knows. */
static const char *
missing(const struct waiter *w, const struct reconciler *r)
{
	for (size_t i = 0; i < w->names.count; i++) {
		const char *name = w->names.text[i];

		if (strchr(name, '*') == NULL && reconciler_jail(
		    (struct reconciler *)r, name, false) == NULL)
			return name;
	}
	return NULL;
}

static bool
busy(const struct managed *m)
{
	return m->machine == MACHINE_WORKING || m->dirty ||
	    m->state == STATE_PROGRESSING ||
	    (m->absent_at != 0 && m->hold == NULL);
}

/* The answer to a waiter, or NULL while it is not known. */
static json_t *
wait_answer(const struct daemon *d, const struct waiter *w)
{
	const struct reconciler *r = &d->reconciler;
	const struct managed *bad = NULL;
	const char *name = w->gone ? NULL : missing(w, r);
	bool any = false;

	if (d->scans_done < w->after_scan || d->scanning ||
	    d->scan.state == SCAN_UNSETTLED)
		return NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct managed *m = r->jail[i];

		if (!concerns(w, m))
			continue;
		if (busy(m))
			return NULL;
		any = true;
		if (m->state != STATE_READY || m->hold != NULL)
			bad = m;
	}
	if (w->gone)
		return any ? NULL : json_pack("{s:i}", "status", 0);
	if (name != NULL)
		return json_pack("{s:i, s:o}", "status", EXIT_FAILED,
		    "message", json_sprintf("%s: no spec says it", name));
	if (bad == NULL)
		return json_pack("{s:i}", "status", 0);
	return json_pack("{s:i, s:o}", "status", EXIT_FAILED, "message",
	    json_sprintf("%s: %s: %s", bad->name, jail_state_word[
	    bad->hold != NULL ? STATE_HELD : bad->state], bad->hold != NULL ?
	    bad->hold : bad->reason != NULL ? bad->reason : ""));
}

static void
waiter_free(struct daemon *d, struct waiter *w)
{
	TAILQ_REMOVE(&d->waiters, w, link);
	text_list_free(&w->names);
	free(w);
}

void
daemon_wake_waiters(struct daemon *d)
{
	struct waiter *w, *next;

	for (w = TAILQ_FIRST(&d->waiters); w != NULL; w = next) {
		json_t *answer = wait_answer(d, w);

		next = TAILQ_NEXT(w, link);
		if (answer == NULL)
			continue;
		control_reply(w->client, answer);
		waiter_free(d, w);
	}
}

static void
request_wait(struct daemon *d, struct control_client *client, json_t *q)
{
	struct waiter *w = calloc(1, sizeof *w);
	const char *goal = json_string_value(json_object_get(q, "for"));
	json_t *names = json_object_get(q, "names"), *value;
	size_t i;

	if (w == NULL) {
		answer_error(client, "out of memory");
		return;
	}
	TAILQ_INSERT_TAIL(&d->waiters, w, link);
	w->client = client;
	w->gone = goal != NULL && strcmp(goal, "gone") == 0;
	json_array_foreach (names, i, value)
		if (text_list_add(&w->names, json_string_value(value)) != 0)
			break;
	/* What was written before the question must be in the answer. */
	daemon_scan_soon(d);
	w->after_scan = d->scans_asked + (d->scan_again ? 1 : 0);
}

static void
on_gone(void *arg, struct control_client *client)
{
	struct daemon *d = arg;
	struct waiter *w, *next;

	for (w = TAILQ_FIRST(&d->waiters); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->client == client)
			waiter_free(d, w);
	}
}

/* ------------------------------------------------------------- the table */

static const struct {
	const char *name;
	void (*answer)(struct daemon *d, struct control_client *client,
	    json_t *q);
} requests[] = {
	{ "status", request_status },
	{ "wait", request_wait },
	{ "restart", request_restart },
	{ "ack", request_ack },
};

static void
on_request(void *arg, struct control_client *client, json_t *request)
{
	const char *name = json_string_value(json_object_get(request,
	    "command"));

	for (size_t i = 0; name != NULL &&
	    i < sizeof requests / sizeof *requests; i++) {
		if (strcmp(name, requests[i].name) == 0) {
			requests[i].answer(arg, client, request);
			return;
		}
	}
	answer_error(client, "the agent does not know this request");
}

int
daemon_request_start(struct daemon *d, struct error *err)
{
	d->control = control_new(d->base, &d->ctx->paths, on_request, on_gone,
	    d, err);
	return d->control == NULL ? -1 : 0;
}

void
daemon_request_stop(struct daemon *d)
{
	while (!TAILQ_EMPTY(&d->waiters))
		waiter_free(d, TAILQ_FIRST(&d->waiters));
	control_free(d->control);
}
