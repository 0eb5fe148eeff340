/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/unpack.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MAX 15	/* of a code */
#define LITERALS 288
#define DISTANCES 30
#define END_OF_BLOCK 256

struct stream {
	const unsigned char *in;
	size_t left;
	uint32_t held; /* bits that were taken from `in`, lowest first */
	unsigned bits; /* how many */
	bool failed;   /* damaged, too large, or out of memory */
	unsigned char *out;
	size_t len, room, max;
};

/* Codes of one alphabet, by length, and in a length by symbol. */
struct codes {
	uint16_t of_length[BITS_MAX + 1], symbol[LITERALS];
};

static unsigned
take(struct stream *s, unsigned bits)
{
	unsigned value;

	while (s->bits < bits) {
		if (s->left == 0) {
			s->failed = true;
			return 0;
		}
		s->held |= (uint32_t)*s->in++ << s->bits;
		s->left--;
		s->bits += 8;
	}
	value = s->held & ((1U << bits) - 1);
	s->held >>= bits;
	s->bits -= bits;
	return value;
}

static void
put(struct stream *s, unsigned char byte)
{
	if (s->len == s->room) {
		size_t room = s->room * 2 < s->max ? s->room * 2 : s->max;
		unsigned char *grown = s->len < s->max ?
		    realloc(s->out, room) : NULL;

		if (grown == NULL) {
			s->failed = true;
			return;
		}
		s->out = grown;
		s->room = room;
	}
	s->out[s->len++] = byte;
}

/* Sorts the symbols by the lengths of their codes (RFC 1951, 3.2.2). */
static void
make_codes(struct stream *s, struct codes *c, const unsigned char *length,
    unsigned count)
{
	uint16_t next[BITS_MAX + 1] = { 0 };
	int free_codes = 1;

	memset(c, 0, sizeof *c);
	for (unsigned i = 0; i < count; i++)
		c->of_length[length[i]]++;
	c->of_length[0] = 0;
	for (unsigned n = 1; n <= BITS_MAX; n++) {
		free_codes = free_codes * 2 - c->of_length[n];
		if (free_codes < 0) {
			s->failed = true;
			return;
		}
		next[n] = (uint16_t)(next[n - 1] + c->of_length[n - 1]);
	}
	for (unsigned i = 0; i < count; i++)
		if (length[i] != 0)
			c->symbol[next[length[i]]++] = (uint16_t)i;
}

static unsigned
decode(struct stream *s, const struct codes *c)
{
	unsigned code = 0, first = 0, before = 0;

	for (unsigned n = 1; n <= BITS_MAX && !s->failed; n++) {
		code |= take(s, 1);
		if (code < first + c->of_length[n])
			return c->symbol[before + code - first];
		before += c->of_length[n];
		first = (first + c->of_length[n]) << 1;
		code <<= 1;
	}
	s->failed = true;
	return 0;
}

/* Codes of lengths and of distances: a base that grows, and more bits. */
static unsigned
take_length(struct stream *s, unsigned symbol)
{
	unsigned more;

	if (symbol < 8)
		return 3 + symbol;
	if (symbol == 28)
		return 258;
	more = (symbol - 4) / 4;
	return 3 + ((4 + symbol % 4) << more) + take(s, more);
}

static unsigned
take_distance(struct stream *s, unsigned symbol)
{
	unsigned more;

	if (symbol < 4)
		return 1 + symbol;
	more = symbol / 2 - 1;
	return 1 + ((2 + symbol % 2) << more) + take(s, more);
}

static void
read_block(struct stream *s, const struct codes *literal,
    const struct codes *distance)
{
	while (!s->failed) {
		unsigned symbol = decode(s, literal), len, back;

		if (s->failed || symbol == END_OF_BLOCK)
			return;
		if (symbol < END_OF_BLOCK) {
			put(s, (unsigned char)symbol);
			continue;
		}
		if (symbol > END_OF_BLOCK + 29) {
			s->failed = true;
			return;
		}
		len = take_length(s, symbol - END_OF_BLOCK - 1);
		symbol = decode(s, distance);
		back = symbol < DISTANCES ? take_distance(s, symbol) : 0;
		if (back == 0 || back > s->len) {
			s->failed = true;
			return;
		}
		for (; len > 0 && !s->failed; len--)
			put(s, s->out[s->len - back]);
	}
}

