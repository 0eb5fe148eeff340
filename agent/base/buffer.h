/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows, and the strings of canonical JSON. */
#ifndef JA_BUFFER_H
#define JA_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Begins as all zeros.  Running out of memory is remembered in `failed`, and
 * everything added later is dropped: it is enough to look once, at the end.
 */
struct buffer {
	char *data; /* ended by a NUL when not NULL */
	size_t len, room;
	bool failed;
};

/* Makes room for `more` bytes behind the present ones; -1 when failed. */
int buffer_reserve(struct buffer *b, size_t more);
void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_text(struct buffer *b, const char *text);
void buffer_printf(struct buffer *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A JSON string with its quotes.  Escaped are quote, backslash and control
 * characters, as RFC 8785 does.  Kernel strings may hold any bytes: each byte
 * that is not part of valid UTF-8, and each byte of U+FFFD itself, becomes
 * U+FFFD and two lower-case hex digits, so that two different texts never look
 * alike.  NULL is written as the empty string.
 */
void buffer_json(struct buffer *b, const char *text);

/*
 * Takes back what buffer_json did about bytes that are not UTF-8, in place, in
 * the text that a JSON parser made.  Returns -1 when buffer_json cannot have
 * written it.
 */
int text_from_utf8(char *text);

/*
 * Text fit for a terminal: '?' for control characters, for what separates lines or
 * changes the direction of text, and for what is no UTF-8.
 */
void buffer_printable(struct buffer *b, const char *text);
/* Whether that would leave it as it is. */
bool text_is_printable(const char *text);

/* The bytes as lower-case hex, into a buffer of 2 * len + 1. */
char *text_hex(const unsigned char *data, size_t len, char *hex);

/* The text, to be freed by the caller; NULL when memory was out. */
char *buffer_take(struct buffer *b, size_t *len);
void buffer_free(struct buffer *b);

#endif
