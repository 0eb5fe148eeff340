/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs on addresses: FreeBSD's prison_local_ip4(9) and its like. */
#include "bpf_parts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>

#define SOCKADDR (-80) /* on the stack: a sockaddr_in6 */
#define OPTION (-80)   /* on the stack: an int */

#define LOOPBACK ((int32_t)htonl(INADDR_LOOPBACK))
#define LOOPBACK6 ((int32_t)htonl(1)) /* the last word of ::1 */
#define LOOPBACK_NET ((int32_t)htonl(0x7f000000))
#define LOOPBACK_MASK ((int32_t)htonl(0xff000000))

#define ADDR(field) ((int)offsetof(struct bpf_sock_addr, field))

/*
 * A program on an address: R6 is its context, R7 the mark of the socket, R8
 * the jail.
 */
struct program {
	struct bpf_text *t;
	const struct net_maps *maps;
	int family; /* of the context */
	int allow, not_ours, no_family; /* labels of the ends */
	/*
	 * For bind(2): to what can be nobody else's, so that sharing the port
	 * takes nothing from others; to the address of all.
	 */
	int own, wide;
};

/* Where an address is in the context. */
struct place {
	int v4, v6;
};
static const struct place user = { ADDR(user_ip4), ADDR(user_ip6) };
static const struct place source = { ADDR(msg_src_ip4), ADDR(msg_src_ip6) };

static int
primary_of(int family)
{
	return JAIL(primary) + 16 * family;
}

/* Sockets without a mark are allowed all; a jail that is gone nothing. */
static void
begin(struct program *p, struct bpf_text *t, const struct net_maps *maps,
    int family)
{
	*p = (struct program){ .t = t, .maps = maps, .family = family,
		.allow = text_label(t), .not_ours = text_label(t),
		.no_family = text_label(t) };
	put_move(t, R6, R1);
	put_load(t, BYTES8, R2, R6, ADDR(sk));
	put_mark(t, maps, R2, 0);
	put_if_null(t, R0, p->allow);
	put_move(t, R7, R0);
	put_key_cgroup(t, R7);
	put_map(t, R1, maps->jails);
	put_move(t, R2, FP);
	put_add(t, R2, KEY_CGROUP);
	put_call(t, BPF_FUNC_map_lookup_elem);
	put_if_null(t, R0, p->not_ours);
	put_move(t, R8, R0);
}

static void
finish(struct program *p)
{
	text_here(p->t, p->not_ours);
	put_refusal(p->t, EADDRNOTAVAIL);
	text_here(p->t, p->no_family);
	put_refusal(p->t, EAFNOSUPPORT);
	text_here(p->t, p->allow);
	put_return(p->t, 1);
}

/* Copies an address of the context into the key. */
static void
put_take_address(struct program *p, struct place from)
{
	struct bpf_text *t = p->t;

	if (p->family == V4) {
		put_store_value(t, BYTES4, FP, KEY_ADDRESS, 0);
		put_store_value(t, BYTES4, FP, KEY_ADDRESS + 4, 0);
		put_store_value(t, BYTES4, FP, KEY_ADDRESS + 8, SHORT_MASK);
		put_load(t, BYTES4, R1, R6, from.v4);
		put_store(t, BYTES4, FP, KEY_ADDRESS + 12, R1);
		return;
	}
	for (int i = 0; i < 16; i += 4) {
		put_load(t, BYTES4, R1, R6, from.v6 + i);
		put_store(t, BYTES4, FP, KEY_ADDRESS + i, R1);
	}
}

/* Writes the address of a family at *R9 into the context, and into the key. */
static void
put_give_address(struct program *p, int family, struct place to)
{
	struct bpf_text *t = p->t;
	int at = p->family == V4 ? to.v4 - 12 : to.v6;

	/* IPv4 on an IPv6 socket: the words before have the right value. */
	for (int i = family == V4 ? 12 : 0; i < 16; i += 4) {
		put_load(t, BYTES4, R1, R9, i);
		put_store(t, BYTES4, R6, at + i, R1);
		put_store(t, BYTES4, FP, KEY_ADDRESS + i, R1);
	}
}

static void
put_give_primary(struct program *p, int family, struct place to)
{
	put_move(p->t, R9, R8);
	put_add(p->t, R9, primary_of(family));
	put_give_address(p, family, to);
}

