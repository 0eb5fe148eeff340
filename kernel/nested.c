/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/nested.h"

#include <string.h>

#include "kernel/jail.h"

static const struct {
	const char *name;
	enum nested_rule rule;
} rules[] = {
	{ "allow.unprivileged_parent_tampering", NESTED_OPEN },
	{ "allow.unprivileged_proc_debug", NESTED_OPEN },
	{ "children.max", NESTED_BELOW },
	{ "devfs_ruleset", NESTED_SAME },
	{ "enforce_statfs", NESTED_AT_LEAST },
	{ "ip4.addr", NESTED_AMONG },
	{ "ip6.addr", NESTED_AMONG },
	{ "securelevel", NESTED_AT_LEAST },
	{ "sysvmsg", NESTED_FACILITY },
	{ "sysvsem", NESTED_FACILITY },
	{ "sysvshm", NESTED_FACILITY },
};

enum nested_rule
nested_rule(const char *param)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(rules[i].name, param) == 0)
			return rules[i].rule;
	return strncmp(param, "allow.", 6) == 0 ? NESTED_RIGHT : NESTED_FREE;
}

bool
nested_fits(enum nested_rule rule, long value, long parent)
{
	switch (rule) {
	case NESTED_AT_LEAST:
		return value >= parent;
	case NESTED_BELOW:
		return value < parent;
	case NESTED_RIGHT:
		return value == 0 || parent != 0;
	case NESTED_FACILITY:
		return value == JAIL_SYS_DISABLE || parent != JAIL_SYS_DISABLE;
	default:
		return true;
	}
}

long
nested_after(enum nested_rule rule, long value, long parent, int depth)
{
	long most = parent > depth ? parent - depth : 0;

	switch (rule) {
	case NESTED_AT_LEAST:
		return value < parent ? parent : value;
	case NESTED_BELOW:
		return value > most ? most : value;
	case NESTED_SAME:
		return parent;
	case NESTED_RIGHT:
	case NESTED_OPEN:
		return parent != 0 ? value : 0;
	case NESTED_FACILITY:
		return parent != JAIL_SYS_DISABLE ? value : JAIL_SYS_DISABLE;
	default:
		return value;
	}
}
