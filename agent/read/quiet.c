/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/content.h"
#include "kernel/remote.h"

#define QUIET_MS 1000
#define EMPTY_MS 100 /* a file is there before its maker has it open */

long long
monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long long
time_ms(const struct timespec *t)
{
	return (long long)t->tv_sec * 1000 + t->tv_nsec / 1000000;
}

static bool
time_same(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
id_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    time_same(&a->mtime, &b->mtime) &&
	    time_same(&a->ctime, &b->ctime) && a->link_ino == b->link_ino &&
	    time_same(&a->link_ctime, &b->link_ctime);
}

void
id_set(struct file_id *id, const struct stat *st)
{
	id->dev = st->st_dev;
	id->ino = st->st_ino;
	id->size = st->st_size;
	id->mtime = st->st_mtim;
	id->ctime = st->st_ctim;
}

long long
id_age_ms(const struct file_id *id)
{
	struct timespec now;
	long long mtime = time_ms(&id->mtime), ctime = time_ms(&id->ctime);

	clock_gettime(CLOCK_REALTIME, &now);
	return time_ms(&now) - (mtime > ctime ? mtime : ctime);
}

bool
id_racy(const struct file_id *id)
{
	bool coarse = id->mtime.tv_nsec == 0 && id->ctime.tv_nsec == 0;
	long long age = id_age_ms(id), limit = coarse ? 2000 : 50;

	return age > -limit && age < limit;
}

bool
id_renamed(const struct file_id *id)
{
	const struct timespec *m = &id->mtime, *c = &id->ctime;

	return m->tv_sec < c->tv_sec ||
	    (m->tv_sec == c->tv_sec && m->tv_nsec < c->tv_nsec);
}

static bool
arrived_by_rename(const struct quiet *q)
{
	return q->id->size != 0 && q->before != q->id->ino &&
	    id_renamed(q->id);
}

long long
quiet_left_ms(long long since_ms)
{
	long long quiet = monotonic_ms() - since_ms;

	return quiet >= QUIET_MS ? 0 : QUIET_MS - quiet;
}

bool
quiet_in_steps(const struct content *old, long long since_ms,
    const char *text, size_t len)
{
	unsigned char digest[SPEC_DIGEST_SIZE];

	if (monotonic_ms() - since_ms < QUIET_MS || len < old->len)
		return true;
	crypto_generichash(digest, sizeof digest, (const unsigned char *)text,
	    old->len, NULL, 0);
	return memcmp(digest, old->digest, sizeof digest) == 0;
}

bool
quiet_is(int fd, const struct quiet *q, bool *leased)
{
	*leased = false;
	if (q->id->size == 0 && id_age_ms(q->id) >= 0 &&
	    id_age_ms(q->id) < EMPTY_MS)
		return false;
#ifdef F_SETLEASE
	if (!q->no_leases) {
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
			return *leased = true;
		if (errno == EAGAIN && !q->remote && !file_remote(fd))
			return false;
	}
#else
	(void)fd;
#endif
	return quiet_left_ms(q->since_ms) == 0 || arrived_by_rename(q);
}

void
quiet_end(int fd, bool leased)
{
#ifdef F_SETLEASE
	if (leased)
		(void)fcntl(fd, F_SETLEASE, F_UNLCK);
#else
	(void)fd;
	(void)leased;
#endif
}

bool
quiet_read(int fd, char *buf, size_t len)
{
	size_t at = 0;
	ssize_t n;

	while (at <= len) {
		n = read(fd, buf + at, len + 1 - at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 && at == len;
		at += (size_t)n;
	}
	return false;
}
