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

/*
 * The names in the table, and those above them that are none: the number of
 * one, NAME_COUNT if there is no such name.
 */
static const char *const groups[] = PARAM_GROUPS;
#define NAME_COUNT (P_COUNT + sizeof groups / sizeof *groups)

static size_t
find_exact(const char *name, size_t len)
{
	static const unsigned short slots[PARAM_HASH_SIZE] = PARAM_HASH_SLOTS;
	static const unsigned char lengths[NAME_COUNT] = PARAM_LENGTHS;
	const unsigned char *s = (const unsigned char *)name;

	if (len == 0)
		return NAME_COUNT;
	for (size_t i = PARAM_HASH(s, len); slots[i] != 0;
	    i = (i + 1) % PARAM_HASH_SIZE) {
		size_t at = slots[i] - 1u;
		const char *known = at < P_COUNT ? param_table[at].name :
		    groups[at - P_COUNT];

		if (lengths[at] == len && memcmp(known, name, len) == 0)
			return at;
	}
	return NAME_COUNT;
}

const struct param_def *
param_find(const char *name)
{
	size_t at = find_exact(name, strlen(name));
	const char *dot;

	if (at < P_COUNT)
		return &param_table[at];
	dot = strchr(name, '.');
	if (dot != NULL && dot[1] != '\0')
		at = find_exact(name, (size_t)(dot - name));
	return at < P_COUNT && param_table[at].type == PARAM_KEYVALUE ?
	    &param_table[at] : param_find_added(name);
}

bool
param_group(const char *name)
{
	size_t len = strlen(name), at = find_exact(name, len);

	/* What is below a name follows it in the table. */
	if (at < P_COUNT && at + 1 < P_COUNT &&
	    strncmp(param_table[at + 1].name, name, len) == 0 &&
	    param_table[at + 1].name[len] == '.')
		return true;
	if (at >= P_COUNT && at < NAME_COUNT)
		return true;
	for (size_t i = 0; param_added(i) != NULL; i++) {
		const char *added = param_added(i)->name;

		if (strncmp(added, name, len) == 0 && added[len] == '.')
			return true;
	}
	return false;
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
