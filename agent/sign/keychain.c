/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/keychain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/compat.h"
#include "agent/base/file.h"
#include "agent/sign/statement.h"

void
keychain_free(struct keychain *k)
{
	free(k->link);
	*k = (struct keychain){ 0 };
}

int
keychain_check_end(const struct keychain *k, uint64_t newest,
    struct error *err)
{
	uint64_t least = k->link[k->count - 1].after;

	if (newest >= least)
		return 0;
	return error_set(err, ENOENT, "the key was changed behind number %"
	    PRIu64 ", but number %" PRIu64 " is the newest that is there: "
	    "bring back what is missing, or move the whole directory away",
	    least, newest);
}

int
keychain_check_newest(const struct keychain *k, int dir,
    const struct minisign_public *pub, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX], *json;
	struct statement s;
	uint64_t changes;
	size_t len;

	if (statement_newest(dir, STATEMENT_KEY, &changes, err) == -1)
		return -1;
	if (k->count == changes + 1 && memcmp(&k->link[changes].pub, pub,
	    sizeof *pub) == 0)
		return 0;
	if (statement_read(dir, STATEMENT_KEY, changes, &s, &json, &len,
	    err) == -1)
		return -1;
	error_set(err, EKEYREJECTED, "the key was changed to %s (%s), and this "
	    "is another one: bring that pair back, or move the whole directory "
	    "of snapshots away", s.to, statement_name(STATEMENT_KEY, changes,
	    name));
	statement_free(&s);
	free(json);
	return -1;
}

size_t
keychain_at(const struct keychain *k, uint64_t sequence)
{
	size_t i = k->count - 1;

	while (i > 0 && k->link[i].after >= sequence)
		i--;
	return i;
}

/* The signature, which is in a file of its own, of a statement by one key. */
static int
signed_by(int dir, const char *name, const char *suffix, const char *line,
    const char *json, size_t len, struct minisign_public *pub,
    struct error *err)
{
	char file[SNAPSHOT_NAME_MAX + 16], *sig, *comment;
	size_t sig_len;
	int rc = -1;

	if (minisign_public_read(line, pub, err) == -1)
		return -1;
	snprintf(file, sizeof file, "%s%s", name, suffix);
	if (file_read(dir, file, MINISIGN_FILE_MAX, &sig, &sig_len,
	    err) == -1)
		return error_wrap(err, "its signature %s", file);
	if ((comment = malloc(MINISIGN_COMMENT_MAX + 1)) == NULL)
		error_sys(err, ENOMEM, "no memory to verify");
	else if (minisign_verify(pub, json, len, sig, sig_len, comment,
	    err) == 0)
		rc = snapshot_check_comment(json, len, comment, err);
	free(comment);
	free(sig);
	return rc;
}

/* Adds what statement `number` says; it has to go on where the chain ends. */
static int
add_link(struct keychain *k, int dir, uint64_t number, const char *name,
    struct error *err)
{
	struct keychain_link *last, *next, *grown;
	struct minisign_public from;
	struct statement s;
	char *json;
	size_t len;
	int rc;

	if (statement_read(dir, STATEMENT_KEY, number, &s, &json, &len,
	    err) == -1)
		return -1;
	grown = realloc(k->link, (k->count + 1) * sizeof *grown);
	if (grown == NULL) {
		statement_free(&s);
		free(json);
		return error_sys(err, ENOMEM, "no memory for the keys");
	}
	k->link = grown;
	last = &grown[k->count - 1];
	next = last + 1;
	rc = signed_by(dir, name, MINISIGN_SUFFIX, s.from, json, len, &from,
	    err);
	if (rc == 0)
		rc = signed_by(dir, name, STATEMENT_BY_NEW, s.to, json, len,
		    &next->pub, err);
	if (rc == 0 && number > 1 && (memcmp(&from, &last->pub,
	    sizeof from) != 0 || s.sequence < last->after))
		rc = error_set(err, EBADMSG, "it does not go on from the key "
		    "before");
	if (number == 1)
		last->pub = from;
	next->after = s.sequence;
	memcpy(next->previous, s.previous, sizeof next->previous);
	snprintf(next->host, sizeof next->host, "%s", s.host);
	k->count++;
	statement_free(&s);
	free(json);
	return rc;
}

static bool
has_key(const struct keychain *k, const struct minisign_public *pub)
{
	for (size_t i = 0; i < k->count; i++)
		if (memcmp(&k->link[i].pub, pub, sizeof *pub) == 0)
			return true;
	return false;
}

int
keychain_load(int dir, const struct minisign_public *pub, struct keychain *k,
    char file[SNAPSHOT_NAME_MAX], struct error *err)
{
	uint64_t changes = 0;
	int rc;

	*k = (struct keychain){ 0 };
	rc = statement_newest(dir, STATEMENT_KEY, &changes, err);
	if (rc == 0 && (k->link = calloc(1, sizeof *k->link)) == NULL)
		rc = error_sys(err, ENOMEM, "no memory for the keys");
	if (rc == -1)
		return -1;
	k->count = 1;
	for (uint64_t n = 1; rc == 0 && n <= changes; n++)
		rc = add_link(k, dir, n, statement_name(STATEMENT_KEY, n,
		    file), err);
	if (rc == -1 || !has_key(k, pub)) {
		k->count = 1;
		k->link[0] = (struct keychain_link){ .pub = *pub };
	}
	return rc == -1 ? 1 : 0;
}

int
keychain_verify(const struct keychain *k, const void *data, size_t len,
    const char *sig, size_t sig_len, char *trusted, size_t *link,
    struct error *err)
{
	int rc = -1;

	/* The newest first: it is what the message names when none fits. */
	for (*link = k->count; rc == -1 && *link > 0; ) {
		--*link;
		rc = minisign_verify(&k->link[*link].pub, data, len, sig,
		    sig_len, trusted, err);
		if (rc == -1 && err->code != EKEYREJECTED)
			break;
	}
	return rc;
}

int
keychain_verify_comment(const struct keychain *k, const char *sig,
    size_t sig_len, char *trusted, struct error *err)
{
	int rc = -1;

	for (size_t i = k->count; rc == -1 && i-- > 0; ) {
		rc = minisign_verify_comment(&k->link[i].pub, sig, sig_len,
		    trusted, err);
		if (rc == -1 && err->code != EKEYREJECTED)
			break;
	}
	return rc;
}

int
keychain_anchor(const struct keychain *k, int dir, uint64_t number,
    struct statement *s, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX], *json, *comment;
	size_t len, link = 0;
	int rc = -1;

	if (statement_read(dir, STATEMENT_ANCHOR, number, s, &json, &len,
	    err) == -1)
		return -1;
	statement_name(STATEMENT_ANCHOR, number, name);
	if ((comment = malloc(MINISIGN_COMMENT_MAX + 1)) == NULL)
		error_sys(err, ENOMEM, "no memory to verify");
	else if (snapshot_check_signature(dir, name, k, json, len, comment,
	    &link, err) == 0)
		rc = snapshot_check_comment(json, len, comment, err);
	if (rc == 0 && link < keychain_at(k, number))
		rc = error_set(err, EKEYREJECTED, "it was signed with a key "
		    "that had been replaced before");
	free(comment);
	free(json);
	if (rc == -1)
		statement_free(s);
	return rc;
}
