/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects in packs.  The index of a pack, version 2, lists names and where they
 * are; an object may be the difference to another one before it, that to yet
 * another.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/git_object.h"
#include "agent/read/unpack.h"

#define FANOUT 8	     /* where the table of first bytes begins */
#define NAMES (FANOUT + 256 * 4)
#define OFFSET_DELTA 6	     /* kinds of objects in packs alone */
#define NAME_DELTA 7
#define CHAIN_MAX 4096	     /* differences to differences */

struct pack {
	int index, data;
	uint32_t count;
};

/* An object as it is in the pack. */
struct packed {
	unsigned kind;
	uint64_t base; /* where the one is that it differs from */
	unsigned char *data;
	size_t len;
};

static uint64_t
be(const unsigned char *p, size_t bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | *p++;
	return value;
}

/* Reads as much as there is; -1 when that is less than `min`. */
static ssize_t
read_at(int fd, void *buf, size_t len, size_t min, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = at + got > INT64_MAX ? -1 :
		    pread(fd, (char *)buf + got, len - got, (off_t)(at + got));

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got >= min ? (ssize_t)got : -1;
}

/* A number of the index. */
static int
number_at(const struct pack *p, uint64_t at, size_t bytes, uint64_t *value)
{
	unsigned char b[8];

	if (read_at(p->index, b, bytes, bytes, at) < 0)
		return -1;
	*value = be(b, bytes);
	return 0;
}

/* Where the object is in the pack; -1 when it is not in it. */
static int
find(const struct pack *p, const unsigned char name[SHA1_SIZE],
    uint64_t *offset)
{
	uint64_t low = 0, high, offsets = NAMES + (uint64_t)p->count * 24;
	unsigned char found[SHA1_SIZE];

	if (number_at(p, FANOUT + name[0] * 4U, 4, &high) != 0 ||
	    (name[0] > 0 && number_at(p, FANOUT + name[0] * 4U - 4, 4,
	    &low) != 0) || high > p->count)
		return -1;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		int order;

		if (read_at(p->index, found, SHA1_SIZE, SHA1_SIZE,
		    NAMES + middle * SHA1_SIZE) < 0)
			return -1;
		order = memcmp(name, found, SHA1_SIZE);
		if (order < 0) {
			high = middle;
		} else if (order > 0) {
			low = middle + 1;
		} else {
			if (number_at(p, offsets + middle * 4, 4,
			    offset) != 0)
				return -1;
			/* The highest bit: it stands in a table of its own. */
			return (*offset & 0x80000000) == 0 ? 0 : number_at(p,
			    offsets + (uint64_t)p->count * 4 +
			    (*offset & 0x7fffffff) * 8, 8, offset);
		}
	}
	return -1;
}

