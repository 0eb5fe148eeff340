/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/state.h"

#include <errno.h>
#include <stdio.h>

/* As on a full disk: all is believed as before, and the next one tries again. */
static int
note_unstamped(struct inventory *inv, struct error *err)
{
	char text[ERROR_TEXT_MAX + 160];

	snprintf(text, sizeof text, "%s: what is kept in the state directory is "
	    "not stamped yet, so changes of it are not found; the next agent "
	    "tries it again", err->text);
	error_clear(err);
	return text_list_add(&inv->notes, text) == 0 ? 0 :
	    error_sys(err, ENOMEM, "inventory");
}

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
	return standing_stamp(standing, err) == 0 &&
	    stamp_all(vault, paths, err) == 0 ? 0 : note_unstamped(inv, err);
}
