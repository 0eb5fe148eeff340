/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few things that are asked of rtnetlink(7): addresses, and links that go
 * up or into another network namespace.  A socket belongs to the network
 * namespace in which it was opened.
 */
#ifndef JA_LINUX_NETLINK_H
#define JA_LINUX_NETLINK_H

#include <stdbool.h>

#include "kernel/iface.h"

/* A socket in the caller's network namespace, -1 with err. */
int netlink_open(struct error *err);

/* The number of a link, -1/errno (ENXIO: there is none). */
int netlink_index(int sock, const char *name);

/* Adds or takes away an address of the link.  Returns 0, -1/errno. */
int netlink_address(int sock, int index, const struct iface_alias *a,
    bool add);

/*
 * Calls `each` for all addresses until it returns non-zero, which is then the
 * result.  -1/errno when they cannot be read.
 */
int netlink_addresses(int sock,
    int (*each)(void *arg, const struct iface_alias *a), void *arg);

/*
 * Fills in the numbers of all links but loopback ones.  Returns how many there
 * are, at most `max`; -1/errno.
 */
int netlink_links(int sock, int *index, int max);

/* Brings a link up.  Returns 0, -1/errno. */
int netlink_up(int sock, int index);

/*
 * Moves a link into the network namespace (a descriptor of it), where it is
 * down and keeps its name, or gets `name`, in which %d is a number.  Returns 0,
 * -1/errno.
 */
int netlink_move(int sock, int index, int net_ns, const char *name);

#endif
