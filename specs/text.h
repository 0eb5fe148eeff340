/* SPDX-License-Identifier: BSD-2-Clause */
/* Small helpers for texts that came from outside. */
#ifndef JA_TEXT_H
#define JA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many characters of an offending text a message shows. */
#define TEXT_SHOWN 64

/* The length of the longest start of `s` that is UTF-8 (RFC 3629). */
size_t utf8_prefix(const char *s, size_t len);

/*
 * The first eight bytes as a number.  Where the numbers of two texts differ
 * they tell the order of strcmp(3): sorting many looks at few of the texts.
 */
uint64_t text_prefix(const char *s);

/* Bytes of the character at `s`, which is UTF-8. */
size_t utf8_length(const char *s);

/* A text that grows; zero-initialise.  After a failure it stays empty. */
struct textbuf {
	char *text; /* NULL or ends in NUL */
	size_t len, room;
	bool failed;
};

void textbuf_add(struct textbuf *b, const char *text, size_t len);
/* Frees the text and refuses what is added from now on. */
void textbuf_fail(struct textbuf *b);
void textbuf_text(struct textbuf *b, const char *text);
void textbuf_format(struct textbuf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
