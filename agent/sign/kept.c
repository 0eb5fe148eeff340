/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "specs/spec.h"

#define COMMENT "last good "
#define SIGNATURE_LINES 4

char *
kept_name(const char *path, char name[KEPT_NAME_SIZE])
{
	unsigned char hash[(KEPT_NAME_SIZE - 1) / 2];

	crypto_generichash(hash, sizeof hash, (const unsigned char *)path,
	    strlen(path), NULL, 0);
	return sodium_bin2hex(name, KEPT_NAME_SIZE, hash, sizeof hash);
}

bool
kept_is_name(const char *name)
{
	return strlen(name) == KEPT_NAME_SIZE - 1 &&
	    strspn(name, "0123456789abcdef") == KEPT_NAME_SIZE - 1;
}

/* The whole file; *text points behind the signature.  As kept_read. */
static int
read_file(const char *dir, const char *path, char **data, size_t *len,
    char **text, struct error *err)
{
	char name[KEPT_NAME_SIZE];
	struct buffer file = { .data = NULL };
	int rc;

	buffer_printf(&file, "%s/%s", dir, kept_name(path, name));
	if (file.failed)
		return error_sys(err, ENOMEM, "%s", path);
	rc = file_read(AT_FDCWD, file.data, SPEC_FILE_MAX + 2 *
	    MINISIGN_COMMENT_MAX, data, len, err);
	buffer_free(&file);
	if (rc != 0)
		return err->code == ENOENT ? 1 : -1;
	*text = *data;
	for (int i = 0; i < SIGNATURE_LINES && *text != NULL; i++) {
		char *end = memchr(*text, '\n', *len - (size_t)(*text - *data));

		*text = end != NULL ? end + 1 : NULL;
	}
	if (*text != NULL)
		return 0;
	free(*data);
	return error_set(err, EINVAL, "it is cut off");
}

int
kept_read(const char *dir, const char *public_key, const char *path,
    char **text, size_t *len, struct error *err)
{
	char comment[MINISIGN_COMMENT_MAX + 1], *data, *behind;
	struct minisign_public pub;
	size_t all;
	int rc = read_file(dir, path, &data, &all, &behind, err);

	if (rc != 0)
		return rc;
	*len = all - (size_t)(behind - data);
	rc = -1;
	if (minisign_public_read(public_key, &pub, err) == 0 &&
	    minisign_verify(&pub, behind, *len, data,
	    (size_t)(behind - data), comment, err) == 0) {
		if (strncmp(comment, COMMENT, strlen(COMMENT)) == 0 &&
		    strcmp(comment + strlen(COMMENT), path) == 0)
			rc = 0;
		else
			error_set(err, EINVAL, "it is of another file");
	}
	if (rc == 0) {
		memmove(data, behind, *len + 1);
		*text = data;
	} else
		free(data);
	return rc;
}

bool
kept_has(const char *dir, const char *path, const char *text, size_t len)
{
	struct error err;
	char *data, *behind;
	size_t all;
	bool same;

	if (read_file(dir, path, &data, &all, &behind, &err) != 0)
		return false;
	same = all - (size_t)(behind - data) == len &&
	    memcmp(behind, text, len) == 0;
	free(data);
	return same;
}

int
kept_write(int dir, const struct minisign_secret *secret, const char *path,
    const char *text, size_t len, struct error *err)
{
	char name[KEPT_NAME_SIZE];
	struct buffer b = { .data = NULL };
	char *signature;
	int rc;

	buffer_printf(&b, COMMENT "%s", path);
	signature = b.failed ? NULL : minisign_sign(secret, text, len, b.data,
	    err);
	if (signature == NULL) {
		buffer_free(&b);
		return -1;
	}
	b.len = 0;
	buffer_text(&b, signature);
	buffer_add(&b, text, len);
	free(signature);
	if (b.failed)
		return error_sys(err, ENOMEM, "%s", path);
	rc = file_replace(dir, kept_name(path, name), b.data, b.len, err);
	buffer_free(&b);
	return rc;
}
