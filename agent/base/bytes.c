/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define NO_TEXT UINT32_MAX

void
put_raw(struct bytes_out *b, const void *data, size_t len)
{
	unsigned char *grown;
	size_t room = b->room;

	if (b->failed)
		return;
	if (len > SIZE_MAX / 4 - b->len) {
		b->failed = true;
		return;
	}
	while (room < b->len + len)
		room = room == 0 ? 4096 : room * 2;
	if (room != b->room) {
		grown = realloc(b->data, room);
		if (grown == NULL) {
			b->failed = true;
			return;
		}
		b->data = grown;
		b->room = room;
	}
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

void
put_number(struct bytes_out *b, uint32_t value)
{
	const unsigned char raw[4] = { value & 0xff, value >> 8 & 0xff,
	    value >> 16 & 0xff, value >> 24 };

	put_raw(b, raw, sizeof raw);
}

void
put_block(struct bytes_out *b, const void *data, size_t len)
{
	if (len >= NO_TEXT)
		b->failed = true;
	put_number(b, (uint32_t)len);
	put_raw(b, data, len);
}

void
put_text(struct bytes_out *b, const char *text)
{
	if (text == NULL)
		put_number(b, NO_TEXT);
	else
		put_block(b, text, strlen(text));
}

/* The next `len` bytes, NULL when there are not so many. */
static const unsigned char *
take(struct bytes_in *b, size_t len)
{
	const unsigned char *at = b->data;

	if (b->failed || b->len < len) {
		b->failed = true;
		return NULL;
	}
	b->data += len;
	b->len -= len;
	return at;
}

uint32_t
get_number(struct bytes_in *b)
{
	const unsigned char *p = take(b, 4);

	if (p == NULL)
		return 0;
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

bool
get_bool(struct bytes_in *b)
{
	uint32_t value = get_number(b);

	if (value > 1)
		b->failed = true;
	return value == 1;
}

const unsigned char *
get_block(struct bytes_in *b, size_t *len)
{
	const unsigned char *p;

	*len = get_number(b);
	p = take(b, *len);
	if (p == NULL)
		*len = 0;
	return p;
}

void
get_raw(struct bytes_in *b, void *data, size_t len)
{
	const unsigned char *p = take(b, len);

	if (p != NULL)
		memcpy(data, p, len);
	else
		memset(data, 0, len);
}

/* The bytes of a text, NULL where there is none. */
static const unsigned char *
take_text(struct bytes_in *b, uint32_t *len)
{
	const unsigned char *p;

	*len = get_number(b);
	if (b->failed || *len == NO_TEXT)
		return NULL;
	p = take(b, *len);
	if (p != NULL && memchr(p, '\0', *len) != NULL) {
		b->failed = true;
		return NULL;
	}
	return p;
}

char *
get_text(struct bytes_in *b)
{
	uint32_t len;
	const unsigned char *p = take_text(b, &len);
	char *text;

	if (p == NULL)
		return NULL;
	if ((text = malloc(len + 1)) == NULL) {
		b->failed = true;
		return NULL;
	}
	memcpy(text, p, len);
	text[len] = '\0';
	return text;
}

char *
get_text_to(struct bytes_in *b, char **room)
{
	uint32_t len;
	const unsigned char *p = take_text(b, &len);
	char *text = *room;

	if (p == NULL)
		return NULL;
	memcpy(text, p, len);
	text[len] = '\0';
	*room += len + 1;
	return text;
}

size_t
get_count(struct bytes_in *b, size_t least)
{
	size_t n = get_number(b);

	if (b->failed || n > b->len / least) {
		b->failed = true;
		return 0;
	}
	return n;
}
