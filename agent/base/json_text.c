/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings of canonical JSON (buffer.h): escapes and bytes that are no text. */
#include "agent/base/buffer.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The first byte's range, that of the second; all others are 80..bf. */
static const struct {
	unsigned char first, last, second, second_last;
	size_t len;
} sequences[] = {
	{ 0x00, 0x7f, 0, 0, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Bytes of the character at p (which a NUL ends), 0 when it is none. */
static size_t
character(const unsigned char *p)
{
	size_t i, n;

	for (i = 0; *p < sequences[i].first || *p > sequences[i].last; )
		if (++i == sizeof sequences / sizeof sequences[0])
			return 0;
	n = sequences[i].len;
	if (n > 1 && (p[1] < sequences[i].second ||
	    p[1] > sequences[i].second_last))
		return 0;
	for (size_t k = 2; k < n; k++)
		if (p[k] < 0x80 || p[k] > 0xbf)
			return 0;
	return n;
}

static void
add_control(struct buffer *b, unsigned char c)
{
	static const char letters[] = "\bb\tt\nn\ff\rr";

	for (size_t i = 0; letters[i] != '\0'; i += 2)
		if ((unsigned char)letters[i] == c) {
			buffer_printf(b, "\\%c", letters[i + 1]);
			return;
		}
	buffer_printf(b, "\\u%04x", c);
}

static void
add_character(struct buffer *b, const unsigned char *p, size_t n)
{
	if (n == 0)
		buffer_printf(b, "%s%02x", replacement, *p);
	else if (n == 3 && memcmp(p, replacement, 3) == 0)
		buffer_printf(b, "%sef%sbf%sbd", replacement, replacement,
		    replacement);
	else if (*p < 0x20)
		add_control(b, *p);
	else if (*p == '"' || *p == '\\')
		buffer_printf(b, "\\%c", *p);
	else
		buffer_add(b, p, n);
}

/* Most texts need nothing: how many bytes at p can be copied as they are. */
static size_t
plain_run(const unsigned char *p)
{
	size_t n = 0;

	while (p[n] >= 0x20 && p[n] < 0x80 && p[n] != '"' && p[n] != '\\')
		n++;
	return n;
}

void
buffer_json(struct buffer *b, const char *text)
{
	const unsigned char *p;
	size_t n;

	p = (const unsigned char *)(text == NULL ? "" : text);
	buffer_add(b, "\"", 1);
	for (;;) {
		n = plain_run(p);
		buffer_add(b, p, n);
		p += n;
		if (*p == '\0')
			break;
		n = character(p);
		add_character(b, p, n);
		p += n == 0 ? 1 : n;
	}
	buffer_add(b, "\"", 1);
}

/*
 * Of three bytes: U+2028 to U+202E and U+2066 to U+2069 begin a line, or turn
 * the text round that comes behind them.
 */
static bool
moves_text(const unsigned char *p)
{
	return *p == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* Of `n` bytes; U+0080 to U+009F are control characters, too. */
static bool
is_printable(const unsigned char *p, size_t n)
{
	return n > 0 && *p >= 0x20 && *p != 0x7f &&
	    (n != 2 || *p != 0xc2 || p[1] >= 0xa0) &&
	    (n != 3 || !moves_text(p));
}

void
buffer_printable(struct buffer *b, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	for (; *p != '\0'; p += n == 0 ? 1 : n) {
		n = character(p);
		if (is_printable(p, n))
			buffer_add(b, p, n);
		else
			buffer_add(b, "?", 1);
	}
}

bool
text_is_printable(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	for (; *p != '\0'; p += n) {
		n = character(p);
		if (!is_printable(p, n))
			return false;
	}
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
text_from_utf8(char *text)
{
	char *from = text, *to = text;
	int high, low;

	while (*from != '\0') {
		if (strncmp(from, replacement, 3) != 0) {
			*to++ = *from++;
			continue;
		}
		high = hex_value(from[3]);
		low = high == -1 ? -1 : hex_value(from[4]);
		if (low == -1 || (high == 0 && low == 0))
			return -1;
		*to++ = (char)(high << 4 | low);
		from += 5;
	}
	*to = '\0';
	return 0;
}
