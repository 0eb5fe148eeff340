/* SPDX-License-Identifier: BSD-2-Clause */
/* The monotonic clock: never goes back, knows no time of day. */
#ifndef JA_CLOCK_H
#define JA_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Alone in its file, so that a test can put a clock of its own in its place. */
int64_t clock_ms(void);

#endif
