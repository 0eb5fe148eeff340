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
#include "agent/sign/keychain.h"
#include "agent/sign/statement.h"

/* How far the chain was followed. */
struct chain {
	const struct verify_options *opt;
	struct verify_result *result;
	int dir;
	struct keychain keys;
	uint64_t last;	       /* sequence of the one before; 0: none */
	char digest[DIGEST_HEX]; /* of its file; "" when unreadable */
	uint64_t anchor;	 /* up to this one snapshots were dropped */
	char anchored[DIGEST_HEX]; /* the digest of that one; "": unknown */
	uint64_t seen;		   /* 0: nothing is to be there */
	char seen_digest[DIGEST_HEX];
	bool met; /* that one */
	struct text_list found; /* file, problem, file, ... */
	bool failed;		/* there was no memory for one of these */
};

static void
finding(struct chain *c, const char *file, const char *problem)
{
	c->failed |= text_list_add(&c->found, file) != 0 ||
	    text_list_add(&c->found, problem) != 0;
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

/* A digest that is known beside that of the file. */
static void
check_digest(struct chain *c, uint64_t sequence, const char *known,
    const char *problem)
{
	char name[SNAPSHOT_NAME_MAX];

	if (c->digest[0] != '\0' && known[0] != '\0' &&
	    strcmp(c->digest, known) != 0)
		finding(c, snapshot_name(sequence, name), problem);
}

/* What else is known of the one that was looked at last. */
static void
check_known(struct chain *c)
{
	for (size_t i = 1; i < c->keys.count; i++)
		if (c->keys.link[i].after == c->last && c->last != 0)
			check_digest(c, c->last, c->keys.link[i].previous,
			    "is another one than the one behind which the key "
			    "was changed");
	if (c->last == c->anchor)
		check_digest(c, c->last, c->anchored, "is another one than "
		    "the anchor of that number says");
	if (c->opt->head != NULL && c->last == c->opt->head->sequence)
		check_digest(c, c->last, c->opt->head->digest, "is another "
		    "one than was written since the host booted");
	if (c->last == c->seen) {
		c->met = true;
		check_digest(c, c->last, c->seen_digest, "is another one than "
		    "was seen before: there are two histories");
	}
}

/*
 * Those up to the anchor may be there, or not, when dropping them was cut
 * short.  Behind them the chain goes on as the anchor says.
 */
static void
pass_anchor(struct chain *c, uint64_t sequence)
{
	if (c->anchor == 0 || sequence <= c->anchor || c->last > c->anchor)
		return;
	c->last = c->anchor;
	memcpy(c->digest, c->anchored, sizeof c->digest);
	check_known(c);
}

static void
check_host(struct chain *c, const char *name, const char *host)
{
	struct buffer b = { .data = NULL };

	if (c->opt->host == NULL || strcmp(host, c->opt->host) == 0)
		return;
	buffer_printf(&b, "is of host %s, not of %s", host, c->opt->host);
	finding(c, name, b.failed ? "is of another host" : b.data);
	buffer_free(&b);
}

static void
take_result(struct chain *c, const struct snapshot *s,
    const unsigned char digest[DIGEST_SIZE])
{
	c->result->verified++;
	c->result->newest = s->sequence;
	text_hex(digest, DIGEST_SIZE, c->result->digest);
	snprintf(c->result->host, sizeof c->result->host, "%s", s->host);
}

static bool
is_missing(const struct chain *c, const char *name)
{
	struct stat st;

	return fstatat(c->dir, name, &st, 0) == -1 && errno == ENOENT;
}

static int
find_anchor(struct chain *c, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	struct statement s;
	struct error why;
	uint64_t number;

	if (statement_newest(c->dir, STATEMENT_ANCHOR, &number, err) == -1)
		return -1;
	if (number == 0)
		return 0;
	statement_name(STATEMENT_ANCHOR, number, name);
	if (keychain_anchor(&c->keys, c->dir, number, &s, &why) == -1) {
		finding(c, name, why.text);
		return 0;
	}
	c->anchor = number;
	memcpy(c->anchored, s.previous, sizeof c->anchored);
	check_host(c, name, s.host);
	statement_free(&s);
	return 0;
}

/* Of those that the anchor stands for the files may go while we look. */
static bool
dropped(const struct chain *c, uint64_t sequence)
{
	char name[SNAPSHOT_NAME_MAX], file[SNAPSHOT_NAME_MAX + 8];

	snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
	    snapshot_name(sequence, name));
	return sequence <= c->anchor && (is_missing(c, name) ||
	    is_missing(c, file));
}

