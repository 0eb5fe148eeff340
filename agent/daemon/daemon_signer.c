/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The signer's process.  When it ends another one is started, which is told of
 * all jails, since it knows of none; one that ends again and again is started
 * less and less often.
 */
#include <event2/event.h>

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_trust.h"
#include "agent/daemon/status.h"
#include "agent/reconcile/unrecorded.h"
#include "agent/sign/signer.h"

/* From its end to the next one: at once, then so long, doubled up to the most. */
#define AGAIN_MS 1000
#define MOST_MS 300000
/* One that lived so long was well. */
#define WELL_MS 600000

static struct signer_options
options(const struct daemon *d)
{
	const struct paths *p = &d->ctx->paths;

	return (struct signer_options){ .dir = p->snapshots, .good = p->good,
		.outdated = p->outdated, .applied = p->applied, .copies = p->copies,
		.key = p->key, .public_key = p->public_key,
		.keep = d->opt.keep_snapshots, .state = p->state,
		.head = p->head, .lock = p->signing, .make_key = true };
}

int
daemon_signer_first(struct daemon *d, struct error *err)
{
	struct signer_options o = options(d);
	struct signer_said said;
	pid_t pid;
	int fd = signer_start(&o, &said, &pid, err);

	if (fd != -1 && said.trouble)
		daemon_snapshot_problem(d, said.text, false);
	else if (fd != -1 && said.text[0] != '\0')
		daemon_log("%s", said.text);
	return fd;
}

/* A later one begins as a copy of the agent, whose secrets are not its business. */
static int
later_body(int fd, void *arg)
{
	struct daemon *d = arg;
	struct signer_options o = options(d);

	vault_close(&d->vault);
	return signer_body(fd, &o);
}

/* What a later one says when it begins. */
static void
take_ready(struct daemon *d, const struct message *m)
{
	if (m->number != 0)
		daemon_snapshot_problem(d, (const char *)m->data, false);
	else if (m->len > 0)
		daemon_log("%s", (const char *)m->data);
}

static void
take_not_kept(struct daemon *d, const struct message *m)
{
	bool copy = m->number != 0;

	if (copy ? !d->said_uncopied : d->not_kept[0] == '\0')
		daemon_log("%s", (const char *)m->data);
	d->said_uncopied |= copy;
	if (copy)
		return;
	d->unkept = true;
	snprintf(d->not_kept, sizeof d->not_kept, "%.500s",
	    (const char *)m->data);
}

static const struct {
	uint32_t type;
	void (*take)(struct daemon *d, const struct message *m);
} answers[] = {
	{ SIGNER_DONE, daemon_snapshot_done },
	{ SIGNER_READY, take_ready },
	{ SIGNER_NOT_KEPT, take_not_kept },
	{ SIGNER_RECORDED, daemon_recorded },
	{ SIGNER_ROTATED, daemon_rotated },
	{ SIGNER_NOT_ROTATED, daemon_rotated },
};

static void
on_message(void *arg, struct channel *c, const struct message *m)
{
	(void)c;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (answers[i].type == m->type)
			answers[i].take(arg, m);
}

static void
wait_for_next(struct daemon *d, const char *why)
{
	int64_t ms = backoff_next(&d->signer_ends, clock_ms(), true, AGAIN_MS,
	    MOST_MS, WELL_MS, randombytes_random());
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };
	char text[ERROR_TEXT_MAX], when[32];

	snprintf(text, sizeof text, "%.300s: nothing is signed until another "
	    "one is there, which is started %s%s", why, ms == 0 ? "now" : "at ",
	    ms == 0 ? "" : status_time((int64_t)time(NULL) + ms / 1000, when));
	daemon_snapshot_problem(d, text, false);
	evtimer_add(d->signer_timer, &tv);
}

/* The end of its channel, once for each. */
static void
on_gone(void *arg, struct channel *c)
{
	struct daemon *d = arg;

	(void)c;
	d->signer_down = true;
	d->unkept = true; /* it may have had some yet to write */
	daemon_snapshot_cut(d);
	wait_for_next(d, "the signer ended");
	daemon_trust_cut(d);
}

static int
connect_signer(struct daemon *d, int fd, struct error *err)
{
	struct channel *c = channel_new(d->base, fd, on_message, on_gone, d);

	if (c == NULL)
		return error_set(err, 0, "the signer: out of memory");
	channel_free(d->signer);
	d->signer = c;
	backoff_up(&d->signer_ends, clock_ms());
	return 0;
}

static int
start_next(struct daemon *d, struct error *err)
{
	pid_t pid;
	int fd;

	if (unrecorded_all(&d->reconciler) == -1)
		return error_set(err, 0, "the signer: out of memory");
	fd = helper_start("signer", later_body, d, NULL, &pid, err);
	return fd == -1 ? -1 : connect_signer(d, fd, err);
}

static void
next_due(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct error err;

	(void)fd;
	(void)what;
	if (start_next(d, &err) == -1) {
		wait_for_next(d, err.text);
		return;
	}
	d->signer_down = false;
	if (d->has_scan)
		daemon_snapshot_due(d);
}

void
daemon_keep(struct daemon *d, const struct message *m)
{
	if (channel_send(d->signer, SIGNER_KEEP, 0, m->data, m->len) != 0)
		d->unkept = true;
}

void
daemon_keep_again(struct daemon *d)
{
	if (d->keeping || d->signer_down)
		return;
	if (!d->unkept) {
		d->not_kept[0] = '\0';
		return;
	}
	d->unkept = false;
	d->keeping = channel_send(d->reader, READER_UNKEPT, 1, NULL, 0) == 0;
}

/* In another turn of the loop. */
void
daemon_kept_some(struct daemon *d, const struct message *m)
{
	static const struct timeval at_once;

	d->keeping = m->number > 0 && evtimer_add(d->keep_timer,
	    &at_once) == 0;
}

static void
keep_due(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	(void)channel_send(d->reader, READER_UNKEPT, 0, NULL, 0);
}

int
daemon_signer_start(struct daemon *d, int signer, struct error *err)
{
	d->signer_timer = evtimer_new(d->base, next_due, d);
	d->keep_timer = evtimer_new(d->base, keep_due, d);
	if (d->signer_timer == NULL || d->keep_timer == NULL) {
		close(signer);
		return error_set(err, 0, "the signer: out of memory");
	}
	return connect_signer(d, signer, err);
}

void
daemon_signer_stop(struct daemon *d)
{
	if (d->signer_timer != NULL)
		event_free(d->signer_timer);
	if (d->keep_timer != NULL)
		event_free(d->keep_timer);
	channel_free(d->signer);
}
