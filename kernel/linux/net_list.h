/* SPDX-License-Identifier: BSD-2-Clause */
/* The addresses of jails in the maps. */
#ifndef JA_LINUX_NET_LIST_H
#define JA_LINUX_NET_LIST_H

#include "net.h"

/* `id` is the number of the jail's cgroup.  Returns 0, -1 with err. */
int net_list_set(struct net *n, uint64_t id,
    const struct net_addresses *before, const struct net_addresses *after,
    struct error *err);
void net_list_clear(struct net *n, uint64_t id, const struct net_addresses *a);

#endif
