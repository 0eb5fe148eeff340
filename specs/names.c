/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/*
 * The parameter whose negative form `name` is: "no" in front of its last
 * component (jail(8)), or of the whole name.  NULL: none.
 */
static const struct param_def *
positive(const char *name, char *buf, size_t size)
{
	const char *dot = strrchr(name, '.');
	const char *cuts[] = { name, dot == NULL ? name : dot + 1 };

	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		const struct param_def *def;

		if (strncmp(cuts[i], "no", 2) != 0)
			continue;
		if ((size_t)snprintf(buf, size, "%.*s%s",
		    (int)(cuts[i] - name), name, cuts[i] + 2) >= size)
			continue;
		def = param_find(buf);
		if (def != NULL && (def->type == PARAM_BOOL ||
		    def->type == PARAM_JAILSYS))
			return def;
	}
	return NULL;
}

/* The shortest parameter whose last component is `name`. */
static const char *
same_end(const char *name)
{
	size_t len = strlen(name);
	const char *best = NULL;

	for (size_t i = 0; i < param_count; i++) {
		const char *known = param_table[i].name;
		size_t n = strlen(known);

		if (n > len + 1 && known[n - len - 1] == '.' &&
		    strcmp(known + n - len, name) == 0 &&
		    (best == NULL || n < strlen(best)))
			best = known;
	}
	return best;
}

/* The keys of a document that are no parameters. */
static const char *
nearest_key(const char *name)
{
	static const char *const keys[] = { "agent", "name", "vars" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t limit = strlen(name) > 4 ? 3 : 2;

		if (name_distance(name, keys[i], limit) < limit)
			return keys[i];
	}
	return NULL;
}

static const char *
nearest_name(const char *name)
{
	const char *key = nearest_key(name), *end = same_end(name);
	const char *nearest = param_nearest(name);

	if (nearest != NULL && name_distance(name, nearest, 2) < 2)
		return nearest;
	return key != NULL ? key : end != NULL ? end : nearest;
}

int
names_unknown(const char *name, const char *value, struct error *err)
{
	char buf[128];
	const struct param_def *def = positive(name, buf, sizeof buf);
	const char *nearest;

	if (def != NULL && def->type == PARAM_JAILSYS)
		return error_set(err, EINVAL, "unknown parameter \"%s\": write "
		    "%s: %s", name, def->name, def->min == 0 ? "disable" :
		    "inherit");
	if (def != NULL)
		return error_set(err, EINVAL, "unknown parameter \"%s\": "
		    "booleans are written in their positive form; write "
		    "%s: %s", name, def->name, value != NULL &&
		    strcmp(value, "false") == 0 ? "true" : "false");
	nearest = nearest_name(name);
	return error_set(err, EINVAL, "unknown parameter \"%.*s\"%s%s%s",
	    TEXT_SHOWN, name, nearest != NULL ? "; did you mean " : "",
	    nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}
