/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of signed specs, between the reader, the signer and the user. */
#include "agent/daemon/daemon_trust.h"

#include <stdio.h>
#include <string.h>

#include "agent/sign/signer.h"

/* What a SIGNER_RECORDED answers. */
enum { FOR_READER = 0, FOR_USER = 1 };

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
	if (d->resetter != NULL)
		control_reply(d->resetter, problem[0] == '\0' ?
		    json_pack("{s:i}", "status", EXIT_OK) :
		    json_pack("{s:s}", "error", problem));
	d->resetter = NULL;
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

void
request_trust_reset(struct daemon *d, struct control_client *client,
    json_t *q)
{
	(void)q;
	if (d->resetter != NULL) {
		control_reply(client, json_pack("{s:s}", "error",
		    "that is being done for somebody else just now"));
		return;
	}
	d->resetter = client;
	if (d->unsigned_for_ever || channel_send(d->signer, SIGNER_RECORD,
	    FOR_USER, NULL, 0) != 0)
		tell_user(d, "the signer ended; start the agent again");
}