static int
pack_open(struct pack *p, int dir, const char *index)
{
	unsigned char head[FANOUT];
	char name[NAME_MAX + 8];
	uint64_t count;

	snprintf(name, sizeof name, "%.*spack", (int)strlen(index) - 3, index);
	p->index = openat(dir, index, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	p->data = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (p->index == -1 || p->data == -1 ||
	    read_at(p->index, head, sizeof head, sizeof head, 0) < 0 ||
	    memcmp(head, "\377tOc\0\0\0\2", sizeof head) != 0 ||
	    number_at(p, NAMES - 4, 4, &count) != 0)
		return -1;
	p->count = (uint32_t)count;
	return 0;
}

static void
pack_close(struct pack *p)
{
	if (p->index != -1)
		close(p->index);
	if (p->data != -1)
		close(p->data);
}

/* Takes a number of seven bits a byte, the highest says that more follow. */
static int
take_size(const unsigned char *p, size_t len, size_t *at, unsigned first_bits,
    uint64_t *value)
{
	unsigned shift = first_bits;
	unsigned char c;

	if (*at >= len)
		return -1;
	c = p[(*at)++];
	*value = c & ((1U << first_bits) - 1);
	while ((c & 0x80) != 0) {
		if (*at >= len || shift > 56)
			return -1;
		c = p[(*at)++];
		*value |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	}
	return 0;
}

/* Where the base of a difference is, told in front of it. */
static int
take_base(const struct pack *p, struct packed *o, uint64_t offset,
    const unsigned char *head, size_t len, size_t *at)
{
	uint64_t back;

	if (o->kind == NAME_DELTA) {
		if (len - *at < SHA1_SIZE ||
		    find(p, head + *at, &o->base) != 0)
			return -1;
		*at += SHA1_SIZE;
		return 0;
	}
	if (*at >= len)
		return -1;
	back = head[*at] & 0x7f;
	while ((head[(*at)++] & 0x80) != 0) {
		if (*at >= len || back > UINT64_MAX >> 8)
			return -1;
		back = (back + 1) << 7 | (head[*at] & 0x7f);
	}
	if (back == 0 || back > offset)
		return -1;
	o->base = offset - back;
	return 0;
}

/* Reads what the pack has at an offset; o->data is to be freed. */
static int
read_packed(const struct pack *p, uint64_t offset, struct packed *o)
{
	unsigned char head[64], *packed;
	ssize_t len = read_at(p->data, head, sizeof head, 1, offset);
	size_t at = 0, room;
	uint64_t size;
	int rc = -1;

	memset(o, 0, sizeof *o);
	if (len < 0 || take_size(head, (size_t)len, &at, 4, &size) != 0 ||
	    size > GIT_OBJECT_MAX)
		return -1;
	o->kind = head[0] >> 4 & 7;
	if ((o->kind == OFFSET_DELTA || o->kind == NAME_DELTA) &&
	    take_base(p, o, offset, head, (size_t)len, &at) != 0)
		return -1;
	/* What cannot be packed grows a little. */
	room = (size_t)size + (size_t)size / 512 + 256;
	packed = malloc(room);
	if (packed == NULL)
		return -1;
	len = read_at(p->data, packed, room, 1, offset + at);
	if (len > 0)
		rc = unpack_zlib(packed, (size_t)len, (size_t)size, &o->data,
		    &o->len);
	free(packed);
	if (rc == 0 && o->len != size) {
		free(o->data);
		o->data = NULL;
		rc = -1;
	}
	return rc;
}

/* One piece of the base: where it begins and how long it is. */
static int
take_copy(const unsigned char *d, size_t len, size_t *at, unsigned op,
    size_t *from, size_t *n)
{
	uint64_t value = 0;

	for (unsigned bit = 0; bit < 7; bit++) {
		if ((op >> bit & 1) == 0)
			continue;
		if (*at >= len)
			return -1;
		value |= (uint64_t)d[(*at)++] << 8 * bit;
	}
	*from = (size_t)(value & 0xffffffff);
	*n = (size_t)(value >> 32);
	if (*n == 0)
		*n = 0x10000;
	return 0;
}

/* Makes an object of its base, which is freed, and the difference to it. */
static int
apply(struct packed *base, const struct packed *delta)
{
	const unsigned char *d = delta->data;
	size_t at = 0, done = 0, from, n;
	uint64_t old_size, size;
	unsigned char *out;

	if (take_size(d, delta->len, &at, 7, &old_size) != 0 ||
	    take_size(d, delta->len, &at, 7, &size) != 0 ||
	    old_size != base->len || size > GIT_OBJECT_MAX ||
	    (out = malloc((size_t)size + 1)) == NULL)
		return -1;
	while (at < delta->len) {
		unsigned op = d[at++];
		const unsigned char *source = d + at;

		if (op >= 0x80) {
			if (take_copy(d, delta->len, &at, op, &from, &n) != 0 ||
			    from > base->len || n > base->len - from)
				break;
			source = base->data + from;
		} else {
			n = op;
			if (n == 0 || n > delta->len - at)
				break;
			at += n;
		}
		if (n > size - done)
			break;
		memcpy(out + done, source, n);
		done += n;
	}
	if (at != delta->len || done != size) {
		free(out);
		return -1;
	}
	free(base->data);
	base->data = out;
	base->len = (size_t)size;
	return 0;
}

/* Goes down to the object that is no difference, and up again. */
static int
resolve(const struct pack *p, uint64_t offset, struct packed *o)
{
	struct packed *chain = calloc(CHAIN_MAX, sizeof *chain);
	size_t n = 0, total = 0;
	int rc = -1;

	if (chain == NULL)
		return -1;
	while (n < CHAIN_MAX && total <= GIT_OBJECT_MAX &&
	    (rc = read_packed(p, offset, &chain[n])) == 0) {
		total += chain[n].len;
		offset = chain[n].base;
		if (chain[n++].base == 0)
			break;
		rc = -1;
	}
	if (rc == 0) {
		*o = chain[--n];
		while (rc == 0 && n > 0)
			if ((rc = apply(o, &chain[n - 1])) == 0)
				free(chain[--n].data);
		if (rc != 0)
			free(o->data);
	}
	while (n > 0)
		free(chain[--n].data);
	free(chain);
	return rc;
}

static int
object_of(int dir, const char *index, const unsigned char name[SHA1_SIZE],
    struct packed *o)
{
	struct pack p;
	uint64_t offset;
	int rc = -1;

	if (pack_open(&p, dir, index) == 0 && find(&p, name, &offset) == 0)
		rc = resolve(&p, offset, o);
	pack_close(&p);
	return rc;
}

int
git_pack_object(const char *objects, const unsigned char name[SHA1_SIZE],
    enum git_kind *kind, unsigned char **data, size_t *len)
{
	char path[PATH_MAX + 32];
	struct packed o = { 0 };
	struct dirent *e;
	int rc = -1;
	DIR *d;

	snprintf(path, sizeof path, "%s/pack", objects);
	d = opendir(path);
	while (d != NULL && rc != 0 && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".idx") == 0)
			rc = object_of(dirfd(d), e->d_name, name, &o);
	}
	if (d != NULL)
		closedir(d);
	if (rc == 0 && (o.kind < GIT_COMMIT || o.kind > GIT_TAG)) {
		free(o.data);
		rc = -1;
	}
	if (rc == 0) {
		*kind = (enum git_kind)o.kind;
		*data = o.data;
		*len = o.len;
	}
	return rc;
}
