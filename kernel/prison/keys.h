/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of the databases, and single reads and writes. */
#ifndef JA_PRISON_KEYS_H
#define JA_PRISON_KEYS_H

#include "engine.h"

/* Keys are built in `buf` and valid as long as that is. */
MDB_val db_jid(int jid, unsigned char buf[4]);
int db_to_jid(const MDB_val *v);
MDB_val db_child_key(int parent, uint64_t serial, unsigned char buf[12]);
MDB_val db_address_key(size_t size, bool single, const void *address,
    unsigned char buf[18]);

/* Whether a result is success; errors other than "not found" are kept. */
bool db_found(struct op *op, int rc);
/* Empty keys, which LMDB does not take, are left out. */
void db_put(struct op *op, enum database db, MDB_val key, MDB_val val);
/* One of several values of a key, or (val NULL) all of them. */
void db_del(struct op *op, enum database db, MDB_val key, MDB_val *val);

#endif
