/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/manifest.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "specs/spec.h"
#include "specs/tree.h"

#define HEX_LEN ((size_t)2 * MANIFEST_DIGEST)

void
manifest_digest(const char *text, size_t len,
    unsigned char sha256[MANIFEST_DIGEST])
{
	crypto_hash_sha256(sha256, (const unsigned char *)text, len);
}

void
manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->entry[i].name);
	free(m->entry);
	*m = (struct manifest){ 0 };
}

static int
compare_entries(const void *a, const void *b)
{
	const struct manifest_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* "HEX  NAME" or "HEX *NAME"; "./" in front of the name is nothing. */
static int
take_line(struct manifest *m, const char *line, size_t len)
{
	struct manifest_entry *grown, e;
	const char *name = line + HEX_LEN + 2;

	if (len <= HEX_LEN + 2 || line[HEX_LEN] != ' ' ||
	    (line[HEX_LEN + 1] != ' ' && line[HEX_LEN + 1] != '*') ||
	    sodium_hex2bin(e.sha256, sizeof e.sha256, line, HEX_LEN, NULL,
	    NULL, NULL) != 0)
		return -1;
	len -= HEX_LEN + 2;
	if (len > 2 && strncmp(name, "./", 2) == 0) {
		name += 2;
		len -= 2;
	}
	e.name = strndup(name, len);
	if (e.name == NULL || !tree_names_spec(e.name, true)) {
		free(e.name);
		return -1;
	}
	grown = realloc(m->entry, (m->count + 1) * sizeof *grown);
	if (grown == NULL) {
		free(e.name);
		return -1;
	}
	m->entry = grown;
	m->entry[m->count++] = e;
	return 0;
}

static int
take_lines(struct manifest *m, const char *text, size_t size,
    struct error *err)
{
	unsigned line = 1;

	for (const char *s = text; s < text + size; line++) {
		const char *end = memchr(s, '\n', (size_t)(text + size - s));
		size_t len = end != NULL ? (size_t)(end - s) :
		    (size_t)(text + size - s);

		if (len > 0 && take_line(m, s, len) != 0)
			return error_set(err, EINVAL, "line %u is not the "
			    "SHA-256 of a spec file and its name; make it "
			    "with: sha256sum *.yaml > %s", line,
			    MANIFEST_NAME);
		s += len + 1;
	}
	if (m->count > 1)
		qsort(m->entry, m->count, sizeof *m->entry, compare_entries);
	for (size_t i = 1; i < m->count; i++)
		if (strcmp(m->entry[i - 1].name, m->entry[i].name) == 0)
			return error_set(err, EINVAL, "lists %s twice",
			    m->entry[i].name);
	return 0;
}

int
manifest_parse(const char *text, size_t len, struct manifest *m,
    struct error *err)
{
	*m = (struct manifest){ 0 };
	if (take_lines(m, text, len, err) == 0)
		return 0;
	manifest_free(m);
	return -1;
}

const struct manifest_entry *
manifest_find(const struct manifest *m, const char *name)
{
	/* A key is compared by its name, which is not written to. */
	struct manifest_entry key = { .name = (char *)(uintptr_t)name };

	return m->count == 0 ? NULL : bsearch(&key, m->entry, m->count,
	    sizeof *m->entry, compare_entries);
}

int
manifest_read(int dirfd, struct manifest *m, struct error *err)
{
	struct stat st;
	size_t len;
	char *text;
	int rc;

	*m = (struct manifest){ 0 };
	if (file_read(dirfd, MANIFEST_NAME, MANIFEST_MAX, &text, &len, err) != 0)
		/* A link that leads nowhere is on its way to something. */
		return err->code == ENOENT && fstatat(dirfd, MANIFEST_NAME,
		    &st, AT_SYMLINK_NOFOLLOW) != 0 ? 1 : -1;
	rc = manifest_parse(text, len, m, err);
	free(text);
	return rc;
}

static int
check_entry(int dirfd, const struct manifest_entry *e, struct error *err)
{
	unsigned char sha256[MANIFEST_DIGEST];
	size_t len;
	char *text;

	if (file_read(dirfd, e->name, SPEC_FILE_MAX, &text, &len, err) != 0)
		return error_wrap(err, "%s, which it lists", e->name);
	manifest_digest(text, len, sha256);
	free(text);
	return memcmp(sha256, e->sha256, sizeof sha256) == 0 ? 0 :
	    error_set(err, EINVAL, "%s is another one than it lists",
	    e->name);
}

/* Whether there is a spec file that is not listed. */
static int
check_unlisted(int dirfd, bool below, const struct manifest *m,
    struct error *err)
{
	struct tree t;
	int rc = tree_read(dirfd, below, NULL, NULL, &t, err);

	if (rc != 0)
		error_wrap(err, "cannot be compared with the directory");
	for (size_t i = 0; rc == 0 && i < t.files; i++) {
		if (manifest_find(m, t.file[i].name) == NULL)
			rc = error_set(err, EINVAL, "does not list %s",
			    t.file[i].name);
	}
	tree_free(&t);
	return rc;
}

int
manifest_check(int dirfd, bool below, struct error *err)
{
	struct manifest m;
	int rc;

	error_clear(err);
	rc = manifest_read(dirfd, &m, err);
	for (size_t i = 0; rc == 0 && i < m.count; i++)
		rc = check_entry(dirfd, &m.entry[i], err);
	if (rc == 0)
		rc = check_unlisted(dirfd, below, &m, err);
	manifest_free(&m);
	return rc < 0 ? error_wrap(err, MANIFEST_NAME) : rc;
}