/*
 * Whether the chain proves the first one of these, ascending: all behind the
 * anchor, and before it those up to it without a gap.  Others before it are
 * what was left when they were dropped, or were signed with a key that somebody
 * got hold of when it was not used any more.
 */
static bool
in_chain(const struct chain *c, const uint64_t *sequence, size_t count)
{
	return *sequence > c->anchor || (c->anchor - *sequence < count &&
	    sequence[c->anchor - *sequence] == c->anchor);
}

static void
check_one(struct chain *c, uint64_t sequence, bool counts)
{
	unsigned char digest[DIGEST_SIZE];
	char name[SNAPSHOT_NAME_MAX];
	struct snapshot s;
	struct error err;
	bool readable;
	int rc;

	snapshot_name(sequence, name);
	rc = snapshot_load(c->dir, name, &c->keys, &s, digest, &readable,
	    &err);
	if (rc == -1 && dropped(c, sequence))
		return;
	pass_anchor(c, sequence);
	check_gap(c, sequence);
	if (rc == -1) {
		finding(c, name, err.text);
	} else {
		check_host(c, name, s.host);
		if (continues(c, name, &s) && counts)
			take_result(c, &s, digest);
		snapshot_free(&s);
	}
	c->last = sequence;
	c->digest[0] = '\0';
	if (readable)
		text_hex(digest, sizeof digest, c->digest);
	check_known(c);
}

/* What ends too early, and what was seen and cannot be compared any more. */
static void
check_end(struct chain *c)
{
	char name[SNAPSHOT_NAME_MAX], text[128];
	uint64_t least = c->keys.link[c->keys.count - 1].after;

	if (c->anchor > 0 && c->last <= c->anchor)
		finding(c, snapshot_name(c->anchor + 1, name), "is missing: "
		    "not all that there were had been dropped");
	if (c->last < least && c->anchor < least)
		finding(c, snapshot_name(least, name), "is missing: the key "
		    "was changed behind it");
	if (c->opt->head != NULL && c->last < c->opt->head->sequence)
		finding(c, snapshot_name(c->opt->head->sequence, name), "is "
		    "missing: it was written since the host booted");
	if (c->seen == 0 || c->met)
		return;
	if (c->seen > c->last)
		snprintf(text, sizeof text, "was seen before, but number %"
		    PRIu64 " is the newest that is there", c->last);
	else
		snprintf(text, sizeof text, "was seen before, and cannot be "
		    "compared: it %s", c->seen <= c->anchor ?
		    "was dropped since" : "is missing");
	finding(c, snapshot_name(c->seen, name), text);
}

