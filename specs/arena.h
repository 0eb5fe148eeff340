/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is taken in small pieces and given back all at once: a document
 * has some hundred of them.  Private to specs/.
 */
#ifndef JA_ARENA_H
#define JA_ARENA_H

#include <string.h>

#include "kernel/value.h"

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	/* the bytes follow */
};

/* Zero-initialise; arena_release at the end. */
struct arena {
	struct arena_chunk *chunk; /* the newest first */
	size_t first;		   /* bytes of the first chunk; 0: some */
};

/* For arena_take and arena_bytes: starts a new chunk. */
void *arena_grow(struct arena *a, size_t size);

/* Not cleared; `align` is a power of two; NULL: no memory. */
static inline void *
arena_aligned(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->chunk;
	size_t at;

	if (c == NULL)
		return arena_grow(a, size);
	at = (c->used + align - 1) & ~(align - 1);
	if (at > c->size || c->size - at < size)
		return arena_grow(a, size);
	c->used = at + size;
	return (char *)(c + 1) + at;
}

/* Aligned for pointers. */
static inline void *
arena_take(struct arena *a, size_t size)
{
	return arena_aligned(a, size, sizeof(void *));
}

/* Copies bytes, and a NUL behind them. */
static inline char *
arena_bytes(struct arena *a, const char *bytes, size_t len)
{
	char *copy = arena_aligned(a, len + 1, 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

char *arena_text(struct arena *a, const char *text);
/* Forgets all pieces but keeps a chunk for the next ones. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

/*
 * Appends a text to a list whose array is in the arena; the text is not
 * copied.  Such lists are not given to text_list_free.
 */
int arena_list_add(struct arena *a, struct text_list *l, char *text);

#endif
