/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
buffer_reserve(struct buffer *b, size_t more)
{
	size_t room = b->room == 0 ? 256 : b->room;
	char *p;

	if (b->failed)
		return -1;
	if (more < b->room - b->len)
		return 0;
	if (more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
		b->failed = true;
		return -1;
	}
	while (room - b->len <= more)
		room *= 2;
	if ((p = realloc(b->data, room)) == NULL) {
		b->failed = true;
		return -1;
	}
	b->data = p;
	b->room = room;
	return 0;
}

void
buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (buffer_reserve(b, len) == -1)
		return;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buffer_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void
buffer_printf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		b->failed = true;
	if (len < 0 || buffer_reserve(b, (size_t)len) == -1)
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

char *
buffer_take(struct buffer *b, size_t *len)
{
	char *data = NULL;

	/* An empty text is a text, too. */
	buffer_add(b, "", 0);
	if (b->failed)
		free(b->data);
	else
		data = b->data;
	if (len != NULL)
		*len = b->len;
	memset(b, 0, sizeof *b);
	return data;
}

void
buffer_free(struct buffer *b)
{
	free(b->data);
	memset(b, 0, sizeof *b);
}

char *
text_hex(const unsigned char *data, size_t len, char *hex)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digit[data[i] >> 4];
		hex[2 * i + 1] = digit[data[i] & 15];
	}
	hex[2 * len] = '\0';
	return hex;
}
