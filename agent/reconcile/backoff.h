/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to try again.  Pure: the caller brings the clock and the dice.
 * The first try after a failure is immediate when the jail had been up, then
 * initial, 2 x initial ... max, with 10 % jitter; it starts over after the jail
 * was healthy for `reset`, and at once when the spec changes.
 */
#ifndef JA_BACKOFF_H
#define JA_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
	unsigned tries;	    /* since the last reset */
	int64_t healthy_ms; /* when it was last seen to be up; 0: never */
};

/*
 * Milliseconds to wait before the next try at `now` (monotonic).  `was_up`: the
 * jail had been up and ended.  `dice` is any random number.
 */
int64_t backoff_next(struct backoff *b, int64_t now, bool was_up,
    int64_t initial, int64_t max, int64_t reset, uint32_t dice);

/* The jail is up at `now`; the spec changed. */
void backoff_up(struct backoff *b, int64_t now);
void backoff_reset(struct backoff *b);

#endif
