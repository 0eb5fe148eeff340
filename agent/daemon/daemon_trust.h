/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the signer while an agent runs: the record of signed specs
 * (agent/sign/accepted.h), and another key.
 */
#ifndef JA_DAEMON_TRUST_H
#define JA_DAEMON_TRUST_H

#include "agent/daemon/daemon.h"

int daemon_trust_start(struct daemon *d, struct error *err);
void daemon_trust_stop(struct daemon *d);
/* The signer ended: what it was asked for is not answered any more. */
void daemon_trust_cut(struct daemon *d);

/* The reader wants this to be on record; it is told when it is. */
void daemon_record(struct daemon *d, const void *text, size_t len);
/* The signer's answer. */
void daemon_recorded(struct daemon *d, const struct message *m);

/* jailagent trust --reset */
void request_trust_reset(struct daemon *d, struct control_client *client,
    json_t *q);
/* jailagent keygen --rotate, and the signer's answer */
void request_rotate(struct daemon *d, struct control_client *client,
    json_t *q);
void daemon_rotated(struct daemon *d, const struct message *m);

#endif
