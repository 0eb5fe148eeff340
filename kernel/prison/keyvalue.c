/* SPDX-License-Identifier: BSD-2-Clause */
#include "keyvalue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *
keyvalue_key(const struct option *o)
{
	const char *dot = strchr(o->name, '.');

	return dot == NULL ? NULL : dot + 1;
}

/* Whether the line at `p` is KEY=VALUE. */
static bool
is_line_of(const char *p, const char *key)
{
	size_t n = strlen(key);

	return strncmp(p, key, n) == 0 && p[n] == '=';
}

/* The line behind the one at `p`; NULL when that is the last one. */
static const char *
next_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p == '\n' ? p + 1 : NULL;
}

/* Of several lines with one key the last one counts. */
const char *
keyvalue_get(const char *text, const char *key, size_t *len)
{
	const char *found = NULL;

	for (const char *p = text; p != NULL; p = next_line(p))
		if (is_line_of(p, key))
			found = p + strlen(key) + 1;
	if (found != NULL)
		*len = strcspn(found, "\n");
	return found;
}

/*
 * Copies the text without the lines of the key.  Returns true when the last
 * line was one of them: then the newline in front of it is still there and
 * has to go, once the new text is put together.
 */
static bool
copy_others(char *to, const char *text, const char *key)
{
	bool open_end = false;

	for (const char *p = text; p != NULL; ) {
		const char *next = next_line(p);
		size_t n = next != NULL ? (size_t)(next - p) : strlen(p);

		if (!is_line_of(p, key)) {
			memcpy(to, p, n);
			to += n;
		} else if (next == NULL)
			open_end = true;
		p = next;
	}
	*to = '\0';
	return open_end;
}

static void
drop_newline(char *text)
{
	size_t n = strlen(text);

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
}

/* `value` NULL: the key goes. */
static int
set_key(struct arena *a, const char *key, const char *value, const char **text)
{
	size_t room = strlen(key) + strlen(*text) + 3 +
	    (value != NULL ? strlen(value) : 0);
	char *rest = arena_alloc(a, strlen(*text) + 1);
	char *new = arena_alloc(a, room);
	bool open_end;

	if (rest == NULL || new == NULL)
		return ENOMEM;
	open_end = copy_others(rest, *text, key);
	if (value == NULL)
		snprintf(new, room, "%s", rest);
	else
		snprintf(new, room, "%s=%s%s%s", key, value,
		    rest[0] != '\0' ? "\n" : "", rest);
	if (open_end && rest[0] != '\0')
		drop_newline(new);
	if (strlen(new) >= KEYVALUE_MAX)
		return EFBIG;
	*text = new;
	return 0;
}

int
keyvalue_set(struct arena *a, const struct option *o, const char **text)
{
	const char *key = keyvalue_key(o), *value = o->value;

	if (key != NULL && key[0] == '\0')
		return EINVAL;
	if (o->len > KEYVALUE_MAX)
		return EFBIG;
	if (o->len > 0 && value[o->len - 1] != '\0')
		return EINVAL;
	if (key != NULL)
		return set_key(a, key, value, text);
	*text = arena_copy(a, value, o->len > 0 ? strlen(value) : 0);
	return *text == NULL ? ENOMEM : 0;
}
