/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf_parts.h"

void
put_mark(struct bpf_text *t, const struct net_maps *maps, int reg, int flags)
{
	put_move(t, R2, reg);
	put_map(t, R1, maps->sockets);
	put_value(t, R3, 0);
	put_value(t, R4, flags);
	put_call(t, BPF_FUNC_sk_storage_get);
}

void
put_key_cgroup(struct bpf_text *t, int reg)
{
	for (int i = 0; i < 8; i += 4) {
		put_load(t, BYTES4, R1, reg, MARK(cgroup) + i);
		put_store(t, BYTES4, FP, KEY_CGROUP + i, R1);
	}
}

void
put_look_up(struct bpf_text *t, const struct net_maps *maps)
{
	put_store_value(t, BYTES4, FP, KEY, NET_ALL_BITS);
	put_map(t, R1, maps->addresses);
	put_move(t, R2, FP);
	put_add(t, R2, KEY);
	put_call(t, BPF_FUNC_map_lookup_elem);
}

void
put_if_own(struct bpf_text *t, const struct net_maps *maps, int label)
{
	int other = text_label(t);

	put_look_up(t, maps);
	put_if_null(t, R0, other);
	put_load(t, BYTES4, R1, R0, offsetof(struct net_address, own));
	put_if_other(t, R1, 0, label);
	text_here(t, other);
}

void
put_refusal(struct bpf_text *t, int code)
{
	put_value(t, R1, -code);
	put_call(t, BPF_FUNC_set_retval);
	put_return(t, 0);
}
