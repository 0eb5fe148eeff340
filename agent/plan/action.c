/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/action.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/error.h"

const char *
action_word(enum action_kind kind)
{
	static const char *const words[] = {
		[ACTION_NONE] = "none",
		[ACTION_CREATE] = "create",
		[ACTION_MODIFY] = "modify",
		[ACTION_RESTART] = "restart",
		[ACTION_REMOVE] = "remove",
		[ACTION_BLOCKED] = "blocked",
		[ACTION_CONFLICT] = "conflict",
	};

	return words[kind];
}

const char *
action_shown(const struct action *a)
{
	if (a->kind != ACTION_BLOCKED)
		return action_word(a->kind);
	return a->state != NULL ? a->state : a->paused ? "paused" : "blocked";
}

const char *
how_word(enum change_how how)
{
	static const char *const words[] = {
		[HOW_LIVE] = "live",
		[HOW_RESTART] = "restart",
		[HOW_USERLAND] = "userland",
	};

	return words[how];
}

void
change_free(struct change *c)
{
	free(c->name);
	text_list_free(&c->from);
	text_list_free(&c->to);
}

void
action_free(struct action *a)
{
	for (size_t i = 0; i < a->count; i++)
		change_free(&a->change[i]);
	free(a->change);
	text_list_free(&a->waits);
	text_list_free(&a->lost);
	free(a->name);
	free(a->reason);
	memset(a, 0, sizeof *a);
}

int
action_decide(struct action *out, enum action_kind kind, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	free(out->reason);
	out->reason = strdup(text);
	out->kind = kind;
	return out->reason == NULL ? -1 : 0;
}

struct change *
action_add(struct action *a, const char *name, enum change_how how)
{
	struct change *c = realloc(a->change, (a->count + 1) * sizeof *c);

	if (c == NULL)
		return NULL;
	a->change = c;
	c += a->count;
	memset(c, 0, sizeof *c);
	c->name = strdup(name);
	if (c->name == NULL)
		return NULL;
	c->how = how;
	a->count++;
	return c;
}

void
action_list(const struct action *a, enum change_how how, char *buf,
    size_t size)
{
	size_t n = 0, shown = 0, used = 0;

	for (size_t i = 0; i < a->count; i++)
		n += a->change[i].how == how;
	buf[0] = '\0';
	for (size_t i = 0; i < a->count && shown < 4; i++) {
		if (a->change[i].how != how)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
		    shown == 0 ? "" : ", ", a->change[i].name);
		shown++;
		if (used >= size)
			return;
	}
	if (n > shown)
		snprintf(buf + used, size - used, " and %zu more", n - shown);
}

bool
action_has(const struct action *a, enum change_how how)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->change[i].how == how)
			return true;
	return false;
}

static bool
has_change(const struct action *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->change[i].name, name) == 0)
			return true;
	return false;
}

void
action_differs(const struct action *a, char *buf, size_t size)
{
	char names[512];

	action_list(a, action_has(a, HOW_LIVE) ? HOW_LIVE : HOW_USERLAND, names,
	    sizeof names);
	if (action_has(a, HOW_LIVE))
		snprintf(buf, size, "%s differs", names);
	else if (a->lost.count > 0)
		snprintf(buf, size, "%s is not on the host any more",
		    a->lost.text[0]);
	else
		snprintf(buf, size, "%s changed%s", names,
		    has_change(a, "interface") ? "" :
		    "; used the next time it is needed");
}
