/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/signature.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compat.h"

/* The value of "KEY:VALUE" among the words of a comment. */
static bool
find_word(const char *comment, const char *key, const char **value,
    size_t *len)
{
	const char *between = strchr(comment, '\t') != NULL ? "\t" : " ";
	size_t key_len = strlen(key);

	while (*comment != '\0') {
		size_t n = strcspn(comment, between);

		if (n > key_len && strncmp(comment, key, key_len) == 0) {
			*value = comment + key_len;
			*len = n - key_len;
			return true;
		}
		comment += n;
		comment += strspn(comment, between);
	}
	return false;
}

static bool
take_number(const char *text, size_t len, uint64_t *number)
{
	*number = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    *number > (INT64_MAX - 9) / 10)
			return false;
		*number = *number * 10 + (uint64_t)(text[i] - '0');
	}
	return *number > 0;
}

/* Blanks part the words of a comment, unless there is a tab. */
static int
unfit(const char *why, const char *name, struct error *err)
{
	return error_set(err, EBADMSG, strchr(name, ' ') != NULL ?
	    "%s; sign with: -t \"$(printf 'seq:N\\tfile:%%s' '%s')\"" :
	    "%s; sign with: -t \"seq:N file:%s\"", why, name);
}

int
signature_comment(const char *comment, const char *name, uint64_t *number,
    struct error *err)
{
	const char *value;
	size_t len;

	if (!find_word(comment, "file:", &value, &len))
		return unfit("its trusted comment does not say which file it "
		    "is for", name, err);
	if (len < strlen(name) && strncmp(value, name, strlen(name)) == 0)
		return unfit("a name with a blank needs tabs between the words "
		    "of the trusted comment", name, err);
	if (len != strlen(name) || strncmp(value, name, len) != 0)
		return error_set(err, EBADMSG, "it was made for the file "
		    "%.*s, not for file:%s", (int)len, value, name);
	if (!find_word(comment, "seq:", &value, &len) &&
	    !find_word(comment, "timestamp:", &value, &len))
		return unfit("its trusted comment has no number", name, err);
	if (!take_number(value, len, number))
		return error_set(err, EBADMSG, "%.*s in its trusted comment is "
		    "not a number above 0, or too large", (int)len, value);
	return 0;
}

int
signature_check(const struct minisign_public *key, size_t keys,
    const char *name, const char *text, size_t len, const char *sig,
    size_t sig_len, uint64_t *number, struct error *err)
{
	char comment[MINISIGN_COMMENT_MAX + 1];
	size_t i;

	for (i = 0; i < keys; i++) {
		if (minisign_verify(&key[i], text, len, sig, sig_len, comment,
		    err) == 0)
			break;
		/* Of another key: perhaps the next one. */
		if (err->code != EKEYREJECTED)
			return -1;
	}
	if (i == keys)
		return error_set(err, EKEYREJECTED, "none of the keys of "
		    "--require-signed has made it");
	return signature_comment(comment, name, number, err);
}
