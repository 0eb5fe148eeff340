/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which seeds a random suite takes: SEED (that one alone), or SEEDS (how many;
 * make soak: 10,000) and FIRST (where to begin) of the environment.
 */
#ifndef TEST_RANDOM_SEEDS_H
#define TEST_RANDOM_SEEDS_H

#include "agent_world.h"

#ifdef __SANITIZE_ADDRESS__
#define SETS_SEEDS 30 /* each takes several times as long */
#else
#define SETS_SEEDS (geteuid() == 0 ? 500 : 100)
#endif

static char sets_dir[64];
static pid_t sets_owner;

/* With what a test left that failed; not by processes that it made. */
static inline void
remove_sets_dir(void)
{
	if (getpid() == sets_owner)
		nftw(sets_dir, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A memory file system is several times as fast, where there is one. */
static inline void
use_memory(void)
{
	if (sets_dir[0] != '\0')
		return;
	snprintf(sets_dir, sizeof sets_dir, "/dev/shm/jailagent-test.XXXXXX");
	if (access("/dev/shm", W_OK) != 0 || mkdtemp(sets_dir) == NULL)
		return;
	sets_owner = getpid();
	setenv("TMPDIR", sets_dir, 1);
	atexit(remove_sets_dir);
}

/* Of those that nobody asked for by number only one in `share`. */
static inline void
some_seeds(void (*one)(uint32_t seed), uint32_t share)
{
	const char *single = getenv("SEED"), *many = getenv("SEEDS"),
	    *first = getenv("FIRST");
	uint32_t from = first != NULL ? (uint32_t)strtoul(first, NULL, 10) : 0;
	uint32_t count = many != NULL ? (uint32_t)strtoul(many, NULL, 10) :
	    SETS_SEEDS / share;

	use_memory();
	if (single != NULL) {
		one((uint32_t)strtoul(single, NULL, 10));
		return;
	}
	for (uint32_t seed = from; seed < from + count; seed++)
		one(seed);
	print_message("%u seeds from %u\n", count, from);
}

static inline void
each_seed(void (*one)(uint32_t seed))
{
	some_seeds(one, 1);
}

#endif
