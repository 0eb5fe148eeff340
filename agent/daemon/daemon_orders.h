/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What users order of jails by name.  Each request is answered at once, with
 * {"jails": how many} or with {"error": what is wrong}; with a name that matches
 * no jail, and with a jail of which it cannot be, nothing is done at all.
 */
#ifndef JA_DAEMON_ORDERS_H
#define JA_DAEMON_ORDERS_H

#include "agent/daemon/daemon.h"

typedef void order_fn(struct daemon *d, struct control_client *client,
    json_t *q);

order_fn order_restart, order_ack, order_pause, order_resume, order_stop,
    order_adopt;

/* Arranges that jails are looked at when an order about them ends. */
int daemon_orders_start(struct daemon *d, struct error *err);
void daemon_orders_stop(struct daemon *d);

#endif
