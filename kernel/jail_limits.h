/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of jails, see struct jail_backend. */
#ifndef JA_JAIL_LIMITS_H
#define JA_JAIL_LIMITS_H

#include <stdint.h>

/*
 * What a jail and all those below it may use together at most; 0: no limit.
 * Processor time is in percent of one processor, memory and swap in bytes.
 */
enum jail_limit {
	LIMIT_CPU, LIMIT_MEMORY, LIMIT_PROCESSES, LIMIT_SWAP, LIMIT_COUNT
};

struct jail_limits {
	uint64_t most[LIMIT_COUNT];
};

#endif
