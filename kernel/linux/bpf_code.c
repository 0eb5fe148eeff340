/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf_parts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>

#define TCP_SYN_SENT_STATE 2 /* include/net/tcp_states.h */
#define TCP_LISTEN_STATE 10

#define SKB(field) ((int)offsetof(struct __sk_buff, field))
#define OPT(field) ((int)offsetof(struct bpf_sockopt, field))

/* Marks a new socket, if its maker is in a jail that may have it. */
static void
write_socket(struct bpf_text *t, const struct net_maps *maps, int variant)
{
	int family = text_label(t);
	int known = text_label(t), raw = text_label(t), none = text_label(t);
	int memory = text_label(t), allow = text_label(t);

	(void)variant;
	put_move(t, R6, R1);
	put_call(t, BPF_FUNC_get_current_cgroup_id);
	put_store(t, BYTES8, FP, -8, R0);
	put_map(t, R1, maps->jails);
	put_move(t, R2, FP);
	put_add(t, R2, -8);
	put_call(t, BPF_FUNC_map_lookup_elem);
	put_if_null(t, R0, allow);
	put_load(t, BYTES4, R1, R6, SOCK(family));
	put_load(t, BYTES4, R2, R0, count_of(V4));
	put_if_equal(t, R1, AF_INET, family);
	put_if_other(t, R1, AF_INET6, allow);
	put_load(t, BYTES4, R2, R0, count_of(V6));
	text_here(t, family);
	put_if_equal(t, R2, 0, none);
	put_load(t, BYTES4, R1, R6, SOCK(type));
	put_if_equal(t, R1, SOCK_RAW, raw);
	put_load(t, BYTES4, R1, R6, SOCK(protocol));
	put_if_equal(t, R1, IPPROTO_TCP, known);
	put_if_equal(t, R1, IPPROTO_UDP, known);
	/* FreeBSD has ICMP by raw sockets alone. */
	put_if_equal(t, R1, IPPROTO_ICMP, raw);
	put_if_equal(t, R1, IPPROTO_ICMPV6, raw);
	/* Others would pass by the programs here. */
	put_jump(t, none);
	text_here(t, known);
	put_mark(t, maps, R6, BPF_SK_STORAGE_GET_F_CREATE);
	put_if_null(t, R0, memory);
	put_load(t, BYTES8, R1, FP, -8);
	put_store(t, BYTES8, R0, MARK(cgroup), R1);
	text_here(t, allow);
	put_return(t, 1);
	text_here(t, none);
	put_refusal(t, EPROTONOSUPPORT);
	text_here(t, raw);
	put_refusal(t, EPERM);
	text_here(t, memory);
	put_refusal(t, ENOBUFS);
}

/* R7 = the value of the option, R0 = the mark; or goes to the label. */
static void
put_option(struct bpf_text *t, const struct net_maps *maps, int label)
{
	put_load(t, BYTES8, R1, R6, OPT(optval));
	put_load(t, BYTES8, R2, R6, OPT(optval_end));
	put_move(t, R3, R1);
	put_add(t, R3, 4);
	put_if_behind(t, R3, R2, label);
	put_load(t, BYTES4, R7, R1, 0);
	put_load(t, BYTES8, R2, R6, OPT(sk));
	put_mark(t, maps, R2, 0);
	put_if_null(t, R0, label);
}

/* Notes a wish down; the kernel hears of it when it is given already. */
static void
put_wish(struct bpf_text *t, const struct net_maps *maps, int wish, int done)
{
	int off = text_label(t);

	put_option(t, maps, done);
	put_load(t, BYTES4, R1, R0, MARK(share));
	put_and(t, R1, ~wish);
	put_if_equal(t, R7, 0, off);
	put_value(t, R2, wish);
	put_or(t, R1, R2);
	text_here(t, off);
	put_store(t, BYTES4, R0, MARK(share), R1);
	put_and(t, R1, NET_SHARE_GIVEN);
	put_if_other(t, R1, 0, done);
	/* -1: the call is over, and was right. */
	put_value(t, R1, -1);
	put_store(t, BYTES4, R6, OPT(optlen), R1);
	put_return(t, 1);
}

/* IPV6_V6ONLY is noted down, and what bind(2) decides on (put_share()). */
static void
write_setsockopt(struct bpf_text *t, const struct net_maps *maps, int variant)
{
	int done = text_label(t), v6 = text_label(t), port = text_label(t);

	(void)variant;
	put_move(t, R6, R1);
	put_load(t, BYTES4, R2, R6, OPT(optname));
	put_load(t, BYTES4, R1, R6, OPT(level));
	put_if_equal(t, R1, IPPROTO_IPV6, v6);
	put_if_other(t, R1, SOL_SOCKET, done);
	put_if_equal(t, R2, SO_REUSEPORT, port);
	put_if_other(t, R2, SO_REUSEADDR, done);
	/* No two sockets of TCP listen by this. */
	put_load(t, BYTES8, R1, R6, OPT(sk));
	put_load(t, BYTES4, R1, R1, SOCK(protocol));
	put_if_other(t, R1, IPPROTO_UDP, done);
	put_wish(t, maps, NET_SHARE_ADDRESS, done);
	text_here(t, port);
	put_wish(t, maps, NET_SHARE_PORT, done);
	text_here(t, v6);
	put_if_other(t, R2, IPV6_V6ONLY, done);
	put_option(t, maps, done);
	/* The kernel refuses it for a socket that has a port. */
	put_load(t, BYTES8, R1, R6, OPT(sk));
	put_load(t, BYTES4, R1, R1, SOCK(src_port));
	put_if_other(t, R1, 0, done);
	put_store(t, BYTES4, R0, MARK(v6only), R7);
	text_here(t, done);
	/* 0: the caller's own value is used. */
	put_value(t, R1, 0);
	put_store(t, BYTES4, R6, OPT(optlen), R1);
	put_return(t, 1);
}

