/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF programs that restrict the sockets of jails to the jails' addresses
 * (FreeBSD: netinet/in_jail.c, netinet6/in6_jail.c, and what calls them).
 *
 * One set serves all jails of a table: it is attached to the cgroup above
 * those of the jails.  A socket is marked with the cgroup in which it was
 * made, as FreeBSD's keeps the credential of its maker: who uses it later, or
 * from where, changes nothing.  A socket made elsewhere has no mark and is
 * left alone.
 */
#ifndef JA_LINUX_BPF_CODE_H
#define JA_LINUX_BPF_CODE_H

#include "bpf_asm.h"

/* Addresses of both families have 16 bytes; IPv4 ones are ::ffff:a.b.c.d. */

/* Map `sockets` (a socket's own storage). */
struct net_socket {
	uint64_t cgroup;
	uint32_t v6only; /* IPV6_V6ONLY was set by setsockopt(2) */
	uint32_t share;	 /* NET_SHARE_* */
};
/*
 * Sharing of a port is a wish until the socket is bound to an address: Linux
 * would let a wildcard socket share with those of the host and of other jails,
 * and deal out to it what is for them.
 */
#define NET_SHARE_ADDRESS 1 /* SO_REUSEADDR of UDP was asked for */
#define NET_SHARE_PORT 2    /* SO_REUSEPORT was */
#define NET_SHARE_GIVEN 4   /* the kernel's socket has what was asked for */

#define NET_ANY 0xffffffffU

/* Map `jails`: key is the number of the jail's cgroup. */
struct net_jail {
	uint32_t select[2]; /* ip4.saddrsel, ip6.saddrsel */
	uint32_t count[2];  /* of addresses; 0: no such sockets; NET_ANY */
	uint32_t primary[2][4];
};

/*
 * Map `addresses`, a trie: the longest prefix counts.  A jail's addresses are
 * there with all their bits, and the nets of those that the host has: they
 * tell from which address something in that net is reached.  A family of which
 * the jail has all is there as one net that is its own.
 */
#define NET_ALL_BITS 192
struct net_key {
	uint32_t bits; /* of what follows */
	uint32_t cgroup[2];
	uint32_t address[4];
};
struct net_address {
	uint32_t own; /* what the key matches is the jail's */
	uint32_t address[4];
};

struct net_maps {
	int sockets, jails, addresses; /* descriptors */
};

struct net_program {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	int variant; /* for `write` */
	void (*write)(struct bpf_text *t, const struct net_maps *maps,
	    int variant);
};

/* The last is the one by which an attached set is known. */
extern const struct net_program net_programs[];
extern const size_t net_program_count;

#endif
