/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

/* Appends a blank and a text; what is not printable, and %, as %XX. */
static size_t
put_text(char *buf, size_t at, size_t size, const char *text)
{
	if (at < size)
		buf[at] = ' ';
	at++;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c > ' ' && c < 0x7f && c != '%';
		char coded[3] = { '%', digits[c >> 4], digits[c & 15] };
		size_t len = plain ? 1 : 3;

		if (at + len <= size)
			memcpy(buf + at, plain ? text : coded, len);
		at += len;
	}
	return at;
}

int
table_format(const struct dragonfly_jail *j, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%d %ld %" PRIu64 " %c", j->jid,
	    (long)j->holder, j->holder_start, j->dying ? 'd' : 'a');
	size_t at;

	if (n < 0 || (size_t)n >= size)
		return -1;
	at = put_text(buf, (size_t)n, size, j->name);
	at = put_text(buf, at, size, j->path);
	if (at + 2 > size)
		return -1;
	buf[at++] = '\n';
	buf[at] = '\0';
	return (int)at;
}

static int
hex_value(char c)
{
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits);
}

/* Reads " TEXT"; *line moves behind it. */
static int
get_text(const char **line, char *buf, size_t size)
{
	const char *p = *line;
	size_t len = 0;

	if (*p++ != ' ')
		return -1;
	while (*p != '\0' && *p != ' ') {
		int c = (unsigned char)*p++;

		if (c == '%') {
			int high = hex_value(*p);
			int low = high < 0 ? -1 : hex_value(p[1]);

			if (low < 0 || (c = high * 16 + low) == 0)
				return -1;
			p += 2;
		}
		if (len + 1 >= size)
			return -1;
		buf[len++] = (char)c;
	}
	buf[len] = '\0';
	*line = p;
	return len > 0 ? 0 : -1;
}

int
table_parse(const char *line, struct dragonfly_jail *j)
{
	char *end;
	long jid = strtol(line, &end, 10), pid;

	if (end == line || *end != ' ' || jid <= 0 || jid > DRAGONFLY_JID_MAX)
		return -1;
	pid = strtol(end + 1, &end, 10);
	if (*end != ' ' || pid < 0 || pid > INT32_MAX)
		return -1;
	j->holder_start = strtoull(end + 1, &end, 10);
	if (end[0] != ' ' || (end[1] != 'a' && end[1] != 'd'))
		return -1;
	j->jid = (int)jid;
	j->holder = (pid_t)pid;
	j->dying = end[1] == 'd';
	line = end + 2;
	return get_text(&line, j->name, sizeof j->name) == 0 &&
	    get_text(&line, j->path, sizeof j->path) == 0 && *line == '\0' ?
	    0 : -1;
}

bool
table_matches(const struct dragonfly_jail *known,
    const struct dragonfly_jail *listed)
{
	return known->jid == listed->jid &&
	    strcmp(known->path, listed->path) == 0;
}
