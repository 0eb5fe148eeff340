/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/json_in.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"

int
json_wrong(const struct json_in *in, const char *expected)
{
	return error_set(in->err, EBADMSG, "is not in canonical form: at byte "
	    "%zu there should be %s", (size_t)(in->at - in->json) + 1,
	    expected);
}

bool
json_next(const struct json_in *in, const char *literal)
{
	size_t len = strlen(literal);

	return (size_t)(in->end - in->at) >= len &&
	    memcmp(in->at, literal, len) == 0;
}

int
json_expect(struct json_in *in, const char *literal)
{
	if (!json_next(in, literal))
		return json_wrong(in, literal);
	in->at += strlen(literal);
	return 0;
}

/* The control character of an escape, '"' or '\\'; -1: there is none. */
static int
escaped(const char **at, const char *end)
{
	static const char letters[] = "b\bt\tn\nf\fr\r\"\"\\\\";
	const char *p = *at + 1;
	char digits[3] = "", *stop;
	long value;

	if (p == end)
		return -1;
	for (size_t i = 0; letters[i] != '\0'; i += 2)
		if (letters[i] == *p) {
			*at = p + 1;
			return letters[i + 1];
		}
	if (end - p < 5 || memcmp(p, "u00", 3) != 0)
		return -1;
	memcpy(digits, p + 3, 2);
	value = strtol(digits, &stop, 16);
	*at = p + 5;
	return stop == digits + 2 ? (int)value : -1;
}

/*
 * The text of what stands between quotes, as it was before it was written.
 * Anything may come out of bytes that are not canonical: who calls writes it
 * again, and compares.
 */
static char *
unescape(const char *at, const char *end)
{
	char *text = malloc((size_t)(end - at) + 1), *to = text;
	int c;

	while (text != NULL && at < end) {
		c = *at == '\\' ? escaped(&at, end) :
		    (unsigned char)*at++;
		if (c <= 0) {
			free(text);
			return NULL;
		}
		*to++ = (char)c;
	}
	if (text != NULL) {
		*to = '\0';
		if (text_from_utf8(text) == 0)
			return text;
	}
	free(text);
	return NULL;
}

/* Of a text with more than plain characters, quotes included in at..end. */
static char *
odd_text(const char *at, const char *end)
{
	char *text = unescape(at + 1, end - 1);
	struct buffer b = { .data = NULL };
	bool same;

	if (text == NULL)
		return NULL;
	buffer_json(&b, text);
	same = !b.failed && b.len == (size_t)(end - at) &&
	    memcmp(b.data, at, b.len) == 0;
	buffer_free(&b);
	if (same)
		return text;
	free(text);
	return NULL;
}

int
json_text(struct json_in *in, const char *key, char **text)
{
	const char *begin, *p;
	bool plain = true;

	if (json_expect(in, key) == -1)
		return -1;
	begin = in->at;
	if (begin == in->end || *begin != '"')
		return json_wrong(in, "a text");
	for (p = begin + 1; p < in->end && *p != '"'; p++) {
		unsigned char c = (unsigned char)*p;

		plain = plain && c >= 0x20 && c < 0x80 && c != '\\';
		if (c == '\\' && p + 1 < in->end)
			p++;
	}
	if (p == in->end)
		return json_wrong(in, "a text that ends");
	p++;
	*text = plain ? strndup(begin + 1, (size_t)(p - begin) - 2) :
	    odd_text(begin, p);
	if (*text == NULL)
		return json_wrong(in, "a text in its only form");
	in->at = p;
	return 0;
}

int
json_integer_in(struct json_in *in, const char *key, long long min,
    long long max, long long *to)
{
	const char *p;
	bool negative;
	long long value = 0;
	int digit;

	if (json_expect(in, key) == -1)
		return -1;
	p = in->at;
	negative = p < in->end && *p == '-';
	p += negative;
	if (p == in->end || *p < (negative ? '1' : '0') || *p > '9')
		return json_wrong(in, "an integer");
	if (*p == '0') {
		p++;
	} else {
		for (; p < in->end && *p >= '0' && *p <= '9'; p++) {
			digit = *p - '0';
			if (value < (LLONG_MIN + digit) / 10)
				return json_wrong(in, "a smaller integer");
			value = value * 10 - digit;
		}
	}
	if (!negative && value == LLONG_MIN)
		return json_wrong(in, "a smaller integer");
	*to = negative ? value : -value;
	if (*to < min || *to > max)
		return json_wrong(in, "an integer in range");
	in->at = p;
	return 0;
}