static void
read_fixed(struct stream *s)
{
	unsigned char length[LITERALS];
	struct codes literal, distance;

	memset(length, 8, 144);
	memset(length + 144, 9, 112);
	memset(length + 256, 7, 24);
	memset(length + 280, 8, 8);
	make_codes(s, &literal, length, LITERALS);
	memset(length, 5, DISTANCES);
	make_codes(s, &distance, length, DISTANCES);
	read_block(s, &literal, &distance);
}

/* The lengths of the codes of a block, which are coded themselves. */
static void
read_lengths(struct stream *s, const struct codes *c, unsigned char *length,
    unsigned count)
{
	for (unsigned i = 0; i < count && !s->failed;) {
		unsigned symbol = decode(s, c), times = 1;
		unsigned char value = (unsigned char)symbol;

		if (symbol == 16) {
			value = i > 0 ? length[i - 1] : 0;
			times = 3 + take(s, 2);
			s->failed |= i == 0;
		} else if (symbol > 16) {
			value = 0;
			times = symbol == 17 ? 3 + take(s, 3) :
			    11 + take(s, 7);
		}
		if (times > count - i)
			s->failed = true;
		for (; times > 0 && !s->failed; times--)
			length[i++] = value;
	}
}

static void
read_dynamic(struct stream *s)
{
	static const unsigned char order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10,
		5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	unsigned char length[LITERALS + 32] = { 0 };
	unsigned literals = take(s, 5) + 257, distances = take(s, 5) + 1;
	unsigned lengths = take(s, 4) + 4;
	struct codes literal, distance;

	for (unsigned i = 0; i < lengths; i++)
		length[order[i]] = (unsigned char)take(s, 3);
	make_codes(s, &literal, length, sizeof order);
	memset(length, 0, sizeof length);
	if (literals > LITERALS || distances > 32)
		s->failed = true;
	if (!s->failed)
		read_lengths(s, &literal, length, literals + distances);
	if (s->failed)
		return;
	make_codes(s, &literal, length, literals);
	make_codes(s, &distance, length + literals, distances);
	read_block(s, &literal, &distance);
}

static void
read_stored(struct stream *s)
{
	unsigned len, check;

	/* Whole bytes are never held beyond the one that was begun. */
	s->held = s->bits = 0;
	len = take(s, 16);
	check = take(s, 16);
	if ((len ^ check) != 0xffff || len > s->left)
		s->failed = true;
	for (; len > 0 && !s->failed; len--) {
		put(s, *s->in++);
		s->left--;
	}
}

int
unpack_zlib(const unsigned char *in, size_t len, size_t max, unsigned char **out,
    size_t *out_len)
{
	struct stream s = { .in = in, .left = len, .max = max,
		.room = max < 4096 ? max : 4096 };
	bool last = false;

	s.out = malloc(s.room + 1);
	/* Deflate, no preset dictionary, and a check of these two bytes. */
	if (s.out == NULL || len < 2 || (in[0] & 15) != 8 ||
	    (in[1] & 32) != 0 || (in[0] * 256 + in[1]) % 31 != 0) {
		free(s.out);
		return -1;
	}
	s.in += 2;
	s.left -= 2;
	while (!last && !s.failed) {
		unsigned kind;

		last = take(&s, 1) != 0;
		kind = take(&s, 2);
		if (s.failed || kind == 3)
			s.failed = true;
		else if (kind == 0)
			read_stored(&s);
		else if (kind == 1)
			read_fixed(&s);
		else
			read_dynamic(&s);
	}
	if (s.failed) {
		free(s.out);
		return -1;
	}
	*out = s.out;
	*out_len = s.len;
	return 0;
}
