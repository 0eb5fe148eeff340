/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs of bpf_code.h have in common.  Registers are not kept. */
#ifndef JA_LINUX_BPF_PARTS_H
#define JA_LINUX_BPF_PARTS_H

#include "bpf_code.h"

/* On the stack of each program: a key of the map `addresses`. */
#define KEY (-40)
#define KEY_CGROUP (KEY + (int)offsetof(struct net_key, cgroup))
#define KEY_ADDRESS (KEY + (int)offsetof(struct net_key, address))

/* The third word of ::ffff:a.b.c.d. */
#define SHORT_MASK ((int32_t)htonl(0x0000ffff))

/* Families as they index arrays. */
enum { V4, V6 };

#define SOCK(field) ((int)offsetof(struct bpf_sock, field))
#define JAIL(field) ((int)offsetof(struct net_jail, field))
#define MARK(field) ((int)offsetof(struct net_socket, field))

static inline int
count_of(int family)
{
	return JAIL(count) + 4 * family;
}

/* R0 = the storage of the socket in `reg`, or NULL. */
void put_mark(struct bpf_text *t, const struct net_maps *maps, int reg,
    int flags);

/* The cgroup of the mark in `reg` becomes that of the key. */
void put_key_cgroup(struct bpf_text *t, int reg);

/* R0 = what the trie has for the address of the key, or NULL. */
void put_look_up(struct bpf_text *t, const struct net_maps *maps);

/* Goes to the label if the address of the key is one of the jail's. */
void put_if_own(struct bpf_text *t, const struct net_maps *maps, int label);

/* Ends the program with an error of the call that it judges. */
void put_refusal(struct bpf_text *t, int code);

/* bpf_address.c: what is bound to, connected to, sent to; by family. */
void write_bind(struct bpf_text *t, const struct net_maps *maps, int family);
void write_connect(struct bpf_text *t, const struct net_maps *maps,
    int family);
void write_sendmsg(struct bpf_text *t, const struct net_maps *maps,
    int family);
void write_getsockname(struct bpf_text *t, const struct net_maps *maps,
    int family);

#endif
