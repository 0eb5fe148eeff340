/* SPDX-License-Identifier: BSD-2-Clause */
/* What users and the reader ask of the signer. */
#include "agent/daemon/daemon_trust.h"

#include <stdio.h>
#include <string.h>

#include "agent/sign/signer.h"

/* What a SIGNER_RECORDED answers. */
enum { FOR_READER = 0, FOR_USER = 1 };

/* To whoever asked, if it still waits: the problem, or one value. */
static void
reply(struct daemon *d, const char *problem, const char *key,
    const char *value)
{
	if (d->asker != NULL)
		control_reply(d->asker, problem[0] != '\0' ?
		    json_pack("{s:s}", "error", problem) :
		    json_pack("{s:i, s:s}", "status", EXIT_OK, key, value));
	d->asker = NULL;
}

static void
tell_reader(struct daemon *d, const char *problem)
{
	if (problem[0] != '\0')
		daemon_log("the numbers of signed specs are not recorded: %s",
		    problem);
	(void)channel_send(d->reader, READER_RECORDED, 0, problem,
	    strlen(problem));
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
	reply(d, problem, "", "");
}

void
daemon_record(struct daemon *d, const void *text, size_t len)
{
	if (d->unsigned_for_ever || channel_send(d->signer, SIGNER_RECORD,
	    FOR_READER, text, len) != 0)
		tell_reader(d, "the signer ended; start the agent again");
}

void
daemon_recorded(struct daemon *d, const struct message *m)
{
	(m->number == FOR_USER ? tell_user : tell_reader)(d,
	    (const char *)m->data);
}

/* One question at a time; *problem is told at once when it cannot be put. */
static void
ask(struct daemon *d, struct control_client *client, unsigned type)
{
	if (d->asker != NULL) {
		control_reply(client, json_pack("{s:s}", "error",
		    "the signer is asked for something else just now"));
		return;
	}
	d->asker = client;
	if (d->unsigned_for_ever || channel_send(d->signer, type, FOR_USER,
	    NULL, 0) != 0)
		reply(d, "the signer ended; start the agent again", "", "");
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
	reply(d, done ? "" : text, "public_key", text);
}
