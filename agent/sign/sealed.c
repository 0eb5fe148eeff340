/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/sealed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "kernel/compat.h"

#define SIGNATURE_LINES 4

static int
verify_with(const char *data, const char *text, size_t len,
    const char *public_key, const char *comment, struct error *err)
{
	char found[MINISIGN_COMMENT_MAX + 1];
	struct minisign_public pub;

	if (minisign_public_read(public_key, &pub, err) == -1 ||
	    minisign_verify(&pub, text, len, data, (size_t)(text - data),
	    found, err) == -1)
		return -1;
	return strcmp(found, comment) == 0 ? 0 :
	    error_set(err, EINVAL, "it is of another file");
}

/*
 * A change of the key seals everything anew before the new pair gets its names:
 * when that is cut short, the one that waits is the one that has sealed.  Who
 * does not find it there comes when it just got its name.
 */
static int
verify(const char *data, const char *text, size_t len, const char *public_key,
    const char *comment, struct error *err)
{
	struct buffer next = { .data = NULL };
	struct error other;
	int rc = verify_with(data, text, len, public_key, comment, err);

	if (rc == 0 || err->code != EKEYREJECTED)
		return rc;
	buffer_printf(&next, "%s" SEALED_NEXT, public_key);
	if (!next.failed && (rc = verify_with(data, text, len, next.data,
	    comment, &other)) == -1 && other.code == ENOENT)
		rc = verify_with(data, text, len, public_key, comment, err);
	buffer_free(&next);
	return rc;
}

int
sealed_read(int dir, const char *file, size_t max, const char *public_key,
    const char *comment, char **text, size_t *len, struct error *err)
{
	char *data, *at;
	size_t all;
	int rc = 0;

	if (file_read(dir, file, max + 2 * MINISIGN_COMMENT_MAX, &data, &all,
	    err) != 0)
		return err->code == ENOENT ? 1 : -1;
	at = data;
	for (int i = 0; i < SIGNATURE_LINES && at != NULL; i++) {
		char *end = memchr(at, '\n', all - (size_t)(at - data));

		at = end != NULL ? end + 1 : NULL;
	}
	if (at == NULL)
		rc = error_set(err, EINVAL, "it is cut off");
	else if (public_key != NULL)
		rc = verify(data, at, all - (size_t)(at - data), public_key,
		    comment, err);
	if (rc == -1) {
		free(data);
		return -1;
	}
	*len = all - (size_t)(at - data);
	memmove(data, at, *len + 1);
	*text = data;
	return 0;
}

char *
sealed_make(const struct minisign_secret *secret, const char *comment,
    const char *text, size_t len, size_t *sealed_len, struct error *err)
{
	struct buffer b = { .data = NULL };
	char *signature = minisign_sign(secret, text, len, comment, err);

	if (signature == NULL)
		return NULL;
	buffer_text(&b, signature);
	buffer_add(&b, text, len);
	free(signature);
	signature = buffer_take(&b, sealed_len);
	if (signature == NULL)
		error_sys(err, ENOMEM, "no memory for a signed text");
	return signature;
}
