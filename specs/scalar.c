/* SPDX-License-Identifier: BSD-2-Clause */
#include "scalar.h"

#include <stdlib.h>
#include <string.h>

/* Texts that mean "no value" when they stand plain. */
static bool
means_null(const char *text)
{
	static const char *const words[] = { "null", "Null", "NULL" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_plain(const char *text)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789/_";
	size_t len = strlen(text);

	bool number = text[0] == '-' && text[1] >= '0' && text[1] <= '9';

	if (len == 0 || means_null(text) ||
	    (strchr(first, *text) == NULL && !number))
		return false;
	for (size_t i = 0; i < len; i++) {
		char next = text[i + 1];

		if (text[i] < ' ' || text[i] > '~')
			return false;
		if (text[i] == ':' && (next == ' ' || next == '\0'))
			return false;
		if (text[i] == ' ' && (next == '#' || next == '\0'))
			return false;
	}
	return true;
}

/* Whether a character cannot stand in YAML, or breaks a line there. */
static bool
needs_escape(unsigned c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	    c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static unsigned
decode(const char *s, size_t len)
{
	unsigned c = (unsigned char)*s;

	if (len > 1)
		c &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static void
put_quoted(struct textbuf *b, const char *text)
{
	textbuf_text(b, "\"");
	while (*text != '\0') {
		size_t len = utf8_length(text);
		unsigned c = decode(text, len);

		if (c == '\n')
			textbuf_text(b, "\\n");
		else if (c == '"' || c == '\\')
			textbuf_format(b, "\\%c", (int)c);
		else if (needs_escape(c))
			textbuf_format(b, c > 0xff ? "\\u%04X" : "\\x%02X", c);
		else
			textbuf_add(b, text, len);
		text += len;
	}
	textbuf_text(b, "\"");
}

void
scalar_escape(struct textbuf *b, const char *text)
{
	const char *reference;

	while ((reference = strstr(text, "${")) != NULL) {
		textbuf_add(b, text, (size_t)(reference - text));
		textbuf_text(b, "$${");
		text = reference + 2;
	}
	textbuf_text(b, text);
}

void
scalar_put(struct textbuf *b, const char *text)
{
	if (is_plain(text))
		textbuf_text(b, text);
	else
		put_quoted(b, text);
}

void
scalar_put_literal(struct textbuf *b, const char *text)
{
	struct textbuf escaped = { 0 };

	if (strstr(text, "${") == NULL) {
		scalar_put(b, text);
		return;
	}
	scalar_escape(&escaped, text);
	if (escaped.failed)
		textbuf_fail(b);
	else
		scalar_put(b, escaped.text);
	free(escaped.text);
}

void
scalar_put_comment(struct textbuf *b, const char *text)
{
	size_t left = strlen(text);

	textbuf_text(b, "#");
	if (left > 0 && *text != ' ' && *text != '\t' && *text != '#')
		textbuf_text(b, " ");
	while (left > 0) {
		size_t len = utf8_length(text);
		bool bad = len > left || utf8_prefix(text, len) < len ||
		    (*text != '\t' && needs_escape(decode(text, len)));

		len = bad ? 1 : len;
		textbuf_add(b, bad ? "?" : text, len);
		text += len;
		left -= len;
	}
}
