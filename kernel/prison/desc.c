/* SPDX-License-Identifier: BSD-2-Clause */
#include "desc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "life.h"
#include "tree.h"

struct desc_row {
	uint64_t serial; /* of its prison */
	int32_t jid;
	uint32_t own;
};

#define NAME_SIZE 32

static void
desc_name(uint64_t id, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "desc.%" PRIu64, id);
}

static bool
is_closed(const struct op *op, uint64_t id)
{
	char name[NAME_SIZE];
	bool closed;
	int fd;

	desc_name(id, name);
	fd = openat(op->t->dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	closed = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return closed;
}

bool
desc_owner_closed(struct op *op, const struct record *r)
{
	const uint64_t *id = r->owners.data;

	for (uint32_t i = 0; i < r->owners.count; i++)
		if (is_closed(op, id[i]))
			return true;
	return false;
}

/* Descriptors that nobody has open any more are forgotten. */
static void
sweep(struct op *op)
{
	char name[NAME_SIZE];
	MDB_cursor *c;
	MDB_val key, val;
	uint64_t id;

	if (mdb_cursor_open(op->txn, op->t->db[DB_DESCS], &c) != 0)
		return;
	while (mdb_cursor_get(c, &key, &val, MDB_NEXT) == 0) {
		struct desc_row row;

		if (key.mv_size != sizeof id || val.mv_size != sizeof row)
			continue;
		memcpy(&id, key.mv_data, sizeof id);
		memcpy(&row, val.mv_data, sizeof row);
		if (!is_closed(op, id))
			continue;
		life_look(op, find_serial(op, row.jid, row.serial));
		mdb_cursor_del(c, 0);
		desc_name(id, name);
		unlinkat(op->t->dir_fd, name, 0);
	}
	mdb_cursor_close(c);
}

static void
add_owner(struct op *op, struct record *r, uint64_t id)
{
	uint32_t n = r->owners.count;
	uint64_t *all = arena_alloc(&op->arena, (n + 1) * sizeof *all);

	if (all == NULL)
		return;
	if (n > 0)
		memcpy(all, r->owners.data, n * sizeof *all);
	all[n] = id;
	r->owners = (struct list){ all, n + 1 };
	record_changed(op, r);
}

int
desc_make(struct op *op, struct record *r, bool own)
{
	struct desc_row row = { r->serial, r->jid, own };
	uint64_t id = ++op->meta.descs;
	MDB_val key = { sizeof id, &id }, val = { sizeof row, &row };
	char name[NAME_SIZE];
	int fd, rc;

	sweep(op);
	op->meta_dirty = true;
	desc_name(id, name);
	fd = openat(op->t->dir_fd, name,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_SH) != 0 ||
	    pwrite(fd, &id, sizeof id, 0) != (ssize_t)sizeof id) {
		rc = errno;
		goto fail;
	}
	rc = mdb_put(op->txn, op->t->db[DB_DESCS], &key, &val, 0);
	if (rc != 0) {
		store_broken(op, rc);
		rc = EIO;
		goto fail;
	}
	if (own)
		add_owner(op, r, id);
	return fd;
fail:
	close(fd);
	unlinkat(op->t->dir_fd, name, 0);
	errno = rc;
	return -1;
}

/* Whether an open file is the one of descriptor *id, which is read from it. */
static bool
is_descriptor(const struct op *op, int fd, const struct stat *st, uint64_t *id)
{
	char name[NAME_SIZE];
	struct stat named;

	if (!S_ISREG(st->st_mode) || st->st_size != (off_t)sizeof *id ||
	    pread(fd, id, sizeof *id, 0) != (ssize_t)sizeof *id)
		return false;
	desc_name(*id, name);
	return fstatat(op->t->dir_fd, name, &named, 0) == 0 &&
	    named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

int
desc_find(struct op *op, int fd, struct record **r)
{
	struct desc_row row;
	struct stat st;
	uint64_t id;
	MDB_val key = { sizeof id, &id }, val;

	if (fstat(fd, &st) != 0)
		return op_fail(op, EBADF, "not a jail descriptor");
	if (!is_descriptor(op, fd, &st, &id) ||
	    mdb_get(op->txn, op->t->db[DB_DESCS], &key, &val) != 0 ||
	    val.mv_size != sizeof row)
		return op_fail(op, EINVAL, "not a jail descriptor");
	memcpy(&row, val.mv_data, sizeof row);
	*r = life_look(op, find_serial(op, row.jid, row.serial));
	if (*r == NULL || (*r)->state != PRISON_ALIVE)
		return op_fail(op, ENOENT, "descriptor to dead jail");
	return 0;
}