/* What a packet must have, by direction: `in` is about its destination. */
static const struct direction {
	int state; /* of a TCP socket that is not connected yet */
	int v4, v6; /* where the address is in the header */
} directions[] = {
	{ TCP_LISTEN_STATE, 16, 24 }, /* in */
	{ TCP_SYN_SENT_STATE, 12, 8 }, /* out */
};

/*
 * The last word: wildcard sockets get what is for the jail's addresses alone,
 * and nothing leaves from another one.  TCP connections were judged when they
 * were made.
 */
static void
write_packet(struct bpf_text *t, const struct net_maps *maps, int variant)
{
	const struct direction *d = &directions[variant];
	int allow = text_label(t), drop = text_label(t), v6 = text_label(t);
	int look = text_label(t), judge = text_label(t);

	put_move(t, R6, R1);
	put_load(t, BYTES8, R1, R6, SKB(sk));
	put_if_null(t, R1, allow);
	put_call(t, BPF_FUNC_sk_fullsock);
	put_if_null(t, R0, allow);
	put_move(t, R7, R0);
	put_load(t, BYTES4, R1, R7, SOCK(protocol));
	put_if_other(t, R1, IPPROTO_TCP, judge);
	put_load(t, BYTES4, R1, R7, SOCK(state));
	put_if_other(t, R1, d->state, allow);
	text_here(t, judge);
	put_mark(t, maps, R7, 0);
	put_if_null(t, R0, allow);
	put_key_cgroup(t, R0);
	put_load(t, BYTES4, R1, R6, SKB(protocol));
	put_store_value(t, BYTES4, FP, KEY_ADDRESS, 0);
	put_store_value(t, BYTES4, FP, KEY_ADDRESS + 4, 0);
	put_store_value(t, BYTES4, FP, KEY_ADDRESS + 8, SHORT_MASK);
	put_store_value(t, BYTES4, FP, KEY_ADDRESS + 12, 0);
	put_move(t, R3, FP);
	put_if_equal(t, R1, htons(0x86dd), v6); /* ETH_P_IPV6 */
	put_value(t, R2, d->v4);
	put_add(t, R3, KEY_ADDRESS + 12);
	put_value(t, R4, 4);
	put_jump(t, look);
	text_here(t, v6);
	put_value(t, R2, d->v6);
	put_add(t, R3, KEY_ADDRESS);
	put_value(t, R4, 16);
	text_here(t, look);
	put_move(t, R1, R6);
	put_call(t, BPF_FUNC_skb_load_bytes);
	put_if_other(t, R0, 0, drop);
	put_if_own(t, maps, allow);
	text_here(t, drop);
	put_return(t, 0);
	text_here(t, allow);
	put_return(t, 1);
}

#define ON_ADDRESS(name, hook, family, write) \
	{ name, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, hook, family, write }

const struct net_program net_programs[] = {
	ON_ADDRESS("jail_bind6", BPF_CGROUP_INET6_BIND, V6, write_bind),
	ON_ADDRESS("jail_connect4", BPF_CGROUP_INET4_CONNECT, V4,
	    write_connect),
	ON_ADDRESS("jail_connect6", BPF_CGROUP_INET6_CONNECT, V6,
	    write_connect),
	ON_ADDRESS("jail_sendmsg4", BPF_CGROUP_UDP4_SENDMSG, V4,
	    write_sendmsg),
	ON_ADDRESS("jail_sendmsg6", BPF_CGROUP_UDP6_SENDMSG, V6,
	    write_sendmsg),
	ON_ADDRESS("jail_name4", BPF_CGROUP_INET4_GETSOCKNAME, V4,
	    write_getsockname),
	ON_ADDRESS("jail_name6", BPF_CGROUP_INET6_GETSOCKNAME, V6,
	    write_getsockname),
	{ "jail_option", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT,
	    0, write_setsockopt },
	{ "jail_in", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS, 0,
	    write_packet },
	{ "jail_out", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, 1,
	    write_packet },
	{ "jail_socket", BPF_PROG_TYPE_CGROUP_SOCK,
	    BPF_CGROUP_INET_SOCK_CREATE, 0, write_socket },
	/* It uses all maps. */
	ON_ADDRESS("jail_bind4", BPF_CGROUP_INET4_BIND, V4, write_bind),
};
const size_t net_program_count =
    sizeof net_programs / sizeof *net_programs;