/* Goes to the label if the address of the key is 0.0.0.0 or ::. */
static void
put_if_wildcard(struct program *p, int family, int label)
{
	struct bpf_text *t = p->t;

	put_load(t, BYTES4, R1, FP, KEY_ADDRESS + 12);
	for (int i = 0; i < 12 && family == V6; i += 4) {
		put_load(t, BYTES4, R2, FP, KEY_ADDRESS + i);
		put_or(t, R1, R2);
	}
	put_if_equal(t, R1, 0, label);
}

/*
 * Goes to the label if the address of the key is 127.0.0.1 or ::1; `whole`:
 * or any of 127/8, since all of that is the host itself on Linux.
 */
static void
put_if_loopback(struct program *p, int family, bool whole, int label)
{
	struct bpf_text *t = p->t;
	int other = text_label(t);

	put_load(t, BYTES4, R1, FP, KEY_ADDRESS + 12);
	if (family == V4 && whole) {
		put_and(t, R1, LOOPBACK_MASK);
		put_if_equal(t, R1, LOOPBACK_NET, label);
	} else if (family == V4) {
		put_if_equal(t, R1, LOOPBACK, label);
	} else {
		put_if_other(t, R1, LOOPBACK6, other);
		put_value(t, R1, 0);
		for (int i = 0; i < 12; i += 4) {
			put_load(t, BYTES4, R2, FP, KEY_ADDRESS + i);
			put_or(t, R1, R2);
		}
		put_if_equal(t, R1, 0, label);
	}
	text_here(t, other);
}

/* Runs `rule` for the family of the address in the key. */
static void
put_by_family(struct program *p, void (*rule)(struct program *p, int family))
{
	struct bpf_text *t = p->t;
	int mapped = text_label(t), v6 = text_label(t);

	if (p->family == V4) {
		rule(p, V4);
		return;
	}
	put_load(t, BYTES4, R1, FP, KEY_ADDRESS);
	put_load(t, BYTES4, R2, FP, KEY_ADDRESS + 4);
	put_or(t, R1, R2);
	put_if_other(t, R1, 0, v6);
	put_load(t, BYTES4, R1, FP, KEY_ADDRESS + 8);
	put_if_equal(t, R1, SHORT_MASK, mapped);
	text_here(t, v6);
	rule(p, V6);
	text_here(t, mapped);
	rule(p, V4);
}

/*
 * Goes to the label unless a wildcard stands for the jail's only address: an
 * IPv6 socket that takes IPv4 too has to stay what it is.
 */
static void
put_unless_only(struct program *p, int family, int label)
{
	struct bpf_text *t = p->t;
	int only = text_label(t);

	put_load(t, BYTES4, R1, R8, count_of(family));
	put_if_other(t, R1, 1, label);
	if (family == V4)
		return;
	put_load(t, BYTES4, R1, R7, MARK(v6only));
	put_if_other(t, R1, 0, only);
	put_load(t, BYTES4, R1, R8, count_of(V4));
	put_if_other(t, R1, 0, label);
	text_here(t, only);
}

/* All of a family, or nothing of it. */
static void
put_judge_family(struct program *p, int family)
{
	put_load(p->t, BYTES4, R1, R8, count_of(family));
	put_if_equal(p->t, R1, (int32_t)NET_ANY, p->allow);
	put_if_equal(p->t, R1, 0, p->no_family);
}

/* prison_local_ip4(9), prison_local_ip6(9) */
static void
local_rule(struct program *p, int family)
{
	struct bpf_text *t = p->t;
	int wildcard = text_label(t), primary = text_label(t);
	int inherited = text_label(t);

	put_load(t, BYTES4, R1, R8, count_of(family));
	put_if_equal(t, R1, (int32_t)NET_ANY, inherited);
	put_if_equal(t, R1, 0, p->no_family);
	put_if_wildcard(p, family, wildcard);
	put_if_own(t, p->maps, p->own);
	put_if_loopback(p, family, false, primary);
	put_jump(t, p->not_ours);
	text_here(t, wildcard);
	put_unless_only(p, family, p->wide);
	text_here(t, primary);
	put_give_primary(p, family, user);
	put_jump(t, p->own);
	text_here(t, inherited);
	/* One that takes IPv4 too gets what is for others, who have that. */
	if (family == V6) {
		put_load(t, BYTES4, R1, R7, MARK(v6only));
		put_if_other(t, R1, 0, p->own);
		put_if_wildcard(p, family, p->wide);
	}
	put_jump(t, p->own);
}

