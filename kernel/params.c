/* SPDX-License-Identifier: BSD-2-Clause */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY { NULL, NULL }
#define NO(why) { "", why }
#define ONLY(values, why) { values, why }
#define PARAM(n, t, k, a, c, g, s, lo, hi, d, lin, dfly, h)                    \
	{ .name = n, .type = PARAM_##t, .kind = PARAM_##k,                     \
	    .access = PARAM_##a, .class = PARAM_##c, .generations = g,         \
	    .size = s, .min = lo, .max = hi, .dflt = d, .linux_rule = lin,     \
	    .dragonfly = dfly, .help = h },

const struct param_def param_table[] = {
#include "params.def"
};
const size_t param_count = sizeof param_table / sizeof *param_table;

static int
compare_name(const void *key, const void *def)
{
	return strcmp(key, ((const struct param_def *)def)->name);
}

static const struct param_def *
find_exact(const char *name)
{
	return bsearch(name, param_table, param_count, sizeof *param_table,
	    compare_name);
}

const struct param_def *
param_find(const char *name)
{
	const struct param_def *def = find_exact(name);
	const char *dot = strchr(name, '.');
	char base[16];

	if (def != NULL || dot == NULL || dot[1] == '\0' ||
	    (size_t)(dot - name) >= sizeof base)
		return def;
	memcpy(base, name, (size_t)(dot - name));
	base[dot - name] = '\0';
	def = find_exact(base);
	return def != NULL && def->type == PARAM_KEYVALUE ? def : NULL;
}

size_t
name_distance(const char *a, const char *b)
{
	size_t row[65], la = strlen(a), lb = strlen(b);

	if (la > 64 || lb > 64)
		return 64;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *
param_nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 4;

	for (size_t i = 0; i < param_count; i++) {
		size_t d = name_distance(name, param_table[i].name);

		if (d < best_distance && d * 2 < strlen(name)) {
			best_distance = d;
			best = param_table[i].name;
		}
	}
	return best;
}

const char *
param_type_name(enum param_type type)
{
	static const char *const names[] = {
		[PARAM_BOOL] = "boolean (true or false)",
		[PARAM_INT] = "integer",
		[PARAM_ULONG] = "non-negative integer",
		[PARAM_JAILSYS] = "disable, new or inherit",
		[PARAM_STRING] = "string",
		[PARAM_KEYVALUE] = "string",
		[PARAM_IP4] = "list of IPv4 addresses",
		[PARAM_IP6] = "list of IPv6 addresses",
		[PARAM_LIST] = "list of strings",
	};

	return names[type];
}

char *
param_negative(const char *name, char *buf, size_t size)
{
	const char *dot = strrchr(name, '.');
	size_t prefix = dot == NULL ? 0 : (size_t)(dot + 1 - name);
	int n = snprintf(buf, size, "%.*sno%s", (int)prefix, name,
	    name + prefix);

	return n < 0 || (size_t)n >= size ? NULL : buf;
}
