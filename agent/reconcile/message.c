/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/message.h"

#include <stdio.h>

static const char *const done_word[] = {
	[ACTION_NONE] = "unchanged",
	[ACTION_CREATE] = "created",
	[ACTION_MODIFY] = "updated",
	[ACTION_RESTART] = "restarted",
	[ACTION_REMOVE] = "removed",
	[ACTION_BLOCKED] = "blocked",
	[ACTION_CONFLICT] = "conflict",
};

const char *
message_of(const struct action *a, const struct outcome *o, bool full,
    char *buf, size_t size)
{
	const char *word = !o->up && (a->kind == ACTION_RESTART || a->stays) ?
	    "stopped" :
	    done_word[a->kind];
	int n;

	if (!o->ok) {
		snprintf(buf, size, "%s: %s %s: %s", a->name,
		    action_word(a->kind), o->given_up ? "given up" : "failed",
		    o->error);
		return buf;
	}
	n = snprintf(buf, size, "%s: %s", a->name, word);
	if (full && n >= 0 && (size_t)n < size && o->jid != 0)
		n += snprintf(buf + n, size - (size_t)n, " (jid %d)", o->jid);
	if (full && n >= 0 && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, ": %s; %.1f ms",
		    a->reason, (double)o->took_us / 1000);
	if (o->error[0] != '\0' && n >= 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, "; warning: %s", o->error);
	return buf;
}
