/* SPDX-License-Identifier: BSD-2-Clause */
/* How many snapshots are kept, and what stands for those that are not. */
#include "agent/sign/signer_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/sign/keychain.h"
#include "agent/sign/statement.h"

/* The host of a trusted comment, which has it as JSON does. */
static char *
host_of(const char *comment)
{
	const char *at = strstr(comment, " host:");
	struct buffer quoted = { .data = NULL };
	json_t *o = NULL;
	char *host = NULL;

	if (at == NULL)
		return NULL;
	buffer_printf(&quoted, "\"%s\"", at + strlen(" host:"));
	if (!quoted.failed)
		o = json_loads(quoted.data, JSON_DECODE_ANY, NULL);
	if (json_is_string(o))
		host = strdup(json_string_value(o));
	if (host != NULL && text_from_utf8(host) == -1) {
		free(host);
		host = NULL;
	}
	json_decref(o);
	buffer_free(&quoted);
	return host;
}

/*
 * What the snapshot after `last` says of it, from its trusted comment: the file
 * itself can be large.
 */
static int
read_link(int dir, const struct keychain *keys, uint64_t last,
    struct statement *s, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX], file[SNAPSHOT_NAME_MAX + 8];
	char comment[MINISIGN_COMMENT_MAX + 1], *sig;
	uint64_t sequence = 0;
	size_t len;
	int rc;

	snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
	    snapshot_name(last + 1, name));
	if (file_read(dir, file, MINISIGN_FILE_MAX, &sig, &len, err) == -1)
		return error_wrap(err, "%s", file);
	rc = keychain_verify_comment(keys, sig, len, comment, err);
	free(sig);
	if (rc == -1)
		return error_wrap(err, "%s", file);
	if (sscanf(comment, "timestamp:%*d seq:%" SCNu64 " prev:%64[0-9a-f] ",
	    &sequence, s->previous) != 2 || sequence != last + 1 ||
	    (s->host = host_of(comment)) == NULL)
		return error_set(err, EBADMSG, "%s: is not of number %" PRIu64,
		    file, last + 1);
	s->sequence = last;
	s->taken = (int64_t)time(NULL);
	return 0;
}

static int
write_anchor(int dir, const struct minisign_secret *secret,
    const struct keychain *keys, uint64_t last, struct error *err)
{
	struct statement s = { .host = NULL };
	char name[SNAPSHOT_NAME_MAX], *json = NULL, *signature = NULL;
	size_t len;
	int rc = -1;

	if (read_link(dir, keys, last, &s, err) == 0 &&
	    (json = statement_encode(STATEMENT_ANCHOR, &s, &len,
	    err)) != NULL &&
	    (signature = signer_sign(secret, json, len, err)) != NULL)
		rc = signer_write(dir, statement_name(STATEMENT_ANCHOR, last,
		    name), json, len, signature, err);
	free(json);
	free(signature);
	statement_free(&s);
	return rc;
}

/* Whether an anchor at `last` stands for this file, or its signature. */
static bool
stands_for(uint64_t last, const char *file)
{
	char name[64];
	size_t len = strlen(file), suffix = strlen(MINISIGN_SUFFIX);
	int64_t anchor;

	if (len >= sizeof name)
		return false;
	memcpy(name, file, len + 1);
	if (len > suffix && strcmp(name + len - suffix, MINISIGN_SUFFIX) == 0)
		name[len - suffix] = '\0';
	anchor = statement_name_number(STATEMENT_ANCHOR, name);
	if (anchor >= 0)
		return (uint64_t)anchor < last;
	return snapshot_name_sequence(name) != 0 &&
	    snapshot_name_sequence(name) <= last;
}

int
signer_drop(int dir, uint64_t last, struct error *err)
{
	DIR *d = file_list(dir, "the snapshots", err);
	struct dirent *e;
	int rc = 0;

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL)
		if (stands_for(last, e->d_name) &&
		    unlinkat(dir, e->d_name, 0) == -1 && errno != ENOENT) {
			error_sys(err, errno, "%s", e->d_name);
			rc = 1;
		}
	closedir(d);
	return rc;
}

int
signer_retain(int dir, const struct minisign_secret *secret,
    const struct keychain *keys, size_t keep, uint64_t *first,
    uint64_t newest, struct error *err)
{
	uint64_t last = newest - keep;

	if (keep == 0 || newest < *first ||
	    newest - *first < keep + keep / 8)
		return 0;
	if (write_anchor(dir, secret, keys, last, err) == -1 ||
	    signer_drop(dir, last, err) != 0)
		return error_wrap(err, "old snapshots are not dropped");
	*first = last + 1;
	return 0;
}
