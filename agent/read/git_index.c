/* SPDX-License-Identifier: BSD-2-Clause */
/* git's index, versions 2 to 4 (gitformat-index(5)). */
#include "agent/read/git_index.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_MAX (256 * 1024 * 1024)
#define HEADER 12	/* bytes in front of the entries */
#define FIXED 62	/* bytes of an entry before its extended flags */
#define MODE_AT 24
#define BLOB_AT 40
#define FLAGS_AT 60
#define FLAG_STAGE 0x3000
#define FLAG_EXTENDED 0x4000
#define EXTENDED_ADD 0x2000	/* to be added later: no content yet */

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static unsigned
be16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | (unsigned)p[1];
}

/* Version 4: how many bytes of the name before are dropped. */
static int
read_drop(struct index *x, size_t *drop)
{
	size_t value = 0;
	unsigned char c;

	do {
		if (x->at >= x->len || value > PATH_MAX)
			return -1;
		c = x->data[x->at++];
		value = (value << 7) + (c & 0x7f);
		if ((c & 0x80) != 0)
			value++;
	} while ((c & 0x80) != 0);
	*drop = value;
	return 0;
}

/* Reads the name at x->at, and steps over it and its padding. */
static int
read_name(struct index *x, size_t start)
{
	const unsigned char *nul;
	size_t kept = 0, drop, len;

	if (x->version == 4) {
		kept = strlen(x->name);
		if (read_drop(x, &drop) != 0 || drop > kept)
			return -1;
		kept -= drop;
	}
	nul = memchr(x->data + x->at, '\0', x->len - x->at);
	if (nul == NULL)
		return -1;
	len = (size_t)(nul - (x->data + x->at));
	if (kept + len >= sizeof x->name)
		return -1;
	memcpy(x->name + kept, x->data + x->at, len + 1);
	x->at += len + 1;
	if (x->version < 4)
		x->at = start + ((x->at - 1 - start + 8) & ~(size_t)7);
	return x->at <= x->len ? 0 : -1;
}

int
index_next(struct index *x, struct git_entry *e)
{
	size_t start = x->at;
	const unsigned char *p = x->data + start;
	unsigned flags, extended = 0;

	if (x->len - start < FIXED + 2)
		return -1;
	flags = be16(p + FLAGS_AT);
	x->at += FIXED;
	if ((flags & FLAG_EXTENDED) != 0) {
		if (x->version < 3)
			return -1;
		extended = be16(p + FIXED);
		x->at += 2;
	}
	e->name = x->name;
	e->blob = p + BLOB_AT;
	e->regular = (be32(p + MODE_AT) & 0170000) == 0100000 &&
	    (flags & FLAG_STAGE) == 0 && (extended & EXTENDED_ADD) == 0;
	return read_name(x, start);
}

int
index_extensions(const struct index *x, const unsigned char **link,
    size_t *len)
{
	size_t at = x->at, end = x->len - SHA1_SIZE;

	*link = NULL;
	while (at <= end && end - at >= 8) {
		const unsigned char *p = x->data + at;

		*len = be32(p + 4);
		if (*len > end - at - 8)
			return -1;
		/* Those in lower case change what the entries mean. */
		if (memcmp(p, "link", 4) == 0)
			*link = p + 8;
		else if (p[0] < 'A' || p[0] > 'Z')
			return -1;
		at += 8 + *len;
	}
	return 0;
}

/* The file, read whole; git replaces it by rename. */
static unsigned char *
read_index(const char *path, size_t *len)
{
	unsigned char *data = NULL;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= HEADER + SHA1_SIZE && st.st_size <= INDEX_MAX)
		data = malloc((size_t)st.st_size);
	for (*len = 0; data != NULL && *len < (size_t)st.st_size;) {
		ssize_t n = read(fd, data + *len, (size_t)st.st_size - *len);

		if (n > 0) {
			*len += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			free(data);
			data = NULL;
		}
	}
	close(fd);
	return data;
}

int
index_open(struct index *x, const char *path)
{
	memset(x, 0, sizeof *x);
	x->data = read_index(path, &x->len);
	if (x->data == NULL || memcmp(x->data, "DIRC", 4) != 0)
		return -1;
	x->version = be32(x->data + 4);
	x->entries = be32(x->data + 8);
	index_rewind(x);
	return x->version >= 2 && x->version <= 4 ? 0 : -1;
}

void
index_close(struct index *x)
{
	free(x->data);
	x->data = NULL;
}

void
index_rewind(struct index *x)
{
	x->at = HEADER;
	x->name[0] = '\0';
}

void
index_tell(const struct git *g, const char *name, struct git_entry e,
    bool (*each)(void *arg, const struct git_entry *e), void *arg,
    bool *stopped)
{
	size_t len = strlen(g->prefix);

	if (*stopped || strncmp(name, g->prefix, len) != 0)
		return;
	e.name = name + len;
	*stopped = !each(arg, &e);
}

static int
walk(const struct git *g, struct index *x,
    bool (*each)(void *arg, const struct git_entry *e), void *arg)
{
	const unsigned char *link;
	struct git_entry e;
	bool stopped = false;
	size_t len;

	for (uint32_t i = 0; i < x->entries; i++)
		if (index_next(x, &e) != 0)
			return -1;
	if (index_extensions(x, &link, &len) != 0)
		return -1;
	index_rewind(x);
	if (link != NULL)
		return index_split(g, x, link, len, each, arg);
	for (uint32_t i = 0; i < x->entries && !stopped; i++) {
		if (index_next(x, &e) != 0)
			return -1;
		index_tell(g, x->name, e, each, arg, &stopped);
	}
	return stopped;
}

int
git_index(const struct git *g,
    bool (*each)(void *arg, const struct git_entry *e), void *arg)
{
	struct index *x = malloc(sizeof *x);
	char path[PATH_MAX + 8];
	int rc;

	if (x == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/index", g->dir);
	rc = index_open(x, path) == 0 ? walk(g, x, each, arg) : -1;
	index_close(x);
	free(x);
	return rc;
}
