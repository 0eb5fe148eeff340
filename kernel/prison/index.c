/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking prisons up in the indexes. */
#include <errno.h>
#include <string.h>

#include "engine.h"
#include "keys.h"

#define BATCH 64

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
	if (key.mv_size == 0 || key.mv_size > JAIL_NAME_MAX ||
	    (c = cursor(op, DB_NAMES)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_SET); db_found(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT_DUP))
		if (!jids_add(op, out, &room, db_to_jid(&val)))
			break;
	mdb_cursor_close(c);
}

void
jids_children(struct op *op, int parent, struct jids *out)
{
	unsigned char buf[12];
	MDB_val key = db_child_key(parent, UINT64_MAX, buf), val;
	MDB_cursor *c;
	size_t room = 0;
	int rc;

	*out = (struct jids){ 0 };
	if ((c = cursor(op, DB_CHILDREN)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_SET_RANGE);
	    db_found(op, rc) && db_to_jid(&key) == parent;
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
		if (!jids_add(op, out, &room, db_to_jid(&val)))
			break;
	mdb_cursor_close(c);
}

void
jids_busy(struct op *op, size_t max, struct jids *out)
{
	MDB_val key, val;
	MDB_cursor *c;
	size_t room = 0;
	int rc;

	*out = (struct jids){ 0 };
	if ((c = cursor(op, DB_BUSY)) == NULL)
		return;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_FIRST);
	    out->count < max && db_found(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT))
		if (!jids_add(op, out, &room, db_to_jid(&key)))
			break;
	mdb_cursor_close(c);
}

/*
 * Up to BATCH jids above `last` that have the address.  The cursor is closed
 * before anybody looks at those jails, because looking may change the index.
 */
static size_t
next_batch(struct op *op, MDB_val key, int last, int batch[BATCH])
{
	unsigned char buf[4];
	MDB_val val = db_jid(last + 1, buf);
	MDB_cursor *c = cursor(op, DB_ADDRS);
	size_t n = 0;
	int rc;

	if (c == NULL)
		return 0;
	for (rc = mdb_cursor_get(c, &key, &val, MDB_GET_BOTH_RANGE);
	    n < BATCH && db_found(op, rc);
	    rc = mdb_cursor_get(c, &key, &val, MDB_NEXT_DUP))
		batch[n++] = db_to_jid(&val);
	mdb_cursor_close(c);
	return n;
}

bool
jids_by_address(struct op *op, size_t size, bool single, const void *address,
    bool (*each)(void *arg, int jid), void *arg)
{
	unsigned char buf[18];
	MDB_val key = db_address_key(size, single, address, buf);
	int batch[BATCH], last = 0;
	size_t n;

	do {
		n = next_batch(op, key, last, batch);
		for (size_t i = 0; i < n; i++)
			if (each(arg, batch[i]))
				return true;
		last = n > 0 ? batch[n - 1] : last;
	} while (n == BATCH && last < INT32_MAX);
	return false;
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
	key = db_jid(jid < 0 ? 1 : jid + 1, buf);
	if (db_found(op, mdb_cursor_get(c, &key, &val, MDB_SET_RANGE)))
		next = db_to_jid(&key);
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
	if (db_found(op, mdb_cursor_get(c, &key, &val, MDB_LAST)))
		last = db_to_jid(&key);
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
	if (db_found(op, mdb_cursor_get(c, &key, &val, MDB_FIRST))) {
		id = db_to_jid(&key);
		mdb_cursor_close(c);
		db_del(op, DB_CPUSETS, db_jid(id, buf), NULL);
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
		db_put(op, DB_CPUSETS, db_jid(id, buf), none);
}
