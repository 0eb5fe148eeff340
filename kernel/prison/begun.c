/* SPDX-License-Identifier: BSD-2-Clause */
#include "begun.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "life.h"

#define TRY_S 2 /* between two tries by one who only reads */
#define MAGIC 0x32206e7567656204ULL /* of this format */

/* At the start of the file; notes follow. */
struct header {
	uint64_t magic;
	uint64_t txn;  /* 0: none */
	uint64_t kept; /* bytes of what is to be undone whatever was committed */
	uint64_t len;  /* bytes of these and what this transaction began */
};

/* A record and what was told, with its NUL, follow. */
struct note {
	uint64_t undone;
	uint64_t record_len, told_len;
};

/* Of this call: a prison of which a note was not undone. */
struct begun_left {
	struct begun_left *next;
	uint64_t serial;
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
	    pread(op->t->begun, h, sizeof *h, 0) != (ssize_t)sizeof *h ||
	    h->magic != MAGIC)
		*h = (struct header){ MAGIC, 0, 0, 0 };
}

static bool
write_all(int fd, const void *data, size_t len, uint64_t at)
{
	ssize_t n = pwrite(fd, data, len, (off_t)at);

	if (n >= 0 && (size_t)n != len)
		errno = ENOSPC;
	return n >= 0 && (size_t)n == len;
}

static bool
is_left(const struct op *op, uint64_t serial)
{
	for (const struct begun_left *l = op->left; l != NULL; l = l->next)
		if (l->serial == serial)
			return true;
	return false;
}

int
begun_note(struct op *op, const struct record *r, const char *told)
{
	const uint64_t txn = mdb_txn_id(op->txn);
	struct note note = { .told_len = strlen(told) + 1 };
	struct header h;
	void *data;
	uint64_t at;
	size_t n;

	if (is_left(op, r->serial))
		return EAGAIN;
	if (record_encode(&op->arena, r, &data, &n) != 0)
		return ENOMEM;
	if (!lock(op->t))
		return errno;
	read_header(op, &h);
	if (h.txn != txn)
		h = (struct header){ MAGIC, txn, h.kept, h.kept };
	note.record_len = n;
	at = sizeof h + h.len;
	h.len += sizeof note + n + note.told_len;
	/* It counts only once the header says so. */
	if (write_all(op->t->begun, &note, sizeof note, at) &&
	    write_all(op->t->begun, data, n, at + sizeof note) &&
	    write_all(op->t->begun, told, note.told_len, at + sizeof note + n) &&
	    write_all(op->t->begun, &h, sizeof h, 0))
		return 0;
	return errno != 0 ? errno : EIO;
}

void
begun_clear(struct op *op)
{
	struct header h;

	read_header(op, &h);
	if (h.txn != mdb_txn_id(op->txn))
		return;
	h = (struct header){ MAGIC, 0, h.kept, h.kept };
	(void)write_all(op->t->begun, &h, sizeof h, 0);
}

/* `was` is how the prison was to become.  Returns whether it is as it was. */
static bool
recover_one(struct op *op, struct record *was, const char *told)
{
	const struct prison_effects *e = op->t->effects;
	struct record *r = record_get(op, was->jid);
	struct prison before, after;
	struct error ignored = { 0 };

	if (r == NULL || r->serial != was->serial ||
	    r->state != PRISON_ALIVE || e == NULL || e->update == NULL)
		return true;
	life_view(op, was, &before);
	life_view(op, r, &after);
	after.unsure = told;
	/* As when a call takes back what it did: there is nobody to tell. */
	return e->update(op->t->effects_arg, &before, &after, &ignored) == 0;
}

/* A note that cannot be read is of no use to anybody. */
static int
recover_note(struct op *op, char *data, const struct note *note, bool *done)
{
	struct record *was = record_decode(&op->arena, data, note->record_len);
	struct begun_left *l;

	if (was == NULL && op->arena.failed)
		return ENOMEM;
	*done = was == NULL || note->told_len == 0 ||
	    data[note->record_len + note->told_len - 1] != '\0' ||
	    recover_one(op, was, data + note->record_len);
	if (*done)
		return 0;
	l = arena_alloc(&op->arena, sizeof *l);
	if (l == NULL)
		return ENOMEM;
	*l = (struct begun_left){ op->left, was->serial };
	op->left = l;
	return 0;
}

/* Undoes the notes in the first `len` bytes, each once. */
static int
recover_all(struct op *op, uint64_t len)
{
	const uint64_t undone = 1;
	struct note note;
	struct stat st;
	int error = 0;
	bool done;
	char *all;

	/* No caller cuts it short. */
	if (fstat(op->t->begun, &st) != 0 || len > (uint64_t)st.st_size)
		return 0;
	all = arena_alloc(&op->arena, len + 1);
	if (all == NULL)
		return ENOMEM;
	if (pread(op->t->begun, all, len, sizeof(struct header)) !=
	    (ssize_t)len)
		return 0;
	for (uint64_t at = 0; error == 0 && at + sizeof note <= len;
	    at += sizeof note + note.record_len + note.told_len) {
		memcpy(&note, all + at, sizeof note);
		if (note.record_len > len - at - sizeof note ||
		    note.told_len > len - at - sizeof note - note.record_len)
			break; /* damaged */
		if (note.undone != 0)
			continue;
		error = recover_note(op, all + at + sizeof note, &note, &done);
		if (error == 0 && done && !write_all(op->t->begun, &undone,
		    sizeof undone, sizeof(struct header) + at))
			error = errno;
	}
	return error;
}

/* Who only reads has others try again what was not undone, now and then. */
static bool
is_tried(const struct op *op, const struct header *h)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return h->txn == 0 && op->t->tried != 0 &&
	    now.tv_sec < op->t->tried + TRY_S;
}

int
begun_recover(struct op *op)
{
	struct timespec now;
	struct header h;
	uint64_t len;
	int error;

	/* A reader has the number of the last commit. */
	read_header(op, &h);
	len = h.txn != 0 && h.txn == mdb_txn_id(op->txn) + !op->write ?
	    h.len : h.kept;
	if (len == 0)
		return 0;
	if (!op->write) {
		op->stale |= !is_tried(op, &h);
		return 0;
	}
	if (!lock(op->t))
		return errno;
	error = recover_all(op, len);
	if (error != 0)
		return error;
	if (op->left == NULL)
		len = 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	op->t->tried = now.tv_sec;
	h = (struct header){ MAGIC, 0, len, len };
	return write_all(op->t->begun, &h, sizeof h, 0) ? 0 : errno;
}
