/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree.h"

#include <string.h>

#include "life.h"

struct record *
tree_parent(struct op *op, const struct record *r)
{
	return r->jid == 0 ? NULL : record_get(op, r->parent);
}

bool
tree_below(struct op *op, const struct record *top, const struct record *r)
{
	while (r != NULL && r->jid != 0) {
		if (r->parent == top->jid)
			return true;
		r = record_get(op, r->parent);
	}
	return false;
}

static enum walk
walk_below(struct op *op, const struct record *top, int depth, walk_fn *each,
    void *arg)
{
	struct jids children;

	jids_children(op, top->jid, &children);
	for (size_t i = 0; i < children.count; i++) {
		struct record *r = record_get(op, children.jid[i]);
		enum walk next;

		if (r == NULL || r->parent != top->jid)
			continue;
		next = each(op, r, depth, arg);
		if (next == WALK_NEXT)
			next = walk_below(op, r, depth + 1, each, arg);
		if (next == WALK_STOP)
			return WALK_STOP;
	}
	return WALK_NEXT;
}

enum walk
tree_walk(struct op *op, const struct record *top, walk_fn *each, void *arg)
{
	return walk_below(op, top, 1, each, arg);
}

size_t
name_prefix(const struct record *parent)
{
	return parent->jid == 0 ? 0 : strlen(parent->name) + 1;
}

/*
 * The bytes from `offset` on.  They may lie behind the end of a name that a
 * rename made shorter; the buffer always ends in NUL.
 */
static const char *
name_from(const struct record *r, size_t offset)
{
	return offset < sizeof r->name ? r->name + offset : "";
}

const char *
name_seen_from(const struct record *my, const struct record *r)
{
	return r->serial == my->serial ? "0" : name_from(r, name_prefix(my));
}

const char *
path_seen_from(const struct record *my, const struct record *r)
{
	size_t len = strlen(my->path);

	if (strcmp(my->path, "/") == 0 || strncmp(my->path, r->path, len) != 0)
		return r->path;
	if (r->path[len] == '\0')
		return "/";
	return r->path[len] == '/' ? r->path + len : r->path;
}

/* A search by name: in the whole tree below `top`, or its children only. */
struct search {
	const struct record *top, *except;
	const char *rest;
	bool deep;
	struct record *alive, *dying;
};

static enum walk
consider(struct op *op, struct record *r, int depth, void *arg)
{
	struct search *s = arg;

	(void)depth;
	if (r == s->except ||
	    strcmp(name_from(r, name_prefix(s->top)), s->rest) != 0 ||
	    life_look(op, r) == NULL)
		return s->deep ? WALK_NEXT : WALK_SKIP;
	if (r->state == PRISON_ALIVE) {
		s->alive = r;
		return WALK_STOP;
	}
	if (s->dying == NULL)
		s->dying = r;
	return s->deep ? WALK_NEXT : WALK_SKIP;
}

/*
 * By the index of names, which is as good as a walk unless a rename has left
 * names that do not begin with their parents'.
 */
static void
search_index(struct op *op, struct search *s)
{
	char full[JAIL_NAME_MAX];
	struct jids found;
	size_t prefix = name_prefix(s->top), len = strlen(s->rest);

	if (len + prefix >= sizeof full)
		return;
	if (prefix > 0) {
		memcpy(full, s->top->name, prefix - 1);
		full[prefix - 1] = '.';
	}
	memcpy(full + prefix, s->rest, len + 1);
	jids_by_name(op, full, &found);
	for (size_t i = 0; i < found.count && s->alive == NULL; i++) {
		struct record *r = record_get(op, found.jid[i]);

		if (r != NULL && (s->deep ? tree_below(op, s->top, r) :
		    r->jid != 0 && r->parent == s->top->jid))
			consider(op, r, 0, s);
	}
}

static struct record *
search(struct op *op, struct search *s)
{
	if (op->meta.twisted)
		tree_walk(op, s->top, consider, s);
	else
		search_index(op, s);
	return s->alive != NULL ? s->alive : s->dying;
}

struct record *
find_name(struct op *op, const struct record *my, const char *name)
{
	struct search s = { .top = my, .rest = name, .deep = true };

	return search(op, &s);
}

struct record *
find_child(struct op *op, const struct record *parent, const char *rest,
    const struct record *except)
{
	struct search s = { .top = parent, .rest = rest, .except = except };

	return search(op, &s);
}

struct record *
find_serial(struct op *op, int jid, uint64_t serial)
{
	struct record *r = record_get(op, jid);

	return r != NULL && r->serial == serial ? r : NULL;
}
