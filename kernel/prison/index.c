/* SPDX-License-Identifier: BSD-2-Clause */
/* Records in the table and the indexes that find them. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "engine.h"

#define KEY_MAX JAIL_NAME_MAX

/* Jids are stored big-endian, so that keys sort as numbers. */
static MDB_val
jid_val(int jid, unsigned char buf[4])
{
	uint32_t n = (uint32_t)jid;

	buf[0] = (unsigned char)(n >> 24);
	buf[1] = (unsigned char)(n >> 16);
	buf[2] = (unsigned char)(n >> 8);
	buf[3] = (unsigned char)n;
	return (MDB_val){ 4, buf };
}

static int
val_jid(const MDB_val *v)
{
	const unsigned char *p = v->mv_data;

	if (v->mv_size < 4)
		return 0;
	return (int)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

static bool
usable(struct op *op, int rc)
{
	if (rc == 0)
		return true;
	if (rc != MDB_NOTFOUND)
		store_broken(op, rc);
	return false;
}

static void
enter(struct op *op, enum database db, MDB_val key, MDB_val val)
{
	int rc;

	if (key.mv_size == 0 || op->broken != 0)
		return;
	rc = mdb_put(op->txn, op->t->db[db], &key, &val, 0);
	if (rc != 0)
		store_broken(op, rc);
}

static void
leave(struct op *op, enum database db, MDB_val key, MDB_val *val)
{
	if (key.mv_size == 0 || op->broken != 0)
		return;
	usable(op, mdb_del(op->txn, op->t->db[db], &key, val));
}

static MDB_val
child_key(int parent, uint64_t serial, unsigned char buf[12])
{
	uint64_t inverse = ~serial;

	jid_val(parent, buf);
	for (int i = 0; i < 8; i++)
		buf[4 + i] = (unsigned char)(inverse >> (56 - 8 * i));
	return (MDB_val){ 12, buf };
}

static MDB_val
address_key(size_t size, bool single, const void *address,
    unsigned char buf[18])
{
	buf[0] = (unsigned char)size;
	buf[1] = single;
	memcpy(buf + 2, address, size);
	return (MDB_val){ 2 + size, buf };
}

static void
index_addresses(struct op *op, const struct record_keys *k,
    const struct list *l, size_t size, bool present)
{
	unsigned char key[18], val[4];
	MDB_val v = jid_val(k->jid, val);

	for (uint32_t i = 0; i < l->count; i++) {
		const char *address = (const char *)l->data + i * size;
		MDB_val id = address_key(size, l->count == 1, address, key);

		if (present)
			enter(op, DB_ADDRS, id, v);
		else
			leave(op, DB_ADDRS, id, &v);
	}
}

static void
index_keys(struct op *op, const struct record_keys *k, bool present)
{
	unsigned char jid[4], child[12];
	MDB_val v = jid_val(k->jid, jid), none = { 0, NULL };
	MDB_val name = { strlen(k->name), (void *)(uintptr_t)k->name };
	MDB_val ck = child_key(k->parent, k->serial, child);

	if (!k->stored || k->jid == 0)
		return;
	if (present) {
		enter(op, DB_NAMES, name, v);
		enter(op, DB_CHILDREN, ck, v);
		if (k->busy)
			enter(op, DB_BUSY, v, none);
	} else {
		leave(op, DB_NAMES, name, &v);
		leave(op, DB_CHILDREN, ck, NULL);
		if (k->busy)
			leave(op, DB_BUSY, v, NULL);
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
		leave(op, DB_JAILS, jid_val(r->was.jid, buf), NULL);
	if (!r->gone) {
		if (record_encode(&op->arena, r, &val.mv_data,
		    &val.mv_size) != 0)
			store_broken(op, ENOMEM);
		else
			enter(op, DB_JAILS, jid_val(r->jid, buf), val);
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
	key = jid_val(jid, buf);
	if (!usable(op, mdb_get(op->txn, op->t->db[DB_JAILS], &key, &val)))
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

static bool
jids_add(struct op *op, struct jids *out, size_t *room, int jid)
{
	int32_t *more;

	if (out->count == *room) {
		*room = *room * 2 + 16;
		more = arena_alloc(&op->arena, *room * sizeof *more);
		if (more == NULL) {
			store_broken(op, ENOMEM);
			return false;
		}
		if (out->count > 0)
			memcpy(more, out->jid, out->count * sizeof *more);
		out->jid = more;
	}
	out->jid[out->count++] = jid;
	return true;
}

static MDB_cursor *
cursor(struct op *op, enum database db)
{
	MDB_cursor *c;
	int rc;

	store_flush(op);
	if (op->broken != 0)
		return NULL;
	rc = mdb_cursor_open(op->txn, op->t->db[db], &c);
	if (rc == 0)
		return c;
	store_broken(op, rc);
	return NULL;
}

void
jids_by_name(struct op *op, const char *name, struct jids *out)
{
	MDB_val key = { strlen(name), (void *)(uintptr_t)name }, val;
	MDB_cursor *c;
	size_t room = 0;
	int rc;

	*out = (struct jids){ 0 };
	if (key.mv_size == 0 || key.mv_size > KEY_MAX ||
	    (c = cursor(op, DB_NAMES)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_SET); usable(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT_DUP))
		if (!jids_add(op, out, &room, val_jid(&val)))
			break;
	mdb_cursor_close(c);
}

void
jids_children(struct op *op, int parent, struct jids *out)
{
	unsigned char buf[12];
	MDB_val key = child_key(parent, UINT64_MAX, buf), val;
	MDB_cursor *c;
	size_t room = 0;
	int rc;

	*out = (struct jids){ 0 };
	if ((c = cursor(op, DB_CHILDREN)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
	    usable(op, rc) && val_jid(&key) == parent;
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
		if (!jids_add(op, out, &room, val_jid(&val)))
			break;
	mdb_cursor_close(c);
}

void
jids_busy(struct op *op, struct jids *out)
{
	MDB_val key, val;
	MDB_cursor *c;
	size_t room = 0;
	int rc;

	*out = (struct jids){ 0 };
	if ((c = cursor(op, DB_BUSY)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_FIRST); usable(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
		if (!jids_add(op, out, &room, val_jid(&key)))
			break;
	mdb_cursor_close(c);
}

bool
jids_by_address(struct op *op, size_t size, bool single, const void *address,
    bool (*each)(void *arg, int jid), void *arg)
{
	unsigned char buf[18];
	MDB_val key = address_key(size, single, address, buf), val;
	MDB_cursor *c = cursor(op, DB_ADDRS);
	bool found = false;
	int rc;

	if (c == NULL)
		return false;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_SET);
	    !found && usable(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT_DUP))
		found = each(arg, val_jid(&val));
	mdb_cursor_close(c);
	return found;
}

int
jid_after(struct op *op, int jid)
{
	unsigned char buf[4];
	MDB_val key, val;
	MDB_cursor *c;
	int next = 0;

	if (jid == INT32_MAX || (c = cursor(op, DB_JAILS)) == NULL)
		return 0;
	key = jid_val(jid < 0 ? 1 : jid + 1, buf);
	if (usable(op, mdb_cursor_get(c, &key, &val, MDB_SET_RANGE)))
		next = val_jid(&key);
	mdb_cursor_close(c);
	return next;
}

int
jid_last(struct op *op)
{
	MDB_val key, val;
	MDB_cursor *c = cursor(op, DB_JAILS);
	int last = 0;

	if (c == NULL)
		return 0;
	if (usable(op, mdb_cursor_get(c, &key, &val, MDB_LAST)))
		last = val_jid(&key);
	mdb_cursor_close(c);
	return last;
}

int
cpuset_take(struct op *op)
{
	unsigned char buf[4];
	MDB_val key, val;
	MDB_cursor *c = cursor(op, DB_CPUSETS);
	int id;

	if (c == NULL)
		return 0;
	if (usable(op, mdb_cursor_get(c, &key, &val, MDB_FIRST))) {
		id = val_jid(&key);
		mdb_cursor_close(c);
		leave(op, DB_CPUSETS, jid_val(id, buf), NULL);
		return id;
	}
	mdb_cursor_close(c);
	op->meta_dirty = true;
	return op->meta.cpusets++;
}

void
cpuset_give(struct op *op, int id)
{
	unsigned char buf[4];
	MDB_val none = { 0, NULL };

	if (op->write)
		enter(op, DB_CPUSETS, jid_val(id, buf), none);
}
