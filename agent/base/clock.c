/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/clock.h"

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}
