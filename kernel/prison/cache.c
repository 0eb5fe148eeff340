/* SPDX-License-Identifier: BSD-2-Clause */
/* The records that a call has loaded, and writing them with their indexes. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "engine.h"
#include "keys.h"

static void
index_addresses(struct op *op, const struct record_keys *k,
    const struct list *l, size_t size, bool present)
{
	unsigned char key[18], val[4];
	MDB_val v = db_jid(k->jid, val);

	for (uint32_t i = 0; i < l->count; i++) {
		const char *address = (const char *)l->data + i * size;
		MDB_val id = db_address_key(size, l->count == 1, address, key);

		if (present)
			db_put(op, DB_ADDRS, id, v);
		else
			db_del(op, DB_ADDRS, id, &v);
	}
}

static void
index_keys(struct op *op, const struct record_keys *k, bool present)
{
	unsigned char jid[4], child[12];
	MDB_val v = db_jid(k->jid, jid), none = { 0, NULL };
	MDB_val name = { strlen(k->name), (void *)(uintptr_t)k->name };
	MDB_val ck = db_child_key(k->parent, k->serial, child);

	if (!k->stored || k->jid == 0)
		return;
	if (present) {
		db_put(op, DB_NAMES, name, v);
		db_put(op, DB_CHILDREN, ck, v);
		if (k->busy)
			db_put(op, DB_BUSY, v, none);
	} else {
		db_del(op, DB_NAMES, name, &v);
		db_del(op, DB_CHILDREN, ck, NULL);
		if (k->busy)
			db_del(op, DB_BUSY, v, NULL);
	}
	index_addresses(op, k, &k->ip4, sizeof(struct in_addr), present);
	index_addresses(op, k, &k->ip6, sizeof(struct in6_addr), present);
}

static bool
same_list(const struct list *a, const struct list *b, size_t size)
{
	return a->count == b->count &&
	    (a->count == 0 || memcmp(a->data, b->data, a->count * size) == 0);
}

static bool
same_keys(const struct record_keys *a, const struct record_keys *b)
{
	return a->stored == b->stored && a->busy == b->busy &&
	    a->jid == b->jid && a->parent == b->parent &&
	    a->serial == b->serial && strcmp(a->name, b->name) == 0 &&
	    same_list(&a->ip4, &b->ip4, sizeof(struct in_addr)) &&
	    same_list(&a->ip6, &b->ip6, sizeof(struct in6_addr));
}

static void
write_record(struct op *op, struct record *r)
{
	struct record_keys now;
	unsigned char buf[4];
	MDB_val val;

	record_keys(r, &now);
	if (!same_keys(&r->was, &now)) {
		index_keys(op, &r->was, false);
		index_keys(op, &now, true);
	}
	if (r->was.stored && (r->gone || r->was.jid != r->jid))
		db_del(op, DB_JAILS, db_jid(r->was.jid, buf), NULL);
	if (!r->gone) {
		if (record_encode(&op->arena, r, &val.mv_data,
		    &val.mv_size) != 0)
			store_broken(op, ENOMEM);
		else
			db_put(op, DB_JAILS, db_jid(r->jid, buf), val);
	}
	r->was = now;
	r->dirty = false;
}

void
store_flush(struct op *op)
{
	if (!op->write)
		return;
	for (size_t i = 0; i < op->dirty_count; i++)
		write_record(op, op->dirty[i]);
	op->dirty_count = 0;
}

void
record_changed(struct op *op, struct record *r)
{
	struct record **more;

	if (!op->write)
		op->stale = true;
	r->changed = true;
	if (r->dirty)
		return;
	if (op->dirty_count == op->dirty_room) {
		size_t room = op->dirty_room * 2 + 8;

		more = arena_alloc(&op->arena, room * sizeof *more);
		if (more == NULL) {
			store_broken(op, ENOMEM);
			return;
		}
		if (op->dirty_count > 0)
			memcpy(more, op->dirty, op->dirty_count * sizeof *more);
		op->dirty = more;
		op->dirty_room = room;
	}
	op->dirty[op->dirty_count++] = r;
	r->dirty = true;
}

static size_t
slot_of(const struct op *op, int jid)
{
	return (uint32_t)jid * 2654435761u & (op->cache_size - 1);
}

static void cache_enter(struct op *op, struct record *r);

static bool
cache_grow(struct op *op)
{
	struct record **old = op->cache;
	size_t size = op->cache_size;

	op->cache_size = size == 0 ? 64 : size * 2;
	op->cache = arena_alloc(&op->arena, op->cache_size * sizeof *old);
	if (op->cache == NULL) {
		op->cache = old;
		op->cache_size = size;
		store_broken(op, ENOMEM);
		return false;
	}
	op->cache_used = 0;
	for (size_t i = 0; i < size; i++)
		if (old[i] != NULL)
			cache_enter(op, old[i]);
	return true;
}

static void
cache_enter(struct op *op, struct record *r)
{
	size_t i;

	if (op->cache_used * 2 >= op->cache_size && !cache_grow(op))
		return;
	for (i = slot_of(op, r->jid); op->cache[i] != NULL;
	    i = (i + 1) & (op->cache_size - 1))
		;
	op->cache[i] = r;
	op->cache_used++;
}

/* The cached record; *gone says that there was one that is no more. */
static struct record *
cache_find(struct op *op, int jid, bool *gone)
{
	*gone = false;
	if (op->cache_size == 0)
		return NULL;
	for (size_t i = slot_of(op, jid); op->cache[i] != NULL;
	    i = (i + 1) & (op->cache_size - 1)) {
		if (op->cache[i]->jid != jid)
			continue;
		if (!op->cache[i]->gone)
			return op->cache[i];
		*gone = true;
	}
	return NULL;
}

struct record *
record_get(struct op *op, int jid)
{
	unsigned char buf[4];
	struct record *r;
	MDB_val key, val;
	bool gone;

	if (jid < 0 || op->broken != 0)
		return NULL;
	r = cache_find(op, jid, &gone);
	if (r != NULL || gone)
		return r;
	key = db_jid(jid, buf);
	if (!db_found(op, mdb_get(op->txn, op->t->db[DB_JAILS], &key, &val)))
		return NULL;
	r = record_decode(&op->arena, val.mv_data, val.mv_size);
	if (r == NULL)
		store_broken(op, op->arena.failed ? ENOMEM : EIO);
	else
		cache_enter(op, r);
	return r;
}

struct record *
record_new(struct op *op)
{
	struct record *r = arena_alloc(&op->arena, sizeof *r);

	if (r != NULL) {
		r->serial = ++op->meta.serial;
		op->meta_dirty = true;
	}
	return r;
}

void
record_insert(struct op *op, struct record *r)
{
	cache_enter(op, r);
	record_changed(op, r);
}

void
record_renumber(struct op *op, struct record *r, int jid)
{
	struct jids children;

	jids_children(op, r->jid, &children);
	for (size_t i = 0; i < children.count; i++) {
		struct record *c = record_get(op, children.jid[i]);

		if (c != NULL) {
			c->parent = jid;
			record_changed(op, c);
		}
	}
	r->jid = jid;
	cache_enter(op, r);
	record_changed(op, r);
	store_flush(op);
}
