/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include <string.h>

/* Jids are stored big-endian, so that keys sort as numbers. */
MDB_val
db_jid(int jid, unsigned char buf[4])
{
	uint32_t n = (uint32_t)jid;

	buf[0] = (unsigned char)(n >> 24);
	buf[1] = (unsigned char)(n >> 16);
	buf[2] = (unsigned char)(n >> 8);
	buf[3] = (unsigned char)n;
	return (MDB_val){ 4, buf };
}

int
db_to_jid(const MDB_val *v)
{
	const unsigned char *p = v->mv_data;

	if (v->mv_size < 4)
		return 0;
	return (int)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

bool
db_found(struct op *op, int rc)
{
	if (rc == 0)
		return true;
	if (rc != MDB_NOTFOUND)
		store_broken(op, rc);
	return false;
}

void
db_put(struct op *op, enum database db, MDB_val key, MDB_val val)
{
	int rc;

	if (key.mv_size == 0 || op->broken != 0)
		return;
	rc = mdb_put(op->txn, op->t->db[db], &key, &val, 0);
	if (rc == 0)
		op->wrote = true;
	else
		store_broken(op, rc);
}

void
db_del(struct op *op, enum database db, MDB_val key, MDB_val *val)
{
	if (key.mv_size == 0 || op->broken != 0)
		return;
	op->wrote |= db_found(op, mdb_del(op->txn, op->t->db[db], &key, val));
}

MDB_val
db_child_key(int parent, uint64_t serial, unsigned char buf[12])
{
	uint64_t inverse = ~serial;

	db_jid(parent, buf);
	for (int i = 0; i < 8; i++)
		buf[4 + i] = (unsigned char)(inverse >> (56 - 8 * i));
	return (MDB_val){ 12, buf };
}

MDB_val
db_address_key(size_t size, bool single, const void *address,
    unsigned char buf[18])
{
	buf[0] = (unsigned char)size;
	buf[1] = single;
	memcpy(buf + 2, address, size);
	return (MDB_val){ 2 + size, buf };
}
