/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST 1024
#define CHUNK_MOST 65536

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	/* the bytes follow */
};

/* `align` is a power of two. */
static void *
take(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->chunk;
	void *p;

	if (c != NULL)
		c->used += -c->used & (align - 1);
	if (c == NULL || c->used > c->size || c->size - c->used < size) {
		size_t room = c != NULL ? c->size * 2 :
		    a->first != 0 ? a->first : CHUNK_FIRST;

		if (room > CHUNK_MOST)
			room = CHUNK_MOST;
		if (room < size)
			room = size;
		c = malloc(sizeof *c + room);
		if (c == NULL)
			return NULL;
		*c = (struct arena_chunk){ a->chunk, 0, room };
		a->chunk = c;
	}
	p = (char *)(c + 1) + c->used;
	c->used += size;
	return p;
}

void *
arena_take(struct arena *a, size_t size)
{
	return take(a, size, sizeof(void *));
}

char *
arena_bytes(struct arena *a, const char *bytes, size_t len)
{
	char *copy = take(a, len + 1, 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
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
