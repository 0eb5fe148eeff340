/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/defaults.h"

#include <string.h>

#include "agent/plan/parent.h"

/*
 * The value that a parameter goes back to.  Where the table has none (the
 * parent's), and the parent is the host, booleans of allow.* are on.
 */
static const char *
default_of(const struct plan_input *in, const struct param_def *def)
{
	/* jail_set(2): allow.sysvipc decides about those not mentioned. */
	if (strncmp(def->name, "sysv", 4) == 0 &&
	    spec_bool(in->desired, "allow.sysvipc"))
		return "inherit";
	if (def->dflt != NULL)
		return def->dflt;
	return def->type == PARAM_BOOL && strchr(in->name, '.') == NULL ?
	    "true" : NULL;
}

int
default_texts(const struct plan_input *in, const struct param_def *def,
    bool key, struct text_list *texts, bool *known)
{
	const char *d = key ? "" : default_of(in, def);
	int rc = 0;

	if (d == NULL)
		rc = parent_default(in->parent, def->name, texts);
	else if (!key && (d[0] != '\0' || (def->type != PARAM_IP4 &&
	    def->type != PARAM_IP6 && def->type != PARAM_LIST)))
		rc = text_list_add(texts, d);
	*known = d != NULL || texts->count > 0;
	return rc;
}

/* What a nested jail may do, its parent may, too; no level is below the host's. */
bool
default_surely(const struct param_def *def, const struct text_list *have)
{
	const char *least = def->type == PARAM_BOOL ? "true" :
	    strcmp(def->name, "securelevel") == 0 ? "-1" : NULL;

	return least != NULL && have->count == 1 &&
	    strcmp(have->text[0], least) == 0;
}
