/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/rollback.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/reconcile/applied.h"
#include "agent/reconcile/secrets.h"

#define NAME_ROOM (PATHS_MAX + 300)
#define HEX_SIZE (2 * SPEC_DIGEST_SIZE + 1)

static const char *
bad_path(const struct paths *p, const char *name, char *buf)
{
	paths_of_jail(buf, NAME_ROOM, p->rollback, name, ".bad");
	return buf;
}

static const char *
ready_path(const struct paths *p, const char *name, char *buf)
{
	paths_of_jail(buf, NAME_ROOM, p->rollback, name, ".ready");
	return buf;
}

static const char *
tries_path(const struct paths *p, const char *name, char *buf)
{
	paths_of_jail(buf, NAME_ROOM, p->rollback, name, ".tries");
	return buf;
}

/*
 * Reads "DIGEST WHY".  Returns WHY, to be freed; NULL, with zeros, when the file
 * is not so.
 */
static char *
read_digest(const struct vault *v, const char *path, unsigned char digest[SPEC_DIGEST_SIZE])
{
	char *text, *why = NULL;
	const char *end;
	struct error ignored;
	size_t len, n;

	memset(digest, 0, SPEC_DIGEST_SIZE);
	if (stamp_read(v, path, 4096, &text, &len, &ignored) != 0)
		return NULL;
	if (len > HEX_SIZE && sodium_hex2bin(digest, SPEC_DIGEST_SIZE,
	    text, HEX_SIZE - 1, NULL, &n, &end) == 0 &&
	    n == SPEC_DIGEST_SIZE && text[HEX_SIZE - 1] == ' ')
		why = strndup(text + HEX_SIZE, strcspn(text + HEX_SIZE,
		    "\n"));
	if (why == NULL)
		memset(digest, 0, SPEC_DIGEST_SIZE);
	free(text);
	return why;
}

static int
write_digest(const struct vault *v, const char *path,
    const unsigned char digest[SPEC_DIGEST_SIZE], const char *why)
{
	char hex[HEX_SIZE], text[ERROR_TEXT_MAX + HEX_SIZE];
	struct error ignored;

	sodium_bin2hex(hex, sizeof hex, digest, SPEC_DIGEST_SIZE);
	snprintf(text, sizeof text, "%s %s\n", hex, why);
	error_clear(&ignored);
	return stamp_write(v, path, text, strlen(text), &ignored);
}

/* Once for each jail; without a good spec nothing is in quarantine. */
static void
read_files(struct rollback *b, const struct paths *p, const struct vault *v,
    const char *name)
{
	struct text_list seals = { 0 }, found = { 0 };
	char path[NAME_ROOM];
	struct error err;

	if (b->read)
		return;
	b->read = true;
	error_clear(&err);
	if (applied_read(p->rollback, v, name, &b->good, &seals, &found,
	    &err) == 0)
		b->why = read_digest(v, bad_path(p, name, path), b->digest);
	text_list_free(&seals);
	text_list_free(&found);
}

/* It is best effort: without it there is nothing to go back to. */
static void
keep(struct rollback *b, const struct paths *p, const struct vault *v,
    const struct spec *was)
{
	static const struct text_list none;
	struct spec *copy;
	struct error err;

	if (b->good != NULL && spec_same(b->good, was))
		return;
	error_clear(&err);
	copy = spec_copy(was);
	if (copy == NULL || applied_write(p->rollback, v, was, &none, &none,
	    &err) != 0) {
		spec_free(copy);
		return;
	}
	spec_free(b->good);
	b->good = copy;
}

static void
end_quarantine(struct rollback *b, const struct paths *p, const char *name)
{
	char path[NAME_ROOM];

	unlink(bad_path(p, name, path));
	free(b->why);
	b->why = NULL;
	rollback_anew(b);
}

/* With its secrets as they are now. */
static void
digest_of(const struct vault *v, const struct spec *s,
    unsigned char digest[SPEC_DIGEST_SIZE])
{
	struct text_list seals = { 0 };

	(void)vault_seals(v, s, &seals);
	vault_digest(v, s, &seals, digest);
	text_list_free(&seals);
}

static bool
in_quarantine(const struct rollback *b, const struct vault *v,
    const struct spec *s)
{
	unsigned char digest[SPEC_DIGEST_SIZE];

	if (b->why == NULL || !s->agent.rollback)
		return false;
	digest_of(v, s, digest);
	return memcmp(b->digest, digest, sizeof digest) == 0;
}

