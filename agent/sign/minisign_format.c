/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/minisign_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"

#define PUBLIC_FILE_MAX 4096

int
sodium_ready(struct error *err)
{
	if (sodium_init() == -1)
		return error_set(err, EIO,
		    "libsodium cannot be used: the system gives no random "
		    "numbers");
	return 0;
}

int
take_line(const char **text, size_t *left, struct line *line)
{
	const char *end;

	if (*left == 0)
		return -1;
	line->text = *text;
	end = memchr(*text, '\n', *left);
	line->len = end == NULL ? *left : (size_t)(end - *text);
	*left -= line->len + (end != NULL);
	*text += line->len + (end != NULL);
	if (end != NULL && line->len > 0 && end[-1] == '\r')
		line->len--;
	return memchr(line->text, '\0', line->len) == NULL ? 0 : -1;
}

int
take_prefix(struct line *line, const char *prefix)
{
	size_t len = strlen(prefix);

	if (line->len < len || memcmp(line->text, prefix, len) != 0)
		return -1;
	line->text += len;
	line->len -= len;
	return 0;
}

int
decode_line(const struct line *line, void *bytes, size_t len)
{
	const char *end = NULL;
	size_t got, i;

	/*
	 * sodium_base642bin refuses bits that are left over, but libsodium
	 * 1.0.18 takes some bytes above 0x7f (0xaf) for characters of base64.
	 */
	for (i = 0; i < line->len; i++)
		if ((unsigned char)line->text[i] > 0x7f)
			return -1;
	if (line->len != BASE64_LEN(len) ||
	    sodium_base642bin(bytes, len, line->text, line->len, NULL, &got,
	    &end, BASE64) != 0)
		return -1;
	return got == len && end == line->text + line->len ? 0 : -1;
}

void
public_from_bytes(const struct public_bytes *b, struct minisign_public *pub)
{
	memcpy(pub->number, b->number, sizeof pub->number);
	memcpy(pub->key, b->key, sizeof pub->key);
}

void
public_to_bytes(const struct minisign_public *pub, struct public_bytes *b)
{
	memcpy(b->algorithm, "Ed", 2);
	memcpy(b->number, pub->number, sizeof b->number);
	memcpy(b->key, pub->key, sizeof b->key);
}

char *
minisign_public_line(const struct minisign_public *pub,
    char line[MINISIGN_PUBLIC_LINE])
{
	struct public_bytes b;

	public_to_bytes(pub, &b);
	return sodium_bin2base64(line, MINISIGN_PUBLIC_LINE,
	    (const unsigned char *)&b, sizeof b, BASE64);
}

static int
parse_public(const char *text, size_t len, struct minisign_public *pub)
{
	struct public_bytes b;
	struct line line;

	if (take_line(&text, &len, &line) == -1 ||
	    take_prefix(&line, UNTRUSTED) == -1 ||
	    take_line(&text, &len, &line) == -1 ||
	    decode_line(&line, &b, sizeof b) == -1 ||
	    memcmp(b.algorithm, "Ed", 2) != 0 || len != 0)
		return -1;
	public_from_bytes(&b, pub);
	return 0;
}

int
minisign_public_read(const char *file, struct minisign_public *pub,
    struct error *err)
{
	const struct line whole = { file, strlen(file) };
	struct public_bytes b;
	size_t len;
	char *text;
	int rc;

	if (sodium_ready(err) == -1)
		return -1;
	if (decode_line(&whole, &b, sizeof b) == 0 &&
	    memcmp(b.algorithm, "Ed", 2) == 0) {
		public_from_bytes(&b, pub);
		return 0;
	}
	if (file_read(AT_FDCWD, file, PUBLIC_FILE_MAX, &text, &len, err) == -1)
		return error_wrap(err, "public key: %s", file);
	rc = parse_public(text, len, pub);
	free(text);
	if (rc == -1)
		return error_set(err, EINVAL, "%s: is not a public key of "
		    "minisign: a comment line and one line of base64", file);
	return 0;
}
