/* SPDX-License-Identifier: BSD-2-Clause */
/* What users and the reader ask of the signer. */
#include "agent/daemon/daemon_trust.h"

#include <event2/event.h>

#include <stdio.h>
#include <string.h>

#include "agent/sign/signer.h"

/* What a SIGNER_RECORDED answers. */
enum { FOR_READER = 0, FOR_USER = 1 };

#define ENDED "the signer ended; another one is started"

/* To whoever asked, if it still waits: the problem, or one value. */
static void
reply(struct daemon *d, const char *problem, const char *key,
    const char *value)
{
	evtimer_del(d->asker_timer);
	if (d->asker != NULL)
		control_reply(d->asker, problem[0] != '\0' ?
		    json_pack("{s:s}", "error", problem) :
		    json_pack("{s:i, s:s}", "status", EXIT_OK, key, value));
	d->asker = NULL;
}

/* It asks again with each scan, as long as it was not done. */
static void
tell_reader(struct daemon *d, const char *problem)
{
	bool failed = problem[0] != '\0', again = failed && d->unrecorded;

	if (failed && !again)
		daemon_log("the numbers of signed specs are not recorded: %s",
		    problem);
	d->unrecorded = failed;
	d->recording_numbers = false;
	(void)channel_send(d->reader, READER_RECORDED, 0, problem,
	    strlen(problem));
	if (again)
		daemon_scan_later(d);
	else
		daemon_scan_soon(d);
}

static void
tell_user(struct daemon *d, const char *problem)
{
	if (problem[0] == '\0') {
		daemon_log("the record of signed specs begins anew");
		(void)channel_send(d->reader, READER_RESET, 0, NULL, 0);
		daemon_scan_soon(d);
	}
	d->asking = false;
	reply(d, problem, "", "");
}

void
daemon_record(struct daemon *d, const void *text, size_t len)
{
	if (d->signer_down || channel_send(d->signer, SIGNER_RECORD,
	    FOR_READER, text, len) != 0)
		tell_reader(d, ENDED);
	else
		d->recording_numbers = true;
}

void
daemon_recorded(struct daemon *d, const struct message *m)
{
	(m->number == FOR_USER ? tell_user : tell_reader)(d,
	    (const char *)m->data);
}

/* One question at a time, also when who asked does not wait any more. */
static void
ask(struct daemon *d, struct control_client *client, unsigned type)
{
	static const struct timeval patience = { SIGNER_PATIENCE_MS / 1000,
		0 };

	if (d->asking) {
		control_reply(client, json_pack("{s:s}", "error",
		    "the signer was asked for something before, and has not "
		    "answered yet"));
		return;
	}
	d->asker = client;
	if (d->signer_down || channel_send(d->signer, type, FOR_USER,
	    NULL, 0) != 0) {
		reply(d, ENDED "; ask again then", "", "");
		return;
	}
	d->asking = true;
	evtimer_add(d->asker_timer, &patience);
}

static void
patience_over(evutil_socket_t fd, short what, void *arg)
{
	char text[160];

	(void)fd;
	(void)what;
	snprintf(text, sizeof text, "the signer has not answered for %d s, as "
	    "when its disk hangs; it does what was asked when it can, and the "
	    "agent's log says so", SIGNER_PATIENCE_MS / 1000);
	reply(arg, text, "", "");
}

void
daemon_trust_cut(struct daemon *d)
{
	if (d->recording_numbers)
		tell_reader(d, ENDED);
	if (d->asking)
		reply(d, "the signer ended before it answered; look what was "
		    "done, and ask again", "", "");
	d->asking = false;
}

int
daemon_trust_start(struct daemon *d, struct error *err)
{
	d->asker_timer = evtimer_new(d->base, patience_over, d);
	return d->asker_timer == NULL ?
	    error_set(err, 0, "the signer: out of memory") : 0;
}

void
daemon_trust_stop(struct daemon *d)
{
	if (d->asker_timer != NULL)
		event_free(d->asker_timer);
}

void
request_trust_reset(struct daemon *d, struct control_client *client,
    json_t *q)
{
	(void)q;
	ask(d, client, SIGNER_RECORD);
}

void
request_rotate(struct daemon *d, struct control_client *client, json_t *q)
{
	(void)q;
	ask(d, client, SIGNER_ROTATE);
}

void
daemon_rotated(struct daemon *d, const struct message *m)
{
	const char *text = (const char *)m->data;
	bool done = m->type == SIGNER_ROTATED;

	daemon_log("%s%s", done ? "the signing key is now " :
	    "the signing key is not changed: ", text);
	d->asking = false;
	reply(d, done ? "" : text, "public_key", text);
}
