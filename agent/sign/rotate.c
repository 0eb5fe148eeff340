/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/rotate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/sign/accepted.h"
#include "agent/sign/kept.h"
#include "agent/sign/minisign.h"
#include "agent/sign/sealed.h"
#include "agent/sign/signer_write.h"
#include "agent/sign/statement.h"

/* Where a new pair waits. */
struct next {
	char secret[PATH_MAX], public[PATH_MAX];
};

static int
next_names(const struct signer_options *o, struct next *n, struct error *err)
{
	if ((size_t)snprintf(n->secret, sizeof n->secret, "%s" SEALED_NEXT,
	    o->key) >= sizeof n->secret ||
	    (size_t)snprintf(n->public, sizeof n->public, "%s" SEALED_NEXT,
	    o->public_key) >= sizeof n->public)
		return error_sys(err, ENAMETOOLONG, "%s", o->key);
	return 0;
}

static void
drop_next(const struct next *n)
{
	(void)unlink(n->secret);
	(void)unlink(n->public);
}

/* The signature by the new key gets its name first: FILE.minisig is last. */
static int
write_statement(int dir, const char *name, const char *json, size_t len,
    const char *by_old, const char *by_new, struct error *err)
{
	char file[SNAPSHOT_NAME_MAX + 16], temporary[SNAPSHOT_NAME_MAX + 24];

	snprintf(file, sizeof file, "%s" STATEMENT_BY_NEW, name);
	snprintf(temporary, sizeof temporary, ".new-%s", file);
	(void)unlinkat(dir, temporary, 0);
	if (file_create(dir, temporary, 0644, by_new, strlen(by_new),
	    err) == -1)
		return -1;
	if (renameat(dir, temporary, dir, file) == -1)
		return error_sys(err, errno, "%s: cannot be renamed to %s",
		    temporary, file);
	if (file_sync_dir(dir, file, err) == -1)
		return -1;
	return signer_write(dir, name, json, len, by_old, err);
}

static int
make_statement(int dir, const struct minisign_secret *old,
    const struct minisign_secret *new, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err)
{
	char host[256] = "", name[SNAPSHOT_NAME_MAX];
	struct statement s = { .host = host, .sequence = newest,
		.taken = (int64_t)time(NULL) };
	char *json, *by_old = NULL, *by_new = NULL;
	struct minisign_public pub;
	uint64_t changes;
	size_t len;
	int rc = -1;

	if (statement_newest(dir, STATEMENT_KEY, &changes, err) == -1)
		return -1;
	gethostname(host, sizeof host - 1);
	text_hex(digest, DIGEST_SIZE, s.previous);
	minisign_secret_public(old, &pub);
	minisign_public_line(&pub, s.from);
	minisign_secret_public(new, &pub);
	minisign_public_line(&pub, s.to);
	json = statement_encode(STATEMENT_KEY, &s, &len, err);
	if (json != NULL &&
	    (by_old = signer_sign(old, json, len, err)) != NULL &&
	    (by_new = signer_sign(new, json, len, err)) != NULL)
		rc = write_statement(dir, statement_name(STATEMENT_KEY,
		    changes + 1, name), json, len, by_old, by_new, err);
	free(json);
	free(by_old);
	free(by_new);
	return rc;
}

int
rotate_key(const struct signer_options *o, int dir,
    const struct minisign_secret *old, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err)
{
	struct minisign_secret *new;
	struct minisign_public pub;
	struct next n;
	int rc;

	if (next_names(o, &n, err) == -1)
		return -1;
	drop_next(&n);
	if (minisign_generate(n.secret, n.public, &pub, err) == -1 ||
	    (new = minisign_secret_read(n.secret, err)) == NULL) {
		drop_next(&n);
		return -1;
	}
	/* A failure may come when the statement is there: the pair stays. */
	rc = make_statement(dir, old, new, newest, digest, err);
	minisign_secret_free(new);
	return rc;
}

/*
 * Signs one file of the state directory anew, if the old key had signed it.
 * One that is `forced` to the disk is not lost with the power.
 */
