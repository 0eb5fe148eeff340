/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/state.h"

int
state_open(struct inventory *inv, struct standing *standing,
    struct vault *vault, const struct paths *paths, const char *boot,
    bool writable, struct error *err)
{
	stamp_open(vault, paths);
	if (inventory_open(inv, paths, vault, boot, writable, err) != 0 ||
	    standing_open(standing, paths, vault, err) != 0)
		return -1;
	if (!writable || vault->stamped)
		return 0;
	return standing_stamp(standing, err) == 0 ?
	    stamp_all(vault, paths, err) : -1;
}
