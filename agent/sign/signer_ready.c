/* SPDX-License-Identifier: BSD-2-Clause */
/* Lock, key and the end of the chain: see signer_inside.h. */
#include "agent/sign/signer_inside.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/base/paths.h"
#include "agent/sign/head.h"
#include "agent/sign/kept.h"
#include "agent/sign/rotate.h"
#include "agent/sign/signer_write.h"
#include "agent/sign/statement.h"
#include "kernel/confine.h"

#define LOOKED_BACK 1000       /* snapshots, for the time of the latest */

/* Before anything is read: who has the lock may be about to change it. */
static int
take_lock(struct signer *s, struct error *err)
{
	if (s->options->lock == NULL || s->lock != -1)
		return 0;
	s->lock = paths_lock_signing(s->options->lock, s->wait, err);
	if (s->lock == -1)
		return -1;
	return s->options->outdated == NULL || kept_clear(s->options->good,
	    s->options->outdated, &s->left) == 0 ? 0 :
	    error_sys(err, ENOMEM, "%s", s->options->outdated);
}

/* A signature that the public key file does not fit would help nobody. */
int
signer_read_keys(struct signer *s, struct error *err)
{
	const struct signer_options *o = s->options;
	struct minisign_secret *secret;
	struct minisign_public pub;

	minisign_sweep(o->key);
	if (rotate_finish(o, s->dir, err) == -1)
		return error_wrap(err, "the change of the key was cut short");
	if (o->make_key && minisign_ensure(o->key, o->public_key, &s->made,
	    &pub, err) == -1)
		return -1;
	if ((secret = minisign_secret_read(o->key, err)) == NULL)
		return -1;
	minisign_secret_public(secret, &s->pub);
	if (minisign_public_read(o->public_key, &pub, err) == -1) {
		minisign_secret_free(secret);
		return -1;
	}
	if (memcmp(&pub, &s->pub, sizeof pub) != 0) {
		minisign_secret_free(secret);
		return error_set(err, EINVAL, "%s: is not the public key of "
		    "%s", o->public_key, o->key);
	}
	s->secret = secret;
	s->unlocked = minisign_secret_lock(secret);
	return 0;
}

void
signer_key_text(const struct signer *s, bool made, char *text, size_t size)
{
	int n = 0;

	*text = '\0';
	if (made)
		n = snprintf(text, size, "made a signing key: %.900s "
		    "(public: %.900s)%s", s->options->key,
		    s->options->public_key, s->unlocked != 0 ? "; " : "");
	if (s->unlocked != 0)
		snprintf(text + n, size - (size_t)n, "the signing key may get "
		    "into swap, since memory cannot be locked (%s): raise the "
		    "limit of locked memory", strerror(s->unlocked));
}

static int
load_newest(struct signer *s, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	struct snapshot snapshot;
	bool readable;

	snapshot_name(s->newest, name);
	if (snapshot_load(s->dir, name, &s->keys, &snapshot, s->digest,
	    &readable, err) == -1)
		return error_wrap(err, "no snapshot is written while the "
		    "newest one is not good (\"jailagent snapshot verify\" "
		    "looks at all): %s/%s", s->options->dir, name);
	if (snapshot.taken > s->taken)
		s->taken = snapshot.taken;
	snapshot_free_jails(&snapshot);
	snapshot_free(&s->written);
	s->written = snapshot;
	return 0;
}

/* Without any snapshot behind the anchor, all were taken away. */
static int
check_anchor(struct signer *s, struct error *err)
{
	struct statement anchor;
	char name[SNAPSHOT_NAME_MAX];
	uint64_t last;

	if (statement_newest(s->dir, STATEMENT_ANCHOR, &last, err) == -1)
		return error_wrap(err, "%s", s->options->dir);
	if (last == 0)
		return 0;
	statement_name(STATEMENT_ANCHOR, last, name);
	if (keychain_anchor(&s->keys, s->dir, last, &anchor, err) == -1)
		return error_wrap(err, "no snapshot is written: %s/%s",
		    s->options->dir, name);
	statement_free(&anchor);
	if (s->newest <= last)
		return error_set(err, ENOENT, "no snapshot is written: %s/%s "
		    "says that there were more than are there; bring them "
		    "back, or move the whole directory away",
		    s->options->dir, name);
	s->first = last + 1;
	/* What cannot be removed is said when more is to be. */
	return signer_drop(s->dir, last, err) == -1 ? -1 : 0;
}