static int
verify_directory(struct chain *c, const char *path, struct error *err)
{
	uint64_t *sequence;
	size_t count;
	int rc;

	/* What the first one names as its predecessor: nothing. */
	memset(c->digest, '0', DIGEST_HEX - 1);
	rc = snapshot_sequences(c->dir, &sequence, &count, err);
	if (rc == 0 && count == 0)
		rc = error_set(err, ENOENT, "%s: has no snapshot", path);
	if (rc == 0)
		rc = find_anchor(c, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		check_one(c, sequence[i],
		    in_chain(c, sequence + i, count - i));
	if (rc == 0)
		check_end(c);
	free(sequence);
	return rc;
}

static void
verify_file(struct chain *c, const char *path)
{
	unsigned char digest[DIGEST_SIZE];
	struct snapshot s;
	struct error err;
	bool readable;

	if (snapshot_load(AT_FDCWD, path, &c->keys, &s, digest, &readable,
	    &err) == -1) {
		finding(c, path, err.text);
		return;
	}
	check_host(c, path, s.host);
	take_result(c, &s, digest);
	snapshot_free(&s);
}

static int
parse_seen(struct chain *c, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	const char *digest = colon == NULL ? "" : colon + 1;

	errno = 0;
	c->seen = strtoull(text, NULL, 10);
	if (errno != 0 || c->seen == 0 || strlen(digest) != DIGEST_HEX - 1 ||
	    strspn(digest, "0123456789abcdef") != DIGEST_HEX - 1)
		return error_set(err, EINVAL, "%s: is not NUMBER:DIGEST as "
		    "\"snapshot verify\" prints it, nor a file", text);
	memcpy(c->seen_digest, digest, DIGEST_HEX);
	return 0;
}

/* "NUMBER:DIGEST", or a snapshot's file, which has to be good itself. */
static int
read_seen(struct chain *c, struct error *err)
{
	const char *text = c->opt->seen;
	unsigned char digest[DIGEST_SIZE];
	struct snapshot s;
	bool readable;

	if (text == NULL)
		return 0;
	if (strspn(text, "0123456789") == strcspn(text, ":"))
		return parse_seen(c, text, err);
	if (snapshot_load(AT_FDCWD, text, &c->keys, &s, digest, &readable,
	    err) == -1)
		return error_wrap(err, "%s", text);
	c->seen = s.sequence;
	text_hex(digest, sizeof digest, c->seen_digest);
	snapshot_free(&s);
	return 0;
}

static void
check_keys(struct chain *c)
{
	char name[SNAPSHOT_NAME_MAX];

	for (size_t i = 1; i < c->keys.count; i++)
		check_host(c, statement_name(STATEMENT_KEY, i, name),
		    c->keys.link[i].host);
}

static int
verify_all(struct chain *c, const char *path, bool is_dir,
    const struct minisign_public *pub, struct error *err)
{
	char file[SNAPSHOT_NAME_MAX];
	int rc = keychain_load(c->dir, pub, &c->keys, file, err);

	if (rc == 1)
		finding(c, file, err->text);
	if (rc == -1 || read_seen(c, err) == -1)
		return -1;
	check_keys(c);
	if (!is_dir && c->opt->seen != NULL)
		return error_set(err, EINVAL, "%s: is one snapshot; whether "
		    "another one was seen before is a question to a directory",
		    path);
	if (is_dir)
		return verify_directory(c, path, err);
	verify_file(c, path);
	return 0;
}

static void
begin_anew(struct chain *c)
{
	struct verify_result *result = c->result;

	keychain_free(&c->keys);
	text_list_free(&c->found);
	*c = (struct chain){ .opt = c->opt, .result = result, .dir = c->dir };
	memset(result, 0, sizeof *result);
}

/* What is found while a signer goes on is looked at once more, from the start. */
static int
verify_quiet(struct chain *c, const char *path, bool is_dir,
    const struct minisign_public *pub, struct error *err)
{
	struct statement_marks marks = { { 0 } };
	int rc;

	(void)statement_moved(c->dir, &marks);
	for (int i = 1;; i++) {
		begin_anew(c);
		rc = verify_all(c, path, is_dir, pub, err);
		if (rc == 0 && c->failed)
			rc = error_sys(err, ENOMEM, "%s", path);
		if (rc == -1 || c->found.count == 0 ||
		    !statement_moved(c->dir, &marks))
			return rc;
		if (i == STATEMENT_TRIES)
			return error_set(err, EAGAIN, "%s: old snapshots are "
			    "dropped faster than it is looked at; look at a "
			    "copy", path);
	}
}

int
snapshot_verify(const char *path, const struct verify_options *opt,
    struct verify_result *result, struct error *err)
{
	struct minisign_public pub;
	struct chain c = { .opt = opt, .result = result };
	struct stat st;
	const char *keys;
	bool is_dir;
	int rc;

	memset(result, 0, sizeof *result);
	if (minisign_public_read(opt->public_key, &pub, err) == -1)
		return -1;
	if (stat(path, &st) == -1)
		return error_sys(err, errno, "%s", path);
	is_dir = S_ISDIR(st.st_mode);
	keys = is_dir || opt->keys_dir == NULL ? path : opt->keys_dir;
	c.dir = snapshot_directory(keys, is_dir || keys != path);
	if (c.dir == -1)
		return error_sys(err, errno, "%s", keys);
	rc = verify_quiet(&c, path, is_dir, &pub, err);
	for (size_t i = 0; rc == 0 && i < c.found.count; i += 2)
		opt->report(opt->arg, c.found.text[i], c.found.text[i + 1]);
	if (rc == 0 && c.found.count > 0)
		rc = 1;
	keychain_free(&c.keys);
	text_list_free(&c.found);
	close(c.dir);
	return rc;
}
