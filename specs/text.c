/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of one well-formed character, 0 if there is none. */
static size_t
utf8_character(const unsigned char *s, size_t len)
{
	/* First bytes by length: mask, mark, smallest character. */
	static const struct {
		unsigned char mask, mark;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	uint32_t c;
	size_t n = 0;

	while (n < 4 && (s[0] & forms[n].mask) != forms[n].mark)
		n++;
	if (n == 4 || n >= len)
		return 0;
	c = s[0] & (unsigned char)~forms[n].mask;
	for (size_t i = 1; i <= n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n + 1;
}

size_t
utf8_prefix(const char *s, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)s;
	size_t i = 0;

	while (i < len) {
		/* Most texts are ASCII: eight bytes at once. */
		uint64_t word;
		size_t n;

		if (len - i >= sizeof word) {
			memcpy(&word, s + i, sizeof word);
			if ((word & 0x8080808080808080ULL) == 0) {
				i += sizeof word;
				continue;
			}
		}
		n = bytes[i] < 0x80 ? 1 :
		    utf8_character(bytes + i, len - i);

		if (n == 0)
			break;
		i += n;
	}
	return i;
}

uint64_t
text_prefix(const char *s)
{
	uint64_t prefix = 0;
	int left = 8;

	for (; left > 0 && *s != '\0'; left--)
		prefix = prefix << 8 | (unsigned char)*s++;
	return left < 8 ? prefix << 8 * left : 0;
}

size_t
utf8_length(const char *s)
{
	unsigned char c = (unsigned char)*s;

	return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

void
textbuf_fail(struct textbuf *b)
{
	free(b->text);
	*b = (struct textbuf){ .failed = true };
}

void
textbuf_add(struct textbuf *b, const char *text, size_t len)
{
	if (b->failed)
		return;
	if (b->room - b->len <= len) {
		size_t room = (b->room + len) * 2 + 64;
		char *grown = realloc(b->text, room);

		if (grown == NULL) {
			textbuf_fail(b);
			return;
		}
		b->text = grown;
		b->room = room;
	}
	if (len > 0)
		memcpy(b->text + b->len, text, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void
textbuf_text(struct textbuf *b, const char *text)
{
	textbuf_add(b, text, strlen(text));
}

void
textbuf_format(struct textbuf *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		textbuf_add(b, text, (size_t)n < sizeof text ? (size_t)n :
		    sizeof text - 1);
}
