/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"
#include "agent/base/sorted.h"

#define BACK_ROOM 8192 /* as a rule enough for what follows the jails */

struct image_change {
	char *name, *json; /* NULL: the jail is gone */
	size_t len;
	merkle_hash leaf;
	size_t number; /* in the order in which they came */
};

static int
no_memory(struct image *g, struct error *err)
{
	g->text.failed = false; /* what is in it is good */
	return error_sys(err, ENOMEM, "no memory for a snapshot");
}

static int
too_long(struct error *err)
{
	return error_set(err, EFBIG, "a snapshot of these jails would be longer "
	    "than %u bytes", SNAPSHOT_MAX);
}

/* The first so many. */
static void
forget_some(struct image *g, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(g->change[i].name);
		free(g->change[i].json);
	}
	g->changes -= count;
	if (count > 0)
		memmove(g->change, g->change + count,
		    g->changes * sizeof *g->change);
}

static void
forget_changes(struct image *g)
{
	forget_some(g, g->changes);
	free(g->change);
	g->change = NULL;
	g->change_room = 0;
}

int
image_put(struct image *g, const char *name, const char *json, size_t len,
    const merkle_hash leaf, struct error *err)
{
	struct image_change *c;

	if (g->changes == g->change_room) {
		size_t room = g->change_room == 0 ? 4 : 2 * g->change_room;

		c = realloc(g->change, room * sizeof *c);
		if (c == NULL)
			return no_memory(g, err);
		g->change = c;
		g->change_room = room;
	}
	c = &g->change[g->changes];
	*c = (struct image_change){ .name = strdup(name), .len = len,
		.json = json == NULL ? NULL : malloc(len + 1),
		.number = g->puts++ };
	if (c->name == NULL || (json != NULL && c->json == NULL)) {
		free(c->name);
		free(c->json);
		return no_memory(g, err);
	}
	if (json != NULL) {
		memcpy(c->json, json, len);
		memcpy(c->leaf, leaf, sizeof c->leaf);
	}
	g->changes++;
	return 0;
}

void
image_clear(struct image *g)
{
	for (size_t i = 0; i < g->tree.count; i++)
		free(g->jail[i].name);
	forget_changes(g);
	g->tree.count = 0;
	g->end = g->jails;
	if (g->same > g->jails)
		g->same = g->jails;
}

static int
by_name(const void *a, const void *b)
{
	const struct image_change *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->number > y->number) -
	    (x->number < y->number);
}

/* By name, and of each name the last word. */
static void
sort_changes(struct image *g)
{
	size_t kept = 0;

	if (g->changes > 1)
		qsort(g->change, g->changes, sizeof *g->change, by_name);
	for (size_t i = 0; i < g->changes; i++) {
		struct image_change *c = &g->change[i];

		if (i + 1 < g->changes && strcmp(c->name, c[1].name) == 0) {
			free(c->name);
			free(c->json);
		} else {
			g->change[kept++] = *c;
		}
	}
	g->changes = kept;
}

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct image *)table)->jail[i].name;
}

/* Where the JSON of a jail begins; a comma stands in front of all others. */
static size_t
offset_of(const struct image *g, size_t index)
{
	size_t at = g->jails;

	for (size_t i = 0; i < index; i++)
		at += g->jail[i].len + 1;
	return at;
}

static void
touch(struct image *g, size_t at)
{
	if (g->same > at)
		g->same = at;
}

/*
 * Takes in the first changes, as long as each has the place of what it
 * replaces.  Returns how many these were.
 */
static size_t
replace(struct image *g)
{
	size_t i, index = 0, at = g->jails;
	bool found;

	for (i = 0; i < g->changes; i++) {
		const struct image_change *c = &g->change[i];
		size_t k = sorted_position(g, g->tree.count, name_of, c->name,
		    &found);

		if (!found && c->json == NULL)
			continue;
		if (!found || c->json == NULL || c->len != g->jail[k].len)
			break;
		/* The changes ascend, and so do the places. */
		for (; index < k; index++)
			at += g->jail[index].len + 1;
		memcpy(g->text.data + at, c->json, c->len);
		touch(g, at);
		merkle_tree_set(&g->tree, k, c->leaf);
	}
	return i;
}

/* What stands behind the first jail that is not as it was. */
struct tail {
	char *text;
	struct image_jail *jail;
	merkle_hash *leaf;
	size_t count, at; /* bytes of text that were taken */
};

static int
cut_tail(struct image *g, size_t first, size_t offset, struct tail *t)
{
	size_t len = first < g->tree.count ? g->end - offset : 0;

	t->count = g->tree.count - first;
	t->at = 0;
	t->text = malloc(len + 1);
	t->jail = calloc(t->count + 1, sizeof *t->jail);
	t->leaf = calloc(t->count + 1, sizeof *t->leaf);
	if (t->text == NULL || t->jail == NULL || t->leaf == NULL)
		return -1;
	if (t->count == 0)
		return 0;
	memcpy(t->text, g->text.data + offset, len);
	memcpy(t->jail, g->jail + first, t->count * sizeof *t->jail);
	memcpy(t->leaf, g->tree.level[0] + first, t->count * sizeof *t->leaf);
	return 0;
}

/*
 * Makes room for so many bytes in all, and for what comes behind the jails, at a
 * place from which a file is written without being copied first.
 */
