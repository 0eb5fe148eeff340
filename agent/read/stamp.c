/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/stamp.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"

#define LINE "# stamp "
#define LINE_SIZE (sizeof LINE - 1 + STAMP_SIZE) /* with its newline */
#define DIGEST_SIZE ((STAMP_SIZE - 1) / 2)

bool
stamp_has_key(const struct vault *v)
{
	return v != NULL && v->has_key;
}

void
stamp_text(const struct vault *v, const char *what, const char *text,
    size_t len, char hex[STAMP_SIZE])
{
	unsigned char digest[DIGEST_SIZE];
	crypto_generichash_state h;

	/* No text of a secret (vault.c) begins with an empty name. */
	crypto_generichash_init(&h, v->key, sizeof v->key, sizeof digest);
	crypto_generichash_update(&h, (const unsigned char *)"", 1);
	crypto_generichash_update(&h, (const unsigned char *)what,
	    strlen(what) + 1);
	crypto_generichash_update(&h, (const unsigned char *)text, len);
	crypto_generichash_final(&h, digest, sizeof digest);
	sodium_memzero(&h, sizeof h);
	sodium_bin2hex(hex, STAMP_SIZE, digest, sizeof digest);
}

/* "applied/web.yaml": wherever the state directory is. */
static const char *
stored_as(const char *path)
{
	const char *slash = strrchr(path, '/');

	while (slash != NULL && slash > path && slash[-1] != '/')
		slash--;
	return slash != NULL ? slash : path;
}

/* The stamp at the end of a text, NULL: none; the text ends there. */
static const char *
cut_stamp(char *text, size_t *len)
{
	char *line;

	if (*len < LINE_SIZE || text[*len - 1] != '\n')
		return NULL;
	line = text + *len - LINE_SIZE;
	if (memcmp(line, LINE, sizeof LINE - 1) != 0 ||
	    (line > text && line[-1] != '\n'))
		return NULL;
	text[*len - 1] = '\0';
	*line = '\0';
	*len -= LINE_SIZE;
	return line + sizeof LINE - 1;
}

static int
judge(const struct vault *v, const char *path, const char *text, size_t len,
    const char *stamp, struct error *err)
{
	char right[STAMP_SIZE];

	if (!stamp_has_key(v) || !v->stamped)
		return 0;
	stamp_text(v, stored_as(path), text, len, right);
	return stamp != NULL && strcmp(stamp, right) == 0 ? 0 :
	    error_set(err, EINVAL, "%s: it is not as the agent wrote it (%s)",
	    path, stamp != NULL ? "its stamp is of another text" :
	    "it has no stamp; if an earlier version wrote it, remove the file "
	    "stamps of the state directory");
}

int
stamp_read(const struct vault *v, const char *path, size_t max,
    char **text, size_t *len, struct error *err)
{
	const char *stamp;

	error_clear(err);
	if (file_read(AT_FDCWD, path, max + LINE_SIZE, text, len, err) != 0)
		return err->code == ENOENT ? 1 : error_wrap(err, "%s", path);
	stamp = cut_stamp(*text, len);
	if (judge(v, path, *text, *len, stamp, err) == 0)
		return 0;
	free(*text);
	*text = NULL;
	return -1;
}

int
stamp_write(const struct vault *v, const char *path, const char *text,
    size_t len, struct error *err)
{
	char hex[STAMP_SIZE];
	struct buffer b = { .data = NULL };
	int rc;

	if (!stamp_has_key(v))
		return file_replace(AT_FDCWD, path, text, len, err);
	stamp_text(v, stored_as(path), text, len, hex);
	buffer_add(&b, text, len);
	buffer_printf(&b, LINE "%s\n", hex);
	rc = b.failed ? error_sys(err, ENOMEM, "%s", path) :
	    file_replace(AT_FDCWD, path, b.data, b.len, err);
	buffer_free(&b);
	return rc;
}

void
stamp_open(struct vault *v, const struct paths *paths)
{
	struct error err;
	size_t len;
	char *text;

	v->stamped = true; /* as this file is judged */
	if (!stamp_has_key(v) || stamp_read(v, paths->stamps, 64, &text, &len,
	    &err) != 0) {
		v->stamped = false;
		return;
	}
	free(text);
}

static int
stamp_one(const struct vault *v, const char *dir, const char *name,
    struct error *err)
{
	char path[2 * PATHS_MAX], *text;
	struct stat st;
	size_t len;
	int rc;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0; /* somebody else's: the agent makes no such */
	rc = stamp_read(v, path, FILE_TEXT_MAX, &text, &len, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = stamp_write(v, path, text, len, err);
	free(text);
	return rc;
}

static int
stamp_directory(const struct vault *v, const char *path, struct error *err)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	int rc = 0;

	if (dir == NULL)
		return error_sys(err, errno, "%s", path);
	while (rc == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = stamp_one(v, path, d->d_name, err);
	closedir(dir);
	return rc;
}

int
stamp_all(struct vault *v, const struct paths *paths, struct error *err)
{
	static const char note[] = "All texts of the agent here are stamped.\n";

	if (!stamp_has_key(v) || v->stamped)
		return 0;
	if (stamp_directory(v, paths->applied, err) != 0 ||
	    stamp_directory(v, paths->copies, err) != 0 ||
	    stamp_directory(v, paths->rollback, err) != 0 ||
	    stamp_write(v, paths->stamps, note, sizeof note - 1, err) != 0)
		return -1;
	v->stamped = true;
	return 0;
}
