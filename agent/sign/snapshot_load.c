/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots in a directory: which there are, and whether one is good. */
#include "agent/sign/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/sign/keychain.h"
#include "agent/sign/minisign.h"
#include "agent/sign/statement.h"
#include "kernel/compat.h"

int
snapshot_directory(const char *path, bool is_dir)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int fd;

	if (is_dir)
		return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slash == NULL)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	parent = strndup(path, (size_t)(slash - path) + 1);
	fd = parent == NULL ? -1 :
	    open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(parent);
	return fd;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
collect(DIR *d, uint64_t **sequence, size_t *count)
{
	struct dirent *e;
	size_t room = 0;
	uint64_t n, *grown;

	while (errno = 0, (e = readdir(d)) != NULL) {
		if ((n = snapshot_name_sequence(e->d_name)) == 0)
			continue;
		if (*count == room) {
			room = room == 0 ? 64 : room * 2;
			grown = realloc(*sequence, room * sizeof *grown);
			if (grown == NULL)
				return -1;
			*sequence = grown;
		}
		(*sequence)[(*count)++] = n;
	}
	return errno == 0 ? 0 : -1;
}

int
snapshot_sequences(int dir, uint64_t **sequence, size_t *count,
    struct error *err)
{
	DIR *d = file_list(dir, "the snapshots", err);
	int rc;

	*sequence = NULL;
	*count = 0;
	if (d == NULL)
		return -1;
	rc = collect(d, sequence, count);
	if (rc == -1) {
		error_sys(err, errno, "the snapshots cannot be listed");
		free(*sequence);
		*sequence = NULL;
	}
	closedir(d);
	if (rc == 0 && *count > 1)
		qsort(*sequence, *count, sizeof **sequence, by_number);
	return rc;
}

int
snapshot_check_signature(int dir, const char *file,
    const struct keychain *keys, const char *json, size_t len,
    char *comment, size_t *link, struct error *err)
{
	char name[PATH_MAX], *sig;
	size_t sig_len;
	int rc;

	if ((size_t)snprintf(name, sizeof name, "%s" MINISIGN_SUFFIX, file) >=
	    sizeof name)
		return error_sys(err, ENAMETOOLONG, "%s", file);
	if (file_read(dir, name, MINISIGN_FILE_MAX, &sig, &sig_len,
	    err) == -1)
		return error_wrap(err, "its signature %s", name);
	rc = keychain_verify(keys, json, len, sig, sig_len, comment, link,
	    err);
	free(sig);
	return rc;
}

/* The comment is read without the file by others: both must say the same. */
int
snapshot_check_comment(const char *json, size_t len, const char *comment,
    struct error *err)
{
	char *expected;
	int rc = 0;

	if ((expected = snapshot_comment(json, len, err)) == NULL)
		return -1;
	if (strcmp(expected, comment) != 0)
		rc = error_set(err, EBADMSG, "its trusted comment is \"%s\", "
		    "but the file says \"%s\"", comment, expected);
	free(expected);
	return rc;
}

static int
check_name(const char *file, uint64_t sequence, struct error *err)
{
	const char *slash = strrchr(file, '/');
	uint64_t n = snapshot_name_sequence(slash == NULL ? file : slash + 1);

	if (sequence == 0)
		return error_set(err, EBADMSG,
		    "it has no number: no signer has written it");
	if (n != 0 && n != sequence)
		return error_set(err, EBADMSG, "it is number %llu under "
		    "another's name", (unsigned long long)sequence);
	return 0;
}

/* A key that was replaced, or not yet in use, signs nothing. */
static int
check_key(const struct keychain *keys, size_t link, uint64_t sequence,
    struct error *err)
{
	char line[MINISIGN_PUBLIC_LINE];
	size_t right = keychain_at(keys, sequence);

	if (link == right)
		return 0;
	return error_set(err, EKEYREJECTED, "was signed with %s, which %s",
	    minisign_public_line(&keys->link[link].pub, line), link < right ?
	    "had been replaced before" : "came later");
}

