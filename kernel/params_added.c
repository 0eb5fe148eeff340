/* SPDX-License-Identifier: BSD-2-Clause */
/* What the running kernel adds to the table of parameters. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "jail.h"
#include "call.h"

/* Definitions are referred to: each is in memory of its own, and stays. */
static struct {
	struct param_def **def;
	size_t count;
} added;

const struct param_def *
param_added(size_t i)
{
	return i < added.count ? added.def[i] : NULL;
}

const struct param_def *
param_find_added(const char *name)
{
	for (size_t i = 0; i < added.count; i++) {
		if (strcmp(added.def[i]->name, name) == 0)
			return added.def[i];
	}
	return NULL;
}

/* A definition of what the kernel tells, which is not much. */
static struct param_def *
make_def(const struct jail_param_info *info)
{
	struct param_def *def = calloc(1, sizeof *def);
	char *name = strdup(info->name);

	if (def == NULL || name == NULL) {
		free(def);
		free(name);
		return NULL;
	}
	*def = (struct param_def){ .name = name, .type = info->type,
		.kind = PARAM_KERNEL, .access = info->access,
		.class = info->access == PARAM_RW ? PARAM_LIVE :
						    PARAM_RESTART,
		.size = info->size, .help = "Brought by the running kernel." };
	/* prison_add_allow(): off in a new jail. */
	if (info->type == PARAM_BOOL)
		def->dflt = "false";
	if (info->type == PARAM_INT) {
		def->min = INT_MIN;
		def->max = INT_MAX;
	}
	return def;
}

int
param_add(const struct jail_param_info *info)
{
	struct param_def **grown, *def;

	if (param_find(info->name) != NULL)
		return 0;
	grown = realloc(added.def, (added.count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	added.def = grown;
	def = make_def(info);
	if (def == NULL)
		return -1;
	added.def[added.count++] = def;
	return 0;
}

static int
add_each(void *arg, const struct jail_param_info *info)
{
	(void)arg;
	return param_add(info);
}

size_t
kernel_learn(const char *name)
{
	const struct kernel_options opt = { .read_only = true };
	size_t before = added.count;
	struct jail_kernel *k;

	if (!kernel_may_learn(name))
		return 0;
	k = kernel_open(name, &opt, NULL);
	if (k != NULL)
		(void)k->backend->params(k, add_each, NULL);
	kernel_close(k);
	return added.count - before;
}