/*
 * The latest time that the newest signatures speak of, which need not be that of
 * the last one.  It is only said (signer.c), so they are not verified.
 */
static void
find_latest(struct signer *s, const uint64_t *sequence, size_t count)
{
	static const char said[] = "\ntrusted comment: timestamp:";
	char name[SNAPSHOT_NAME_MAX], file[SNAPSHOT_NAME_MAX + 8], *text;
	size_t first = count > LOOKED_BACK ? count - LOOKED_BACK : 0, len;
	struct error ignored;

	for (size_t i = first; i < count; i++) {
		const char *at;

		snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
		    snapshot_name(sequence[i], name));
		if (file_read(s->dir, file, MINISIGN_FILE_MAX, &text, &len,
		    &ignored) == -1)
			continue;
		at = strstr(text, said);
		if (at != NULL && strtoll(at + strlen(said), NULL, 10) >
		    s->taken)
			s->taken = strtoll(at + strlen(said), NULL, 10);
		free(text);
	}
}

/* A chain is continued only from an end that verifies. */
static int
find_newest(struct signer *s, struct error *err)
{
	char file[SNAPSHOT_NAME_MAX];
	uint64_t *sequence;
	struct head head;
	size_t count;

	head_read(s->options->head, &head);
	keychain_free(&s->keys);
	switch (keychain_load(s->dir, &s->pub, &s->keys, file, err)) {
	case 1:
		return error_wrap(err, "no snapshot is written: %s/%s",
		    s->options->dir, file);
	case -1:
		return error_wrap(err, "%s", s->options->dir);
	}
	if (keychain_check_newest(&s->keys, s->dir, &s->pub, err) == -1) {
		/* It seals nothing either, and the right one may come back. */
		minisign_secret_free(s->secret);
		s->secret = NULL;
		return error_wrap(err, "no snapshot is written: %s",
		    s->options->key);
	}
	if (snapshot_sequences(s->dir, &sequence, &count, err) == -1)
		return error_wrap(err, "%s", s->options->dir);
	s->newest = count == 0 ? 0 : sequence[count - 1];
	s->first = count == 0 ? 1 : sequence[0];
	find_latest(s, sequence, count);
	free(sequence);
	if (keychain_check_end(&s->keys, s->newest, err) == -1)
		return error_wrap(err, "no snapshot is written: %s",
		    s->options->dir);
	if ((s->newest > 0 && load_newest(s, err) == -1) ||
	    head_check(&head, s->newest, s->digest, err) == -1 ||
	    check_anchor(s, err) == -1)
		return -1;
	return signer_clean(s->dir, s->newest, err);
}

/* Another directory may be there by now, or none, as when a backup comes back. */
static void
look_for_directory(struct signer *s)
{
	struct stat own, there;

	if (s->dir == -1 || (fstat(s->dir, &own) == 0 &&
	    stat(s->options->dir, &there) == 0 &&
	    own.st_dev == there.st_dev && own.st_ino == there.st_ino))
		return;
	close(s->dir);
	s->dir = -1;
	s->ready = false;
}

int
signer_prepare(struct signer *s, struct error *err)
{
	look_for_directory(s);
	if (s->ready)
		return 0;
	if (s->dir == -1)
		s->dir = signer_open(s->options->dir, s->options->head, err);
	if (s->dir == -1)
		return -1;
	if (take_lock(s, err) == -1)
		return -1;
	if (s->secret == NULL && signer_read_keys(s, err) == -1)
		return -1;
	if (!s->confined && helper_confine(HELPER_SIGNER, err) == -1)
		return error_wrap(err, "the signer cannot be confined");
	s->confined = true;
	if (find_newest(s, err) == -1)
		return -1;
	s->ready = true;
	return 0;
}
