/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers, texts and blocks as bytes for another process: 32-bit
 * little-endian numbers, lengths in front.  A failure (memory, too short)
 * sticks, so that only the end needs to be checked.
 */
#ifndef JA_BYTES_H
#define JA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes_out {
	unsigned char *data; /* the caller frees it */
	size_t len, room;
	bool failed;
};

void put_number(struct bytes_out *b, uint32_t value);
void put_block(struct bytes_out *b, const void *data, size_t len);
void put_raw(struct bytes_out *b, const void *data, size_t len);
/* NULL is told from "". */
void put_text(struct bytes_out *b, const char *text);

struct bytes_in {
	const unsigned char *data;
	size_t len;
	bool failed;
};

uint32_t get_number(struct bytes_in *b);
bool get_bool(struct bytes_in *b); /* fails on other numbers than 0 and 1 */
/* Points into the data; NULL with *len 0 on failure. */
const unsigned char *get_block(struct bytes_in *b, size_t *len);
void get_raw(struct bytes_in *b, void *data, size_t len);
/* Allocated, or NULL as put_text was given; an embedded NUL fails. */
char *get_text(struct bytes_in *b);
/* The same, put to *room, which moves on; b->len has been room enough. */
char *get_text_to(struct bytes_in *b, char **room);
/*
 * A number of things of which each takes at least `least` bytes; fails when
 * there cannot be so many.
 */
size_t get_count(struct bytes_in *b, size_t least);

#endif
