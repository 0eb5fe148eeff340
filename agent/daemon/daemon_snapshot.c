/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed states: when something changed, the state is read and handed to the
 * signer, at most once a second and one at a time.  A state that says the same
 * as the one before is not written again.
 */
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_trust.h"
#include "agent/daemon/record.h"
#include "agent/sign/signer.h"
#include "kernel/compat.h"

#define SNAPSHOT_MS 1000

/* From a state that could not be signed to the next try. */
static const struct timeval retry_time = { 5, 0 };

static void
problem(struct daemon *d, const char *text)
{
	if (strcmp(d->snapshot_problem, text) != 0)
		daemon_log("snapshot: %s", text[0] != '\0' ? text :
		    "states are signed again");
	snprintf(d->snapshot_problem, sizeof d->snapshot_problem, "%.500s",
	    text);
}

static const char *
revision(const struct daemon *d)
{
	return d->has_scan ? d->scan.revision : "";
}

/* The JSON of a state that is not the one that was written last. */
static char *
encode_new(struct daemon *d, const struct snapshot *s, size_t *len,
    struct error *err)
{
	struct snapshot_piece *piece = snapshot_pieces(s, err);
	char *json = NULL;

	if (piece == NULL || snapshot_content(s, piece, s->count, d->sent,
	    err) != 0)
		problem(d, err->text);
	else if (memcmp(d->sent, d->content, DIGEST_SIZE) != 0 &&
	    (json = snapshot_assemble(s, piece, s->count, len, err)) == NULL)
		problem(d, err->text);
	snapshot_pieces_free(piece, s->count);
	return json;
}

static void
take(struct daemon *d)
{
	struct snapshot s;
	struct error err;
	char *json;
	size_t len;

	d->reconciler.changed = false;
	d->sign_again = false;
	d->snapshot_at = clock_ms();
	if (record_state(&d->reconciler, revision(d), &s, &err) != 0) {
		problem(d, err.text);
		return;
	}
	s.taken = (int64_t)time(NULL);
	json = encode_new(d, &s, &len, &err);
	snapshot_free(&s);
	if (json != NULL && channel_send(d->signer, SIGNER_WRITE, 0, json,
	    len) == 0)
		d->signing = true;
	free(json);
	/* A record of all jails at once is many times what is kept. */
	compat_trim_memory();
}

static void
snapshot_due(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (!d->signing)
		take(d);
}

void
daemon_snapshot_due(struct daemon *d)
{
	int64_t ms = d->snapshot_at + SNAPSHOT_MS - clock_ms();
	struct timeval tv;

	d->sign_again |= d->signing;
	if (d->signing || d->snapshot_timer == NULL ||
	    evtimer_pending(d->snapshot_timer, NULL))
		return;
	/* A moment later, so that what happens together is one state. */
	if (d->snapshot_at == 0 || ms < 20)
		ms = 20;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (ms % 1000) * 1000;
	evtimer_add(d->snapshot_timer, &tv);
}

static void
on_done(void *arg, struct channel *c, const struct message *m)
{
	struct daemon *d = arg;
	struct signer_answer a;
	struct error err;

	(void)c;
	if (m->type == SIGNER_RECORDED) {
		daemon_recorded(d, m);
		return;
	}
	if (m->type == SIGNER_ROTATED || m->type == SIGNER_NOT_ROTATED) {
		daemon_rotated(d, m);
		return;
	}
	if (m->type == SIGNER_NOT_KEPT) {
		if (!d->said_not_kept)
			daemon_log("%.*s", (int)m->len,
			    (const char *)m->data);
		d->said_not_kept = true;
		return;
	}
	d->signing = false;
	if (m->type != SIGNER_DONE || m->len != sizeof a)
		return;
	memcpy(&a, m->data, sizeof a);
	a.text[sizeof a.text - 1] = '\0';
	problem(d, a.text);
	if (a.sequence < 0) {
		/* Later again, so that what is not signed now is then. */
		evtimer_add(d->snapshot_timer, &retry_time);
	} else {
		memcpy(d->content, d->sent, DIGEST_SIZE);
		if (!d->reconciler.changed &&
		    inventory_compact(&d->inventory, &err) != 0)
			daemon_log("journal: %s", err.text);
	}
	if (d->reconciler.changed || d->sign_again)
		daemon_snapshot_due(d);
}

static void
on_signer_gone(void *arg, struct channel *c)
{
	struct daemon *d = arg;

	(void)c;
	problem(d, "the signer ended: states are not signed any more until "
	    "the agent is started again");
	d->signing = true; /* for ever */
	d->unsigned_for_ever = true;
}

/* What the newest good snapshot says need not be said again. */
static void
remember_newest(struct daemon *d)
{
	unsigned char digest[DIGEST_SIZE];
	struct snapshot s;
	struct error err;

	if (snapshot_newest(d->ctx->paths.snapshots, d->ctx->paths.public_key,
	    &s, digest, &err) != 0)
		return;
	if (record_content(&s, d->content, &err) != 0)
		memset(d->content, 0, sizeof d->content);
	snapshot_free(&s);
}

int
daemon_snapshot_start(struct daemon *d, int signer, struct error *err)
{
	d->signer = channel_new(d->base, signer, on_done, on_signer_gone, d);
	d->snapshot_timer = evtimer_new(d->base, snapshot_due, d);
	if (d->signer == NULL || d->snapshot_timer == NULL)
		return error_set(err, 0, "snapshots: out of memory");
	remember_newest(d);
	return 0;
}

void
daemon_snapshot_stop(struct daemon *d)
{
	if (d->snapshot_timer != NULL)
		event_free(d->snapshot_timer);
	channel_free(d->signer);
}
