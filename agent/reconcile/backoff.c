/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/backoff.h"

void
backoff_up(struct backoff *b, int64_t now)
{
	b->healthy_ms = now;
}

void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
	b->healthy_ms = 0;
}

int64_t
backoff_next(struct backoff *b, int64_t now, bool was_up, int64_t initial,
    int64_t max, int64_t reset, uint32_t dice)
{
	int64_t delay, jitter;
	unsigned doublings;

	if (was_up && b->healthy_ms != 0 && now - b->healthy_ms >= reset)
		backoff_reset(b);
	/* A jail that never came up gets no immediate second try. */
	if (b->tries == 0 && !was_up)
		b->tries = 1;
	if (b->tries++ == 0)
		return 0;
	doublings = b->tries - 2;
	delay = initial;
	while (doublings-- > 0 && delay < max)
		delay *= 2;
	if (delay > max)
		delay = max;
	jitter = delay / 10;
	if (jitter > 0)
		delay += (int64_t)(dice % (uint64_t)(2 * jitter + 1)) - jitter;
	return delay;
}