/* What the agent before this one knew. */
static void
read_ready(struct rollback *b, const struct paths *p, const struct vault *v,
    const char *name)
{
	char path[NAME_ROOM];

	if (!b->ready_read)
		free(read_digest(v, ready_path(p, name, path), b->ready));
	b->ready_read = true;
}

void
rollback_ready(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *s)
{
	char path[NAME_ROOM];

	if (rollback_was_ready(b, p, v, s))
		return;
	memcpy(b->ready, spec_digest(s), sizeof b->ready);
	/* Should that fail, the next agent asks for the jail's health anew. */
	if (s->agent.rollback)
		(void)write_digest(v, ready_path(p, s->name, path), b->ready,
		    "ready");
}

bool
rollback_was_ready(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *s)
{
	if (s->agent.health.exec == NULL)
		return true;
	read_ready(b, p, v, s->name);
	return memcmp(b->ready, spec_digest(s), sizeof b->ready) == 0;
}

void
rollback_anew(struct rollback *b)
{
	b->failures = 0;
	b->proved = false;
}

struct spec *
rollback_secret(struct rollback *b, const struct paths *p,
    const struct vault *v, const char *file)
{
	if (!secrets_name(b->bad, file) || in_quarantine(b, v, b->bad))
		return NULL;
	return rollback_end(b, p, b->bad->name);
}

struct spec *
rollback_choose(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *was, struct spec *s)
{
	struct spec *good;

	spec_free(b->bad);
	b->bad = NULL;
	if (s->agent.rollback)
		read_files(b, p, v, s->name);
	if (in_quarantine(b, v, s)) {
		good = spec_copy(b->good);
		b->bad = s;
		return good;
	}
	if (b->why != NULL)
		end_quarantine(b, p, s->name);
	if (was != NULL && !spec_same(was, s) && s->agent.rollback)
		keep(b, p, v, was);
	return s;
}

/*
 * One more failure of what has this digest.  They outlive the agent, so that one
 * that is started again and again does not begin to count anew; as long as a
 * failure is held against a jail that is well since.
 */
static unsigned
count_failure(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *s,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	unsigned char known[SPEC_DIGEST_SIZE];
	char path[NAME_ROOM], text[16], *tries = NULL;
	struct stat st;

	tries_path(p, s->name, path);
	if (!b->tries_read && stat(path, &st) == 0 &&
	    (time(NULL) - st.st_mtime) * INT64_C(1000) <
	    s->agent.retry_reset_ms)
		tries = read_digest(v, path, known);
	b->tries_read = true;
	if (tries != NULL && memcmp(known, digest, sizeof known) == 0)
		b->failures += (unsigned)strtoul(tries, NULL, 10);
	free(tries);
	snprintf(text, sizeof text, "%u", ++b->failures);
	if (b->failures < ROLLBACK_TRIES)
		(void)write_digest(v, path, digest, text);
	return b->failures;
}

struct spec *
rollback_failed(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *wanted, const char *why,
    bool final)
{
	unsigned char digest[SPEC_DIGEST_SIZE];
	char path[NAME_ROOM];
	struct spec *good;

	if (wanted == NULL || !wanted->agent.rollback || b->good == NULL ||
	    b->why != NULL || b->proved || spec_same(b->good, wanted))
		return NULL;
	digest_of(v, wanted, digest);
	if (count_failure(b, p, v, wanted, digest) < ROLLBACK_TRIES && !final)
		return NULL;
	good = spec_copy(b->good);
	b->bad = spec_copy(wanted);
	b->why = strdup(why);
	if (good == NULL || b->bad == NULL || b->why == NULL ||
	    write_digest(v, bad_path(p, wanted->name, path), digest, why) != 0) {
		spec_free(good);
		spec_free(b->bad);
		b->bad = NULL;
		free(b->why);
		b->why = NULL;
		return NULL;
	}
	unlink(tries_path(p, wanted->name, path));
	memcpy(b->digest, digest, sizeof b->digest);
	b->failures = 0;
	return good;
}

struct spec *
rollback_end(struct rollback *b, const struct paths *p, const char *name)
{
	struct spec *s = b->bad;

	b->bad = NULL;
	if (b->why != NULL)
		end_quarantine(b, p, name);
	return s;
}

void
rollback_forget(struct rollback *b, const struct paths *p, const char *name)
{
	char path[NAME_ROOM];

	spec_free(rollback_end(b, p, name));
	unlink(ready_path(p, name, path));
	unlink(tries_path(p, name, path));
	applied_remove(p->rollback, name);
	spec_free(b->good);
	b->good = NULL;
}

void
rollback_free(struct rollback *b)
{
	spec_free(b->good);
	spec_free(b->bad);
	free(b->why);
}
