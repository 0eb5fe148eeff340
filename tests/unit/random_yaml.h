/* SPDX-License-Identifier: BSD-2-Clause */
/* Dice, and YAML that is made by them. */
#ifndef TEST_RANDOM_YAML_H
#define TEST_RANDOM_YAML_H

#include "fault_host.h"

#define SETS_SIZE 16384

/* xorshift: the same everywhere. */
static inline uint32_t
dice(uint32_t *state, uint32_t sides)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % sides;
}

struct yaml_text {
	char text[SETS_SIZE];
	size_t n;
	uint32_t *state;
	unsigned dealt[2]; /* addresses that this set has given away: 4, 6 */
};

static inline void yaml_add(struct yaml_text *y, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static inline void
yaml_add(struct yaml_text *y, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	y->n += (size_t)vsnprintf(y->text + y->n, sizeof y->text - y->n, fmt,
	    ap);
	va_end(ap);
	assert_true(y->n < sizeof y->text);
}

#endif
