/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdlib.h>

#define CHUNK_FIRST 1024
#define CHUNK_MOST 65536

void *
arena_grow(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunk;
	size_t room = c != NULL ? c->size * 2 :
	    a->first != 0 ? a->first : CHUNK_FIRST;

	if (room > CHUNK_MOST)
		room = CHUNK_MOST;
	if (room < size)
		room = size;
	c = malloc(sizeof *c + room);
	if (c == NULL)
		return NULL;
	*c = (struct arena_chunk){ a->chunk, size, room };
	a->chunk = c;
	return c + 1;
}

char *
arena_text(struct arena *a, const char *text)
{
	return arena_bytes(a, text, strlen(text));
}

static void
free_chunks(struct arena *a, const struct arena_chunk *until)
{
	while (a->chunk != until) {
		struct arena_chunk *next = a->chunk->next;

		free(a->chunk);
		a->chunk = next;
	}
}

void
arena_reset(struct arena *a)
{
	struct arena_chunk *oldest = a->chunk;

	while (oldest != NULL && oldest->next != NULL)
		oldest = oldest->next;
	free_chunks(a, oldest);
	if (oldest != NULL)
		oldest->used = 0;
}

void
arena_release(struct arena *a)
{
	free_chunks(a, NULL);
}

int
arena_list_add(struct arena *a, struct text_list *l, char *text)
{
	/* Lists of one are the rule; longer ones double. */
	if ((l->count & (l->count - 1)) == 0) {
		size_t room = l->count == 0 ? 1 : l->count * 2;
		char **grown = arena_take(a, room * sizeof *grown);

		if (grown == NULL)
			return -1;
		if (l->count > 0)
			memcpy(grown, l->text, l->count * sizeof *grown);
		l->text = grown;
	}
	l->text[l->count++] = text;
	return 0;
}