static int
make_text_room(struct image *g, size_t bytes)
{
	struct buffer *b = &g->text;
	size_t room = bytes + BACK_ROOM;
	void *grown;

	if (b->room >= room)
		return 0;
	if (room < 2 * b->room)
		room = 2 * b->room;
	if (posix_memalign(&grown, FILE_ALIGNMENT, room) != 0)
		return -1;
	if (b->room > 0)
		memcpy(grown, b->data, b->room);
	free(b->data);
	b->data = grown;
	b->room = room;
	return 0;
}

/* Makes all the room that is needed, so that nothing fails half-way. */
static int
make_room(struct image *g, size_t count, size_t bytes)
{
	struct image_jail *grown;

	grown = realloc(g->jail, (count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	g->jail = grown;
	if (make_text_room(g, bytes) == -1)
		return -1;
	return merkle_tree_size(&g->tree, count);
}

static void
append(struct image *g, size_t index, const char *json, size_t len)
{
	if (index > 0)
		g->text.data[g->end++] = ',';
	memcpy(g->text.data + g->end, json, len);
	g->end += len;
	g->jail[index].len = len;
}

static void
append_change(struct image *g, size_t index, struct image_change *c)
{
	append(g, index, c->json, c->len);
	memcpy(g->tree.level[0][index], c->leaf, sizeof c->leaf);
	g->jail[index].name = c->name;
	c->name = NULL;
}

/* Merges the changes with the jails from `index` on. */
static void
merge(struct image *g, struct tail *t, size_t index)
{
	size_t first = index, from = 0, i = 0;

	while (i < t->count || from < g->changes) {
		struct image_change *c = from < g->changes ?
		    &g->change[from] : NULL;
		int order = c == NULL ? -1 : i == t->count ? 1 :
		    strcmp(t->jail[i].name, c->name);

		if (order < 0) {
			append(g, index, t->text + t->at, t->jail[i].len);
			memcpy(g->tree.level[0][index], t->leaf[i],
			    MERKLE_SIZE);
			g->jail[index++].name = t->jail[i].name;
		} else {
			if (c->json != NULL)
				append_change(g, index++, c);
			from++;
		}
		if (order == 0)
			free(t->jail[i].name);
		if (order <= 0)
			t->at += t->jail[i++].len + 1;
	}
	(void)merkle_tree_size(&g->tree, index);
	merkle_tree_from(&g->tree, first);
}

/* All changes are taken in; the jails before the first of these stay. */
static int
take_rest(struct image *g, struct error *err)
{
	size_t bytes = g->end, old = g->tree.count, index, offset;
	struct tail t;
	bool found;
	int rc;

	index = sorted_position(g, old, name_of, g->change[0].name, &found);
	offset = offset_of(g, index);
	for (size_t i = 0; i < g->changes; i++)
		bytes += g->change[i].len + 1;
	if (bytes > SNAPSHOT_MAX)
		return too_long(err);
	rc = cut_tail(g, index, offset, &t);
	if (rc == 0)
		rc = make_room(g, old + g->changes, bytes + 1);
	if (rc == 0) {
		/* The comma in front goes with what it is in front of. */
		g->end = index > 0 ? offset - 1 : offset;
		touch(g, g->end);
		merge(g, &t, index);
	}
	free(t.text);
	free(t.jail);
	free(t.leaf);
	return rc == 0 ? 0 : no_memory(g, err);
}

int
image_root(struct image *g, char root[DIGEST_HEX], struct error *err)
{
	merkle_hash head;

	sort_changes(g);
	forget_some(g, replace(g));
	if (g->changes > 0 && take_rest(g, err) == -1)
		return -1;
	forget_changes(g);
	merkle_tree_head(&g->tree, head);
	text_hex(head, sizeof head, root);
	return 0;
}

/* What stands in front of the jails: seldom another than before. */
static int
set_front(struct image *g, const struct snapshot *s)
{
	struct buffer front = { .data = NULL };
	size_t jails = g->end - g->jails;

	snapshot_add_front(&front, s);
	g->text.len = g->end;
	if (front.failed || make_text_room(g, g->end + front.len) == -1) {
		buffer_free(&front);
		return -1;
	}
	if (front.len != g->jails ||
	    memcmp(front.data, g->text.data, front.len) != 0) {
		if (jails > 0)
			memmove(g->text.data + front.len,
			    g->text.data + g->jails, jails);
		memcpy(g->text.data, front.data, front.len);
		g->jails = front.len;
		g->end = g->jails + jails;
		g->same = 0;
	}
	buffer_free(&front);
	return 0;
}

int
image_finish(struct image *g, const struct snapshot *s,
    struct rehash_digests *digests, struct error *err)
{
	char root[DIGEST_HEX];

	if (image_root(g, root, err) == -1)
		return -1;
	if (set_front(g, s) == -1)
		return no_memory(g, err);
	g->text.len = g->end;
	snapshot_add_back(&g->text, s, root);
	touch(g, g->end);
	if (g->text.len > SNAPSHOT_MAX)
		return too_long(err);
	if (g->text.failed ||
	    rehash(&g->rehash, g->text.data, g->text.len, g->same,
	    digests) == -1) {
		g->same = 0;
		return no_memory(g, err);
	}
	g->same = g->text.len;
	return 0;
}

void
image_free(struct image *g)
{
	image_clear(g);
	buffer_free(&g->text);
	free(g->jail);
	merkle_tree_free(&g->tree);
	rehash_free(&g->rehash);
	memset(g, 0, sizeof *g);
}
