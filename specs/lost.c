/* SPDX-License-Identifier: BSD-2-Clause */
#include "lost.h"

#include <stdbool.h>
#include <string.h>

#include "rules.h"

#define NAME_MAX_LEN 255

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\r';
}

/* Where the value begins if a key `name' is at `at'; 0 if not. */
static size_t
after_key(const char *line, size_t len, size_t at)
{
	if (len - at < 5 || memcmp(line + at, "name", 4) != 0 ||
	    (at > 0 && is_word(line[at - 1])))
		return 0;
	at += 4;
	while (at < len && is_blank(line[at]))
		at++;
	return at < len && line[at] == ':' ? at + 1 : 0;
}

/* The value without quotes and what follows it in a flow or a comment. */
static void
take_value(const char *line, size_t len, char name[NAME_MAX_LEN + 1])
{
	struct error err;
	size_t n = 0;

	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	while (n < len && n < NAME_MAX_LEN && !is_blank(line[n]) &&
	    strchr(",}#", line[n]) == NULL)
		n++;
	memcpy(name, line, n);
	name[n] = '\0';
	if (strchr(name, '*') == NULL || rules_name(name, true, &err) != 0)
		memcpy(name, "*", 2);
}

static void
look_at_line(const char *line, size_t len, unsigned number,
    void (*found)(void *arg, const char *name, unsigned line,
    unsigned column), void *arg)
{
	char name[NAME_MAX_LEN + 1];

	for (size_t i = 0; i + 5 <= len; i++) {
		size_t value = after_key(line, len, i);

		if (value == 0)
			continue;
		/* What is not behind this name is behind none that follows. */
		if (memchr(line + value, '*', len - value) == NULL)
			return;
		take_value(line + value, len - value, name);
		found(arg, name, number, (unsigned)i + 1);
		return;
	}
}

void
lost_defaults(const char *text, size_t len,
    void (*found)(void *arg, const char *name, unsigned line,
    unsigned column), void *arg)
{
	unsigned number = 1;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end != NULL ? (size_t)(end - text) : len;

		look_at_line(text, n, number++, found, arg);
		n += end != NULL;
		text += n;
		len -= n;
	}
}
