/* SPDX-License-Identifier: BSD-2-Clause */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE 16384

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunk;
	const size_t align = alignof(max_align_t);
	size_t room;
	void *p;

	if (size > (size_t)-1 / 2)
		goto fail;
	size = (size + align - 1) / align * align;
	if (c == NULL || c->size - c->used < size) {
		room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		c = malloc(sizeof *c + room);
		if (c == NULL)
			goto fail;
		c->next = a->chunk;
		c->used = 0;
		c->size = room;
		a->chunk = c;
	}
	p = c->data + c->used;
	c->used += size;
	return memset(p, 0, size);
fail:
	a->failed = 1;
	return NULL;
}

void *
arena_copy(struct arena *a, const void *data, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p != NULL && len > 0)
		memcpy(p, data, len);
	return p;
}

void
arena_free(struct arena *a)
{
	while (a->chunk != NULL) {
		struct arena_chunk *next = a->chunk->next;

		free(a->chunk);
		a->chunk = next;
	}
}