static int
check_all(int dir, const char *file, const struct keychain *keys,
    const char *json, size_t len, struct snapshot *s, struct error *err)
{
	char *comment = malloc(MINISIGN_COMMENT_MAX + 1);
	size_t link = 0;
	int rc;

	if (comment == NULL)
		return error_sys(err, ENOMEM, "no memory to verify");
	rc = snapshot_check_signature(dir, file, keys, json, len, comment,
	    &link, err);
	if (rc == 0)
		rc = snapshot_decode(json, len, s, err);
	if (rc == 0 && (snapshot_check_comment(json, len, comment, err) == -1 ||
	    check_name(file, s->sequence, err) == -1 ||
	    check_key(keys, link, s->sequence, err) == -1)) {
		snapshot_free(s);
		rc = -1;
	}
	free(comment);
	return rc;
}

int
snapshot_load(int dir, const char *file, const struct keychain *keys,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], bool *readable,
    struct error *err)
{
	char *json;
	size_t len;
	int rc;

	memset(s, 0, sizeof *s);
	*readable = false;
	if (file_read(dir, file, SNAPSHOT_MAX, &json, &len, err) == -1)
		return -1;
	*readable = true;
	snapshot_digest(json, len, digest);
	rc = check_all(dir, file, keys, json, len, s, err);
	free(json);
	return rc;
}

static int
load_keys(int dir, const struct minisign_public *pub, struct keychain *keys,
    struct error *err)
{
	char file[SNAPSHOT_NAME_MAX];
	int rc = keychain_load(dir, pub, keys, file, err);

	return rc == 1 ? error_wrap(err, "%s", file) : rc;
}

static int
highest(int dir, uint64_t *number, struct error *err)
{
	uint64_t *sequence;
	size_t count;

	if (snapshot_sequences(dir, &sequence, &count, err) == -1)
		return -1;
	*number = count == 0 ? 0 : sequence[count - 1];
	free(sequence);
	return 0;
}

/*
 * The number of the newest one, which has to be behind the anchor and the last
 * change of the key; 0: there never was one.  It is looked for last: a signer
 * that writes meanwhile only makes it newer.
 */
static int
find_newest(int dir, const char *public_key, struct keychain *keys,
    uint64_t *newest, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	struct minisign_public pub;
	struct error why;
	uint64_t anchor;
	bool has_key = minisign_public_read(public_key, &pub, &why) == 0;

	if (statement_newest(dir, STATEMENT_ANCHOR, &anchor, err) == -1 ||
	    (has_key && load_keys(dir, &pub, keys, err) == -1) ||
	    highest(dir, newest, err) == -1)
		return -1;
	if (*newest == 0 && anchor == 0 && !has_key)
		return 0;
	if (!has_key)
		return error_set(err, why.code, "%s", why.text);
	if (anchor > 0 && *newest <= anchor)
		return error_set(err, ENOENT, "%s says that there were more "
		    "than are there", statement_name(STATEMENT_ANCHOR, anchor,
		    name));
	return keychain_check_end(keys, *newest, err);
}

static int
load_newest(const char *dir, int fd, const char *public_key,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], struct error *err)
{
	struct keychain keys = { 0 };
	char name[SNAPSHOT_NAME_MAX];
	uint64_t newest;
	bool readable;
	int rc = find_newest(fd, public_key, &keys, &newest, err);
	if (rc == -1) {
		error_wrap(err, "%s", dir);
	} else if (newest == 0) {
		rc = 1;
	} else if ((rc = snapshot_load(fd, snapshot_name(newest, name), &keys,
	    s, digest, &readable, err)) == -1) {
		error_wrap(err, "%s/%s", dir, name);
	}
	keychain_free(&keys);
	return rc;
}

int
snapshot_newest(const char *dir, const char *public_key,
    struct snapshot *s, unsigned char digest[DIGEST_SIZE], struct error *err)
{
	struct statement_marks marks = { { 0 } };
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), tries = 0, rc;

	memset(s, 0, sizeof *s);
	if (fd == -1)
		return errno == ENOENT ? 1 : error_sys(err, errno, "%s", dir);
	(void)statement_moved(fd, &marks);
	do
		rc = load_newest(dir, fd, public_key, s, digest, err);
	while (rc == -1 && ++tries < STATEMENT_TRIES &&
	    statement_moved(fd, &marks));
	close(fd);
	return rc;
}
