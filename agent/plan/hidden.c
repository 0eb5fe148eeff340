/* SPDX-License-Identifier: BSD-2-Clause */
/* Which values nobody is shown, be it in a plan, a status or a snapshot. */
#include "agent/plan/hidden.h"

bool
hidden_live(const struct spec *applied, const char *name)
{
	const struct param_def *def = param_find(name);
	const struct spec_param *p;

	if (def == NULL || def->type != PARAM_KEYVALUE)
		return false;
	if (applied == NULL)
		return true;
	p = spec_param_find(applied, name);
	return p != NULL && p->secret;
}
