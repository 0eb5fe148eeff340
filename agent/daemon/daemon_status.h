/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent status, of the agent's side. */
#ifndef JA_DAEMON_STATUS_H
#define JA_DAEMON_STATUS_H

#include "agent/daemon/daemon.h"

/* Answers in parts: thousands of jails take longer than one turn of the loop. */
void request_status(struct daemon *d, struct control_client *client, json_t *q);

/* Nobody waits there for an answer any more; NULL: nobody at all. */
void daemon_status_gone(struct daemon *d, const struct control_client *client);

#endif
