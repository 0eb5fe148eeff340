/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/limits.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "specs/settings.h"

/* What limits memory counts in pages, which have at most so many bytes. */
#define PAGE_MOST 65536

static const char *const names[LIMIT_COUNT] = {
	[LIMIT_CPU] = "agent.limits.cpu",
	[LIMIT_MEMORY] = "agent.limits.memory",
	[LIMIT_PROCESSES] = "agent.limits.processes",
	[LIMIT_SWAP] = "agent.limits.swap",
};

bool
limits_of(const struct spec *s, struct jail_limits *l)
{
	*l = (struct jail_limits){ 0 };
	if (s == NULL)
		return false;
	l->most[LIMIT_CPU] = (uint64_t)s->agent.limits.cpu;
	l->most[LIMIT_MEMORY] = (uint64_t)s->agent.limits.memory;
	l->most[LIMIT_PROCESSES] = (uint64_t)s->agent.limits.processes;
	l->most[LIMIT_SWAP] = (uint64_t)s->agent.limits.swap;
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (l->most[i] != 0)
			return true;
	return false;
}

bool
limits_name(const char *name)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Kernels round memory down to whole pages. */
static bool
same(enum jail_limit which, uint64_t want, uint64_t have)
{
	if (which == LIMIT_CPU || which == LIMIT_PROCESSES)
		return want == have;
	return (want == 0) == (have == 0) &&
	    want / PAGE_MOST == have / PAGE_MOST;
}

static long
to_long(uint64_t value)
{
	return value > LONG_MAX ? LONG_MAX : (long)value;
}

/* A value as the spec would have it; nothing where there is no limit. */
static int
add_text(enum jail_limit which, uint64_t value, struct text_list *texts)
{
	const struct spec_agent a = { .limits = { .cpu = to_long(value),
	    .memory = to_long(value), .swap = to_long(value),
	    .processes = value > INT_MAX ? INT_MAX : (int)value } };
	char buf[64];

	return value == 0 ? 0 : text_list_add(texts,
	    setting_text(setting_find(names[which]), &a, buf, sizeof buf));
}

int
limits_diff(const struct plan_input *in, struct action *out,
    struct error *err)
{
	struct jail_limits want, was;

	limits_of(in->desired, &want);
	limits_of(in->applied, &was);
	for (int i = 0; i < LIMIT_COUNT && in->live->limits_known; i++) {
		uint64_t have = in->live->limits.most[i];
		struct change *c;

		/* One that no spec has spoken of is somebody else's. */
		if ((want.most[i] == 0 && was.most[i] == 0) ||
		    same(i, want.most[i], have))
			continue;
		c = action_add(out, names[i], HOW_LIVE);
		if (c == NULL || add_text(i, have, &c->from) != 0 ||
		    add_text(i, want.most[i], &c->to) != 0)
			return error_sys(err, ENOMEM, "plan");
		c->was_set = have != 0;
		c->is_set = want.most[i] != 0;
	}
	return 0;
}

const char *
limits_refuse(const struct spec_agent *a, const struct jail_params *params,
    char *buf, size_t size)
{
	for (int i = 0; i < LIMIT_COUNT && params->no_limit != NULL; i++) {
		bool alone = i == LIMIT_SWAP && a->limits.memory == 0;
		const struct error *why = &params->no_limit[alone ?
		    LIMIT_COUNT : i];

		if (why->code == 0 ||
		    setting_is_default(setting_find(names[i]), a))
			continue;
		snprintf(buf, size, "%s: this host cannot limit that: %s; or "
		    "remove the limit", names[i], why->text);
		return buf;
	}
	return NULL;
}
