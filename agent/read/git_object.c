/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/git_object.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"
#include "agent/read/unpack.h"

#define HEAD_MAX 32	   /* "commit 12345" and a NUL */
#define ALTERNATES_MAX 5   /* repositories that borrow from one another */

static const char *const kinds[] = { "", "commit", "tree", "blob", "tag" };

/* Whether it is what its name says. */
static bool
is_genuine(enum git_kind kind, const unsigned char *data, size_t len,
    const unsigned char name[SHA1_SIZE])
{
	unsigned char digest[SHA1_SIZE];
	char head[HEAD_MAX];
	struct sha1 s;
	int n = snprintf(head, sizeof head, "%s %zu", kinds[kind], len);

	sha1_init(&s);
	sha1_update(&s, head, (size_t)n + 1);
	sha1_update(&s, data, len);
	sha1_final(&s, digest);
	return memcmp(digest, name, sizeof digest) == 0;
}

/* What stands in front of the data in a file of its own: kind and length. */
static int
drop_head(unsigned char *data, size_t *len, enum git_kind *kind)
{
	unsigned char *end = memchr(data, '\0', *len < HEAD_MAX ? *len :
	    HEAD_MAX);
	size_t head;

	if (end == NULL)
		return -1;
	for (unsigned k = GIT_COMMIT; k <= GIT_TAG; k++) {
		size_t n = strlen(kinds[k]);

		if (strncmp((char *)data, kinds[k], n) == 0 && data[n] == ' ') {
			*kind = (enum git_kind)k;
			head = (size_t)(end - data) + 1;
			*len -= head;
			memmove(data, data + head, *len);
			return 0;
		}
	}
	return -1;
}

static int
loose_object(const char *objects, const unsigned char name[SHA1_SIZE],
    enum git_kind *kind, unsigned char **data, size_t *len)
{
	char path[PATH_MAX + GIT_HEX_SIZE + 8], hex[GIT_HEX_SIZE], *packed;
	struct error err;
	size_t packed_len;
	int rc;

	sodium_bin2hex(hex, sizeof hex, name, SHA1_SIZE);
	snprintf(path, sizeof path, "%s/%.2s/%s", objects, hex, hex + 2);
	if (file_read(AT_FDCWD, path, GIT_OBJECT_MAX, &packed, &packed_len,
	    &err) != 0)
		return -1;
	rc = unpack_zlib((unsigned char *)packed, packed_len,
	    GIT_OBJECT_MAX + HEAD_MAX, data, len);
	free(packed);
	if (rc == 0 && drop_head(*data, len, kind) != 0) {
		free(*data);
		return -1;
	}
	return rc;
}

static int object_in(const char *objects, unsigned depth,
    const unsigned char name[SHA1_SIZE], enum git_kind *kind,
    unsigned char **data, size_t *len);

/* In the directories from which this one borrows (objects/info/alternates). */
static int
borrowed_object(const char *objects, unsigned depth,
    const unsigned char name[SHA1_SIZE], enum git_kind *kind,
    unsigned char **data, size_t *len)
{
	char path[2 * PATH_MAX], *list, *line, *rest;
	struct error err;
	size_t size;
	int rc = -1;

	snprintf(path, sizeof path, "%s/info/alternates", objects);
	if (depth == ALTERNATES_MAX || file_read(AT_FDCWD, path, PATH_MAX * 16,
	    &list, &size, &err) != 0)
		return -1;
	for (line = strtok_r(list, "\n", &rest); rc != 0 && line != NULL;
	    line = strtok_r(NULL, "\n", &rest)) {
		int n = snprintf(path, sizeof path, "%s%s%s", line[0] == '/' ?
		    "" : objects, line[0] == '/' ? "" : "/", line);

		if (n > 0 && n < PATH_MAX)
			rc = object_in(path, depth + 1, name, kind, data, len);
	}
	free(list);
	return rc;
}

static int
object_in(const char *objects, unsigned depth,
    const unsigned char name[SHA1_SIZE], enum git_kind *kind,
    unsigned char **data, size_t *len)
{
	if (loose_object(objects, name, kind, data, len) == 0 ||
	    git_pack_object(objects, name, kind, data, len) == 0)
		return 0;
	return borrowed_object(objects, depth, name, kind, data, len);
}

int
git_object(const struct git *g, const unsigned char name[SHA1_SIZE],
    enum git_kind kind, unsigned char **data, size_t *len)
{
	char objects[PATH_MAX + 16];
	enum git_kind got;
	unsigned char *grown;

	snprintf(objects, sizeof objects, "%s/objects", g->common);
	if (object_in(objects, 0, name, &got, data, len) != 0)
		return -1;
	grown = got == kind && is_genuine(got, *data, *len, name) ?
	    realloc(*data, *len + 1) : NULL;
	if (grown == NULL) {
		free(*data);
		return -1;
	}
	grown[*len] = '\0';
	*data = grown;
	return 0;
}