static int
seal_again(int dir, const char *file, const char *comment, bool forced,
    const char *old_key, const struct minisign_secret *new, struct error *err)
{
	size_t len, sealed_len;
	char *text, *sealed;
	int rc;

	if (sealed_read(dir, file, 64 * 1024 * 1024, old_key, comment, &text,
	    &len, err) != 0)
		return 0;
	sealed = sealed_make(new, comment, text, len, &sealed_len, err);
	rc = sealed == NULL ? -1 : forced ?
	    file_replace_sync(dir, file, 0644, sealed, sealed_len, err) :
	    file_replace(dir, file, sealed, sealed_len, err);
	free(sealed);
	free(text);
	return rc;
}

/* The trusted comment of a kept text, which has the path in it. */
static char *
kept_comment(int dir, const char *file)
{
	char *text, *line = NULL, *at;
	struct error err;
	size_t len;

	if (file_read(dir, file, 128 * 1024 * 1024, &text, &len, &err) != 0)
		return NULL;
	at = strstr(text, "\ntrusted comment: ");
	if (at != NULL) {
		at += strlen("\ntrusted comment: ");
		line = strndup(at, strcspn(at, "\n"));
	}
	free(text);
	return line;
}

static int
seal_kept(const char *good, const char *old_key,
    const struct minisign_secret *new, struct error *err)
{
	DIR *d = good == NULL ? NULL : opendir(good);
	struct dirent *e;
	int rc = 0;

	while (d != NULL && rc == 0 && (e = readdir(d)) != NULL) {
		char *comment = kept_is_name(e->d_name) ?
		    kept_comment(dirfd(d), e->d_name) : NULL;

		if (comment != NULL)
			rc = seal_again(dirfd(d), e->d_name, comment, false,
			    old_key, new, err);
		free(comment);
	}
	if (d != NULL)
		closedir(d);
	return rc;
}

static int
seal_all(const struct signer_options *o, const char *old_key,
    const struct minisign_secret *new, struct error *err)
{
	int rc = seal_kept(o->good, old_key, new, err), dir;

	if (rc != 0 || o->state == NULL)
		return rc;
	dir = open(o->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return error_sys(err, errno, "%s", o->state);
	rc = seal_again(dir, ACCEPTED_NAME, ACCEPTED_COMMENT, true, old_key,
	    new, err);
	close(dir);
	return rc;
}

static int
take_names(const struct signer_options *o, const struct next *n,
    struct error *err)
{
	/*
	 * The secret one is last, also on the disk: as long as it waits, this
	 * is done again.
	 */
	if (rename(n->public, o->public_key) == -1 && errno != ENOENT)
		return error_sys(err, errno, "%s", o->public_key);
	if (file_sync_parent(o->public_key, err) == -1)
		return -1;
	if (rename(n->secret, o->key) == -1)
		return error_sys(err, errno, "%s", o->key);
	return 0;
}

/* Whether the newest statement is about this key; *from is the one before. */
static int
in_force(int dir, const struct minisign_secret *new,
    char from[MINISIGN_PUBLIC_LINE], struct error *err)
{
	char line[MINISIGN_PUBLIC_LINE], *json;
	struct minisign_public pub;
	struct statement s;
	uint64_t changes;
	size_t len;
	int rc;

	if (statement_newest(dir, STATEMENT_KEY, &changes, err) == -1)
		return -1;
	if (changes == 0)
		return 0;
	if (statement_read(dir, STATEMENT_KEY, changes, &s, &json, &len,
	    err) == -1)
		return -1;
	minisign_secret_public(new, &pub);
	rc = strcmp(s.to, minisign_public_line(&pub, line)) == 0;
	memcpy(from, s.from, MINISIGN_PUBLIC_LINE);
	statement_free(&s);
	free(json);
	return rc;
}

int
rotate_finish(const struct signer_options *o, int dir, struct error *err)
{
	char from[MINISIGN_PUBLIC_LINE];
	struct minisign_secret *new;
	struct next n;
	int rc;

	if (next_names(o, &n, err) == -1)
		return -1;
	if (access(n.secret, F_OK) == -1)
		return 0;
	if ((new = minisign_secret_read(n.secret, err)) == NULL)
		return -1;
	rc = in_force(dir, new, from, err);
	if (rc == 0)
		drop_next(&n);
	else if (rc == 1)
		rc = file_sync_dir(dir, o->dir, err) == 0 &&
		    seal_all(o, from, new, err) == 0 ?
		    take_names(o, &n, err) : -1;
	minisign_secret_free(new);
	return rc;
}
