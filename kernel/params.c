/* SPDX-License-Identifier: BSD-2-Clause */
#include "params.h"

#include <stdio.h>
#include <string.h>

#include "param_names.h"

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

_Static_assert(sizeof param_table / sizeof *param_table == P_COUNT,
    "param_names.h is of another table");

static const struct param_def *
find_exact(const char *name, size_t len)
{
	static const unsigned short slots[PARAM_HASH_SIZE] = PARAM_HASH_SLOTS;
	static const unsigned char lengths[P_COUNT] = PARAM_LENGTHS;
	const unsigned char *s = (const unsigned char *)name;

	if (len == 0)
		return NULL;
	for (size_t i = PARAM_HASH(s, len); slots[i] != 0;
	    i = (i + 1) % PARAM_HASH_SIZE) {
		unsigned at = slots[i] - 1u;

		if (lengths[at] == len &&
		    memcmp(param_table[at].name, name, len) == 0)
			return &param_table[at];
	}
	return NULL;
}

const struct param_def *
param_find(const char *name)
{
	const struct param_def *def = find_exact(name, strlen(name));
	const char *dot;

	if (def != NULL)
		return def;
	dot = strchr(name, '.');
	if (dot != NULL && dot[1] != '\0')
		def = find_exact(name, (size_t)(dot - name));
	return def != NULL && def->type == PARAM_KEYVALUE ? def :
	    param_find_added(name);
}

size_t
name_distance(const char *a, const char *b, size_t limit)
{
	size_t row[65], la = strlen(a), lb = strlen(b);

	if (la > 64 || lb > 64 || la + limit <= lb || lb + limit <= la)
		return limit;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0], least = i;

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			if (best < least)
				least = best;
		}
		/* No later row has less. */
		if (least >= limit)
			return limit;
	}
	return row[lb] < limit ? row[lb] : limit;
}

const char *
param_nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = 4;

	for (size_t i = 0;; i++) {
		const struct param_def *def = i < param_count ?
		    &param_table[i] : param_added(i - param_count);
		size_t d;

		if (def == NULL)
			return best;
		d = name_distance(name, def->name, best_distance);
		if (d < best_distance && d * 2 < strlen(name)) {
			best_distance = d;
			best = def->name;
		}
	}
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
