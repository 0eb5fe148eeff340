/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/accepted.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/clock.h"
#include "agent/base/file.h"
#include "agent/base/paths.h"
#include "agent/base/sorted.h"
#include "agent/sign/keychain.h"
#include "agent/sign/rotate.h"
#include "agent/sign/sealed.h"
#include "agent/sign/signer.h"

#define RECORD_MAX ((size_t)64 * 1024 * 1024)
#define HEX_LEN ((size_t)2 * ACCEPTED_DIGEST)

static const char *
path_of(const void *table, size_t i)
{
	return ((const struct accepted *)table)->entry[i].path;
}

/* Where a path is, or would be. */
static size_t
place_of(const struct accepted *a, const char *path, bool *found)
{
	return sorted_position(a, a->count, path_of, path, found);
}

const struct accepted_entry *
accepted_find(const struct accepted *a, const char *path)
{
	bool found;
	size_t at = place_of(a, path, &found);

	return found ? &a->entry[at] : NULL;
}

int
accepted_set(struct accepted *a, const char *path, uint64_t number,
    const unsigned char digest[ACCEPTED_DIGEST])
{
	struct accepted_entry *grown, *e;
	bool found;
	size_t at = place_of(a, path, &found);

	if (!found) {
		char *copy = strdup(path);

		grown = copy == NULL ? NULL : realloc(a->entry,
		    (a->count + 1) * sizeof *grown);
		if (grown == NULL) {
			free(copy);
			return -1;
		}
		a->entry = grown;
		memmove(&grown[at + 1], &grown[at],
		    (a->count - at) * sizeof *grown);
		grown[at].path = copy;
		a->count++;
	}
	e = &a->entry[at];
	e->number = number;
	memcpy(e->digest, digest, sizeof e->digest);
	return 0;
}

void
accepted_free(struct accepted *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->entry[i].path);
	free(a->entry);
	*a = (struct accepted){ 0 };
}

/* "NUMBER DIGEST PATH", ended by a NUL. */
static int
take_line(struct accepted *a, char *line)
{
	unsigned char digest[ACCEPTED_DIGEST];
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(line, &end, 10);
	if (errno != 0 || end == line || *end++ != ' ' ||
	    strlen(end) < HEX_LEN + 2 || end[HEX_LEN] != ' ' ||
	    sodium_hex2bin(digest, sizeof digest, end, HEX_LEN, NULL, NULL,
	    NULL) != 0)
		return -1;
	return accepted_set(a, end + HEX_LEN + 1, number, digest);
}

int
accepted_read(const char *file, const char *public_key, struct accepted *a,
    struct error *err)
{
	char *text, *line, *next;
	size_t len;
	int rc;

	*a = (struct accepted){ 0 };
	rc = sealed_read(AT_FDCWD, file, RECORD_MAX, public_key, ACCEPTED_COMMENT,
	    &text, &len, err);
	if (rc != 0)
		return rc;
	for (line = text; rc == 0 && *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		rc = take_line(a, line);
	}
	free(text);
	if (rc == -1) {
		accepted_free(a);
		error_set(err, EINVAL, "it has a line that is not understood");
	}
	return rc;
}

char *
accepted_text(const struct accepted *a, size_t *len, struct error *err)
{
	struct buffer b = { .data = NULL };
	char hex[HEX_LEN + 1], *text;

	buffer_text(&b, "");
	for (size_t i = 0; i < a->count; i++)
		buffer_printf(&b, "%" PRIu64 " %s %s\n", a->entry[i].number,
		    text_hex(a->entry[i].digest, ACCEPTED_DIGEST, hex),
		    a->entry[i].path);
	if ((text = buffer_take(&b, len)) == NULL)
		error_sys(err, ENOMEM, "no memory for the accepted specs");
	return text;
}

int
accepted_write(int dir, const struct minisign_secret *secret,
    const char *text, size_t len, struct error *err)
{
	size_t sealed_len;
	char *sealed = sealed_make(secret, ACCEPTED_COMMENT, text, len, &sealed_len,
	    err);
	int rc;

	if (sealed == NULL)
		return -1;
	rc = file_replace_sync(dir, ACCEPTED_NAME, 0644, sealed, sealed_len,
	    err);
	free(sealed);
	return rc;
}

/*
 * Whether the pair may seal, as the signer finds it: one from before a change of
 * the key may not, since what it seals is not genuine when the right one is back.
 */
static int
check_pair(const struct paths *p, int dir, const struct minisign_public *pub,
    struct error *err)
{
	char file[SNAPSHOT_NAME_MAX];
	struct keychain k;
	int rc = keychain_load(dir, pub, &k, file, err);

	/* A chain that is broken says nothing; who signs states tells of it. */
	if (rc == 0)
		rc = keychain_check_newest(&k, dir, pub, err);
	keychain_free(&k);
	return rc == -1 ? error_wrap(err, "%s", p->key) : 0;
}

/* The agent's pair, with a change of it that was cut short brought to its end. */
static struct minisign_secret *
read_pair(const struct paths *p, struct error *err)
{
	const struct signer_options o = { .dir = p->snapshots,
		.good = p->good, .key = p->key, .public_key = p->public_key,
		.state = p->state };
	int dir = open(o.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct minisign_public pub;
	bool made;
	int rc = 0;

	if (dir == -1 && errno != ENOENT) {
		error_sys(err, errno, "%s", o.dir);
		return NULL;
	}
	if (dir != -1 && rotate_finish(&o, dir, err) == -1)
		rc = error_wrap(err, "the change of the key was cut short");
	if (rc == 0)
		rc = minisign_ensure(p->key, p->public_key, &made, &pub, err);
	if (rc == 0 && dir != -1)
		rc = check_pair(p, dir, &pub, err);
	if (dir != -1)
		close(dir);
	return rc == 0 ? minisign_secret_read(p->key, err) : NULL;
}

/* With the lock of those who sign. */
static int
keep(const struct paths *p, const char *text, size_t len, struct error *err)
{
	struct minisign_secret *secret = read_pair(p, err);
	int dir, rc;

	if (secret == NULL)
		return -1;
	dir = open(p->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = dir == -1 ? error_sys(err, errno, "%s", p->state) :
	    accepted_write(dir, secret, text, len, err);
	minisign_secret_free(secret);
	if (dir != -1)
		close(dir);
	return rc;
}

int
accepted_keep(const struct paths *p, const char *text, size_t len,
    struct error *err)
{
	int rc, lock = paths_lock_signing(p->signing,
	    clock_ms() + SIGNER_WAIT_MS, err);

	if (lock == -1)
		return -1;
	rc = keep(p, text, len, err);
	close(lock);
	return rc;
}
