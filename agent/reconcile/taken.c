/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/taken.h"

#include <string.h>

#include "agent/reconcile/reconcile.h"

bool
taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size)
{
	const struct managed *holder;
	struct error ignored;

	error_clear(&ignored);
	if (spec_text(m->desired, "jid") == NULL ||
	    live_name(r->shop.observer, (int)spec_int(m->desired, "jid"), by,
	    size, &ignored) != 0 || strcmp(by, m->name) == 0)
		return false;
	holder = reconciler_jail(r, by, false);
	return holder == NULL || (holder->desired == NULL &&
	    !holder->unwanted);
}