/* R1 = 0: the option is off. */
static void
put_set_option(struct bpf_text *t, int option)
{
	put_store(t, BYTES4, FP, OPTION, R1);
	put_move(t, R1, R6);
	put_value(t, R2, SOL_SOCKET);
	put_value(t, R3, option);
	put_move(t, R4, FP);
	put_add(t, R4, OPTION);
	put_value(t, R5, 4);
	put_call(t, BPF_FUNC_setsockopt);
}

/*
 * Sharing of the port as it was asked for, or none.  A socket that was never
 * bound has none: its options are wishes.  No program is told of a bind(2) that
 * the kernel then refuses, nor of the port that listen(2) and sendto(2) choose:
 * what was granted lasts until the next bind(2).
 */
static void
put_share(struct program *p)
{
	struct bpf_text *t = p->t;
	int set = text_label(t);

	text_here(t, p->wide);
	put_load(t, BYTES4, R9, R7, MARK(share));
	put_move(t, R1, R9);
	put_and(t, R1, NET_SHARE_GIVEN);
	put_if_equal(t, R1, 0, p->allow);
	put_and(t, R9, ~NET_SHARE_GIVEN);
	put_store(t, BYTES4, R7, MARK(share), R9);
	put_value(t, R9, 0);
	put_jump(t, set);
	text_here(t, p->own);
	put_load(t, BYTES4, R9, R7, MARK(share));
	put_move(t, R1, R9);
	put_value(t, R2, NET_SHARE_GIVEN);
	put_or(t, R1, R2);
	put_store(t, BYTES4, R7, MARK(share), R1);
	put_if_equal(t, R9, 0, p->allow);
	text_here(t, set);
	put_move(t, R1, R9);
	put_and(t, R1, NET_SHARE_PORT);
	put_set_option(t, SO_REUSEPORT);
	put_load(t, BYTES4, R1, R6, ADDR(protocol));
	put_if_other(t, R1, IPPROTO_UDP, p->allow);
	put_move(t, R1, R9);
	put_and(t, R1, NET_SHARE_ADDRESS);
	put_set_option(t, SO_REUSEADDR);
	put_jump(t, p->allow);
}

void
write_bind(struct bpf_text *t, const struct net_maps *maps, int family)
{
	struct program p;

	begin(&p, t, maps, family);
	p.own = text_label(t);
	p.wide = text_label(t);
	put_take_address(&p, user);
	put_by_family(&p, local_rule);
	put_share(&p);
	finish(&p);
}

/* prison_remote_ip4(9), prison_remote_ip6(9); goes on with what follows. */
static void
put_remote(struct program *p, int family)
{
	struct bpf_text *t = p->t;
	int primary = text_label(t), done = text_label(t);

	put_judge_family(p, family);
	put_if_wildcard(p, family, primary);
	put_if_own(t, p->maps, done);
	put_if_loopback(p, family, true, primary);
	put_jump(t, done);
	text_here(t, primary);
	put_give_primary(p, family, user);
	text_here(t, done);
}

/*
 * R9 = the address from which that of the key is reached: the primary, or with
 * saddrsel one on the interface that has it, or its net.  What the trie says of
 * a net may be older than the jail's list: it must lead to an own address.
 */
static void
put_choose(struct program *p, int family)
{
	struct bpf_text *t = p->t;
	int primary = text_label(t), chosen = text_label(t);

	put_load(t, BYTES4, R1, R8, JAIL(select) + 4 * family);
	put_if_equal(t, R1, 0, primary);
	put_look_up(t, p->maps);
	put_if_null(t, R0, primary);
	for (int i = 0; i < 16; i += 4) {
		put_load(t, BYTES4, R1, R0, i +
		    (int)offsetof(struct net_address, address));
		put_store(t, BYTES4, FP, KEY_ADDRESS + i, R1);
	}
	put_look_up(t, p->maps);
	put_if_null(t, R0, primary);
	put_move(t, R9, R0);
	put_add(t, R9, offsetof(struct net_address, address));
	put_load(t, BYTES4, R1, R0, offsetof(struct net_address, own));
	put_if_other(t, R1, 0, chosen);
	text_here(t, primary);
	put_move(t, R9, R8);
	put_add(t, R9, primary_of(family));
	text_here(t, chosen);
}

