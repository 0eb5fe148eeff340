/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jails that share a network and are restricted to addresses.
 *
 * A jail of this kind has a cgroup, in which all its processes begin, and its
 * addresses in maps that the BPF programs of bpf_code.h read.  Programs and
 * maps live as long as the cgroup of the table, which they are attached to:
 * they outlive the process that loaded them, and the next one finds them there.
 *
 * This is the spawner's part, but for net_probe.
 */
#ifndef JA_LINUX_NET_H
#define JA_LINUX_NET_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "bpf.h"
#include "bpf_code.h"
#include "cgroup.h"
#include "kernel/error.h"

#define NET_ADDRESSES 255 /* of a family */

/*
 * What a jail is restricted to; the first address is the primary one.  NET_ANY
 * as a count: all addresses of that family.
 */
struct net_addresses {
	struct cgroup_line line; /* of the jail */
	uint32_t select[2]; /* ip4.saddrsel, ip6.saddrsel */
	uint32_t count[2];
	struct in_addr ip4[NET_ADDRESSES];
	struct in6_addr ip6[NET_ADDRESSES];
};

/* How many addresses are listed. */
static inline uint32_t
net_count(const struct net_addresses *a, int family)
{
	return a->count[family] == NET_ANY ? 0 : a->count[family];
}

struct net {
	struct bpf bpf;
	int root;  /* of the cgroups, or -1, then `why` has the reason */
	int table; /* the cgroup above those of the jails, -1: not yet */
	struct net_maps maps;
	bool tree; /* the hierarchy limits, so jails are below their parents */
	char key[CGROUP_KEY_SIZE];
	struct error why;
};

/* Whether this host can do it: 0, -1 with the reason. */
int net_probe(struct error *err);

/*
 * Opens the root of the cgroups, which has to be done where it is mounted.  An
 * error is kept until it matters.  `key`: cgroup_key, "" when there is none.
 * `tree`: controls_tree.
 */
void net_open(struct net *n, const char *key, bool tree,
    const struct rights_pass *pass);
/* Removes what no jail needs any more. */
void net_close(struct net *n);

/* A cgroup with its addresses for a new jail.  A descriptor, -1 with err. */
int net_add(struct net *n, const struct net_addresses *a, struct error *err);

/* Other addresses for a jail, at once for all its sockets.  0, -1 with err. */
int net_change(struct net *n, const struct net_addresses *before,
    const struct net_addresses *after, struct error *err);

/* The jail has no processes any more. */
void net_remove(struct net *n, const struct net_addresses *a);

/* The cgroup of a jail, for a process that goes in.  -1 with err. */
int net_cgroup(struct net *n, const struct cgroup_line *line,
    struct error *err);

#endif
