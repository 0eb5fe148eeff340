/* SPDX-License-Identifier: BSD-2-Clause */
#include "begun.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "life.h"

/* At the start of the file; records follow, each behind its length. */
struct header {
	uint64_t txn; /* 0: none */
	uint64_t len; /* of what follows */
};

int
begun_open(int dir_fd)
{
	return openat(dir_fd, BEGUN_FILE, O_RDWR | O_CREAT | O_CLOEXEC,
	    0600);
}

/* Not t->begun, which children that were forked have too. */
static bool
lock(struct prison_table *t)
{
	if (t->keep < 0)
		t->keep = begun_open(t->dir_fd);
	if (t->keep < 0)
		return false;
	while (flock(t->keep, LOCK_EX) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

void
begun_end(struct op *op)
{
	if (op->t->keep >= 0)
		close(op->t->keep);
	op->t->keep = -1;
}

static void
read_header(const struct op *op, struct header *h)
{
	if (op->t->begun < 0 ||
	    pread(op->t->begun, h, sizeof *h, 0) != (ssize_t)sizeof *h)
		*h = (struct header){ 0, 0 };
}

static bool
write_all(int fd, const void *data, size_t len, uint64_t at)
{
	ssize_t n = pwrite(fd, data, len, (off_t)at);

	if (n >= 0 && (size_t)n != len)
		errno = ENOSPC;
	return n >= 0 && (size_t)n == len;
}

int
begun_note(struct op *op, const struct record *r)
{
	const uint64_t txn = mdb_txn_id(op->txn);
	uint64_t len, at;
	struct header h;
	void *data;
	size_t n;

	if (record_encode(&op->arena, r, &data, &n) != 0)
		return ENOMEM;
	if (!lock(op->t))
		return errno;
	read_header(op, &h);
	if (h.txn != txn)
		h = (struct header){ txn, 0 };
	at = sizeof h + h.len;
	len = n;
	h.len += sizeof len + len;
	/* It counts only once the header says so. */
	if (write_all(op->t->begun, &len, sizeof len, at) &&
	    write_all(op->t->begun, data, n, at + sizeof len) &&
	    write_all(op->t->begun, &h, sizeof h, 0))
		return 0;
	return errno != 0 ? errno : EIO;
}

void
begun_clear(struct op *op)
{
	static const struct header none;
	struct header h;

	read_header(op, &h);
	if (h.txn == mdb_txn_id(op->txn))
		(void)write_all(op->t->begun, &none, sizeof none, 0);
}

/* `was` is how the prison was to become. */
static void
recover_one(struct op *op, struct record *was)
{
	const struct prison_effects *e = op->t->effects;
	struct record *r = record_get(op, was->jid);
	struct prison before, after;
	struct error ignored;

	if (r == NULL || r->serial != was->serial ||
	    r->state != PRISON_ALIVE || e == NULL || e->update == NULL)
		return;
	life_view(op, was, &before);
	life_view(op, r, &after);
	after.unsure = true;
	/* As when a call takes back what it did: there is nobody to tell. */
	(void)e->update(op->t->effects_arg, &before, &after, &ignored);
}

static void
recover_all(struct op *op, const struct header *h)
{
	char *all = arena_alloc(&op->arena, h->len + 1);
	uint64_t len;

	if (all == NULL || pread(op->t->begun, all, h->len, sizeof *h) !=
	    (ssize_t)h->len)
		return;
	for (uint64_t at = 0; at + sizeof len <= h->len; at += len) {
		struct record *was;

		memcpy(&len, all + at, sizeof len);
		at += sizeof len;
		if (len > h->len - at)
			return;
		was = record_decode(&op->arena, all + at, len);
		if (was != NULL)
			recover_one(op, was);
	}
}

void
begun_recover(struct op *op)
{
	struct header h;

	/* A reader has the number of the last commit. */
	read_header(op, &h);
	if (h.txn == 0 || h.txn != mdb_txn_id(op->txn) + !op->write)
		return;
	if (!op->write) {
		op->stale = true;
		return;
	}
	if (lock(op->t))
		recover_all(op, &h);
	begun_clear(op);
}