/* The socket's own address as bits: R1 is 0 when it has none. */
static void
put_bound(struct program *p)
{
	struct bpf_text *t = p->t;

	put_load(t, BYTES8, R3, R6, ADDR(sk));
	if (p->family == V4) {
		put_load(t, BYTES4, R1, R3, SOCK(src_ip4));
		return;
	}
	put_value(t, R1, 0);
	for (int i = 0; i < 16; i += 4) {
		put_load(t, BYTES4, R2, R3, SOCK(src_ip6) + i);
		put_or(t, R1, R2);
	}
}

/* A sockaddr of the context's family with the address at *R9, port 0. */
static void
put_sockaddr(struct program *p)
{
	struct bpf_text *t = p->t;
	int at = SOCKADDR + (p->family == V4 ?
	    (int)offsetof(struct sockaddr_in, sin_addr) - 12 :
	    (int)offsetof(struct sockaddr_in6, sin6_addr));

	for (int i = 0; i < 32; i += 8)
		put_store_value(t, BYTES8, FP, SOCKADDR + i, 0);
	put_store_value(t, BYTES2, FP, SOCKADDR, p->family == V4 ? AF_INET :
	    AF_INET6);
	for (int i = p->family == V4 ? 12 : 0; i < 16; i += 4) {
		put_load(t, BYTES4, R1, R9, i);
		put_store(t, BYTES4, FP, at + i, R1);
	}
}

/*
 * A socket that has no address yet gets one.  When it cannot, because it has a
 * port already, the kernel chooses, and what leaves is judged there.
 */
static void
connect_rule(struct program *p, int family)
{
	struct bpf_text *t = p->t;

	put_remote(p, family);
	put_bound(p);
	put_if_other(t, R1, 0, p->allow);
	put_choose(p, family);
	put_sockaddr(p);
	put_move(t, R1, R6);
	put_move(t, R2, FP);
	put_add(t, R2, SOCKADDR);
	put_value(t, R3, p->family == V4 ? (int)sizeof(struct sockaddr_in) :
	    (int)sizeof(struct sockaddr_in6));
	put_call(t, BPF_FUNC_bind);
	put_if_equal(t, R0, -EADDRNOTAVAIL, p->not_ours);
	put_jump(t, p->allow);
}

void
write_connect(struct bpf_text *t, const struct net_maps *maps, int family)
{
	struct program p;

	begin(&p, t, maps, family);
	put_take_address(&p, user);
	put_by_family(&p, connect_rule);
	finish(&p);
}

/* The source may be the socket's, or one that comes with the message. */
void
write_sendmsg(struct bpf_text *t, const struct net_maps *maps, int family)
{
	struct program p;
	int choose, loopback;

	begin(&p, t, maps, family);
	choose = text_label(t);
	loopback = text_label(t);
	put_take_address(&p, user);
	put_remote(&p, family);
	put_value(t, R1, 0);
	for (int i = 0; i < (family == V4 ? 4 : 16); i += 4) {
		put_load(t, BYTES4, R2, R6, (family == V4 ? source.v4 :
		    source.v6) + i);
		put_or(t, R1, R2);
	}
	put_if_equal(t, R1, 0, choose);
	put_take_address(&p, source);
	put_if_own(t, maps, p.allow);
	put_if_loopback(&p, family, false, loopback);
	put_jump(t, p.not_ours);
	text_here(t, loopback);
	put_give_primary(&p, family, source);
	put_jump(t, p.allow);
	text_here(t, choose);
	put_choose(&p, family);
	put_give_address(&p, family, source);
	put_jump(t, p.allow);
	finish(&p);
}

/* listen(2) without a bind(2): FreeBSD binds to the only address then. */
void
write_getsockname(struct bpf_text *t, const struct net_maps *maps, int family)
{
	struct program p;

	begin(&p, t, maps, family);
	put_load(t, BYTES4, R1, R6, ADDR(type));
	put_if_other(t, R1, SOCK_STREAM, p.allow);
	put_load(t, BYTES4, R1, R6, ADDR(user_port));
	put_if_equal(t, R1, 0, p.allow);
	put_take_address(&p, user);
	put_load(t, BYTES4, R1, FP, KEY_ADDRESS + 12);
	for (int i = 0; i < 12 && family == V6; i += 4) {
		put_load(t, BYTES4, R2, FP, KEY_ADDRESS + i);
		put_or(t, R1, R2);
	}
	put_if_other(t, R1, 0, p.allow);
	put_unless_only(&p, family, p.allow);
	put_give_primary(&p, family, user);
	/* Nothing is refused here. */
	text_here(t, p.not_ours);
	text_here(t, p.no_family);
	text_here(t, p.allow);
	put_return(t, 1);
}
