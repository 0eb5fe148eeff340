/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the snapshots of a directory are one unbroken chain. */
#include "agent/sign/verify.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/sign/minisign.h"
#include "agent/sign/statement.h"

/* How far the chain was followed. */
struct chain {
	int dir;
	const struct minisign_public *pub;
	void (*report)(void *arg, const char *file, const char *problem);
	void *arg;
	uint64_t last;	       /* sequence of the one before; 0: none */
	char digest[DIGEST_HEX]; /* of its file; "" when unreadable */
	uint64_t anchor;	 /* up to this one snapshots were dropped */
	char anchored[DIGEST_HEX]; /* the digest of that one; "": unknown */
	size_t verified, found;
};

static void
finding(struct chain *c, const char *file, const char *problem)
{
	c->found++;
	c->report(c->arg, file, problem);
}

/* Numbers that are missing in front of `sequence`. */
static void
check_gap(struct chain *c, uint64_t sequence)
{
	char name[SNAPSHOT_NAME_MAX], text[128];

	if (sequence == c->last + 1 || sequence <= c->anchor)
		return;
	snapshot_name(c->last + 1, name);
	if (sequence == c->last + 2)
		snprintf(text, sizeof text, "is missing");
	else
		snprintf(text, sizeof text, "is missing, as are all up to "
		    "number %" PRIu64, sequence - 1);
	finding(c, name, text);
}

/* Whether a good snapshot continues the one before, where that is known. */
static bool
continues(struct chain *c, const char *name, const struct snapshot *s)
{
	char text[128], before[SNAPSHOT_NAME_MAX];

	if (s->sequence != c->last + 1 || c->digest[0] == '\0' ||
	    strcmp(s->previous, c->digest) == 0)
		return true;
	if (s->sequence == 1)
		snprintf(text, sizeof text, "is the first one, but names one "
		    "before it");
	else
		snprintf(text, sizeof text, "does not continue %s: one of the "
		    "two was replaced", snapshot_name(c->last, before));
	finding(c, name, text);
	return false;
}

/* Of one that an anchor stands for the signature may be gone already. */
static bool
half_dropped(const struct chain *c, uint64_t sequence)
{
	char name[SNAPSHOT_NAME_MAX], file[SNAPSHOT_NAME_MAX + 8];
	struct stat st;

	snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
	    snapshot_name(sequence, name));
	return sequence <= c->anchor &&
	    fstatat(c->dir, file, &st, 0) == -1 && errno == ENOENT;
}

/*
 * Those up to the anchor may be there, or not, when dropping them was cut
 * short.  Behind them the chain goes on as the anchor says.
 */
static void
pass_anchor(struct chain *c, uint64_t sequence)
{
	char name[SNAPSHOT_NAME_MAX];

	if (c->anchor == 0 || sequence <= c->anchor || c->last > c->anchor)
		return;
	if (c->last == c->anchor && c->digest[0] != '\0' &&
	    c->anchored[0] != '\0' && strcmp(c->digest, c->anchored) != 0)
		finding(c, snapshot_name(c->last, name), "is another one than "
		    "the anchor of that number says");
	c->last = c->anchor;
	memcpy(c->digest, c->anchored, sizeof c->digest);
}

static void
check_one(struct chain *c, uint64_t sequence)
{
	unsigned char digest[DIGEST_SIZE];
	char name[SNAPSHOT_NAME_MAX];
	struct snapshot s;
	struct error err;
	bool readable;

	if (half_dropped(c, sequence))
		return;
	pass_anchor(c, sequence);
	check_gap(c, sequence);
	snapshot_name(sequence, name);
	if (snapshot_load(c->dir, name, c->pub, &s, digest, &readable,
	    &err) == -1) {
		finding(c, name, err.text);
	} else {
		if (continues(c, name, &s))
			c->verified++;
		snapshot_free(&s);
	}
	c->last = sequence;
	c->digest[0] = '\0';
	if (readable)
		text_hex(digest, sizeof digest, c->digest);
}

static int
find_anchor(struct chain *c, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	struct statement s;
	struct error why;

	if (statement_newest(c->dir, STATEMENT_ANCHOR, &c->anchor, err) == -1)
		return -1;
	if (c->anchor == 0)
		return 0;
	if (statement_load(c->dir, STATEMENT_ANCHOR, c->anchor, c->pub, &s,
	    &why) == -1) {
		finding(c, statement_name(STATEMENT_ANCHOR, c->anchor, name),
		    why.text);
		c->anchor = 0;
		return 0;
	}
	memcpy(c->anchored, s.previous, sizeof c->anchored);
	statement_free(&s);
	return 0;
}

static int
verify_directory(struct chain *c, const char *path, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	uint64_t *sequence;
	size_t count;
	int rc;

	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir == -1)
		return error_sys(err, errno, "%s", path);
	/* What the first one names as its predecessor: nothing. */
	memset(c->digest, '0', DIGEST_HEX - 1);
	rc = snapshot_sequences(c->dir, &sequence, &count, err);
	if (rc == 0 && count == 0)
		rc = error_set(err, ENOENT, "%s: has no snapshot", path);
	if (rc == 0)
		rc = find_anchor(c, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		check_one(c, sequence[i]);
	if (rc == 0 && c->anchor > 0 && c->last <= c->anchor)
		finding(c, snapshot_name(c->anchor + 1, name), "is missing: "
		    "not all that there were had been dropped");
	free(sequence);
	close(c->dir);
	return rc;
}

static void
verify_file(struct chain *c, const char *path)
{
	unsigned char digest[DIGEST_SIZE];
	struct snapshot s;
	struct error err;
	bool readable;

	if (snapshot_load(AT_FDCWD, path, c->pub, &s, digest, &readable,
	    &err) == -1) {
		finding(c, path, err.text);
		return;
	}
	c->verified++;
	snapshot_free(&s);
}

int
snapshot_verify(const char *path, const char *public_key,
    void (*report)(void *arg, const char *file, const char *problem),
    void *arg, size_t *verified, struct error *err)
{
	struct minisign_public pub;
	struct chain c = { .pub = &pub, .report = report, .arg = arg };
	struct stat st;

	*verified = 0;
	if (minisign_public_read(public_key, &pub, err) == -1)
		return -1;
	if (stat(path, &st) == -1)
		return error_sys(err, errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		verify_file(&c, path);
	else if (verify_directory(&c, path, err) == -1)
		return -1;
	*verified = c.verified;
	return c.found == 0 ? 0 : 1;
}
