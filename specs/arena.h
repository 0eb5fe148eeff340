/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is taken in small pieces and given back all at once: a document
 * has some hundred of them.  Private to specs/.
 */
#ifndef JA_ARENA_H
#define JA_ARENA_H

#include "kernel/value.h"

struct arena_chunk;

/* Zero-initialise; arena_release at the end. */
struct arena {
	struct arena_chunk *chunk; /* the newest first */
	size_t first;		   /* bytes of the first chunk; 0: some */
};

/* Aligned for pointers, not cleared; NULL: no memory. */
void *arena_take(struct arena *a, size_t size);
/* Copies bytes, and a NUL behind them. */
char *arena_bytes(struct arena *a, const char *bytes, size_t len);
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
