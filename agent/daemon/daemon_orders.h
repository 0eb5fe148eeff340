/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What users order of jails by name: restart, ack, pause, resume, stop, adopt.
 * Each request is answered at once, with
 * {"jails": how many, "left_out": [why not of others that a pattern matches]} or
 * with {"error": what is wrong}; with a name that matches no jail, and with a named
 * jail of which it cannot be, nothing is done at all.
 */
#ifndef JA_DAEMON_ORDERS_H
#define JA_DAEMON_ORDERS_H

#include "agent/daemon/daemon.h"

/* Whether it is the name of an order; then the client has its answer. */
bool daemon_order(struct daemon *d, struct control_client *client,
    const char *name, json_t *q);

/* Arranges that jails are looked at when an order about them ends. */
int daemon_orders_start(struct daemon *d, struct error *err);
void daemon_orders_stop(struct daemon *d);

#endif
