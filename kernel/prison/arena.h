/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that lives as long as one call of the engine. */
#ifndef JA_PRISON_ARENA_H
#define JA_PRISON_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Zero-initialise, then arena_free.  `failed` stays set once memory was out. */
struct arena {
	struct arena_chunk *chunk;
	int failed;
};

/* Zeroed memory, aligned for any type; NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of `len` bytes with a NUL behind them. */
void *arena_copy(struct arena *a, const void *data, size_t len);
void arena_free(struct arena *a);

#endif
