/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/rollback.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
#include "agent/reconcile/applied.h"
#include "agent/reconcile/secrets.h"

#define NAME_ROOM (PATHS_MAX + 300)
#define HEX_SIZE (2 * SPEC_DIGEST_SIZE + 1)

static const char *
bad_path(const struct paths *p, const char *name, char *buf)
{
	snprintf(buf, NAME_ROOM, "%s/%s.bad", p->rollback, name);
	return buf;
}

/* "DIGEST WHY"; a file that is not so quarantines nothing. */
static void
read_bad(struct rollback *b, const struct paths *p, const char *name)
{
	char path[NAME_ROOM], *text;
	const char *end;
	size_t len, n;

	if (file_read(AT_FDCWD, bad_path(p, name, path), 4096, &text, &len,
	    NULL) != 0)
		return;
	if (len > HEX_SIZE && sodium_hex2bin(b->digest, sizeof b->digest,
	    text, HEX_SIZE - 1, NULL, &n, &end) == 0 &&
	    n == sizeof b->digest && text[HEX_SIZE - 1] == ' ')
		b->why = strndup(text + HEX_SIZE, strcspn(text + HEX_SIZE,
		    "\n"));
	free(text);
}

/* Once for each jail; without a good spec nothing is in quarantine. */
static void
read_files(struct rollback *b, const struct paths *p, const char *name)
{
	struct text_list seals = { 0 }, found = { 0 };
	struct error err;

	if (b->read)
		return;
	b->read = true;
	error_clear(&err);
	if (applied_read(p->rollback, name, &b->good, &seals, &found,
	    &err) == 0)
		read_bad(b, p, name);
	text_list_free(&seals);
	text_list_free(&found);
}

/* It is best effort: without it there is nothing to go back to. */
static void
keep(struct rollback *b, const struct paths *p, const struct spec *was)
{
	static const struct text_list none;
	struct spec *copy;
	struct error err;

	if (b->good != NULL && spec_same(b->good, was))
		return;
	error_clear(&err);
	copy = spec_copy(was);
	if (copy == NULL || applied_write(p->rollback, was, &none, &none,
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
	b->failures = 0;
	b->proved = false;
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
		read_files(b, p, s->name);
	if (in_quarantine(b, v, s)) {
		good = spec_copy(b->good);
		b->bad = s;
		return good;
	}
	if (b->why != NULL)
		end_quarantine(b, p, s->name);
	if (was != NULL && !spec_same(was, s)) {
		b->failures = 0;
		b->proved = false;
		if (s->agent.rollback)
			keep(b, p, was);
	}
	return s;
}

struct spec *
rollback_failed(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *wanted, const char *why,
    bool final)
{
	unsigned char digest[SPEC_DIGEST_SIZE];
	char path[NAME_ROOM], hex[HEX_SIZE], text[ERROR_TEXT_MAX + HEX_SIZE];
	struct error err;
	struct spec *good;

	if (wanted == NULL || !wanted->agent.rollback || b->good == NULL ||
	    b->why != NULL || b->proved || spec_same(b->good, wanted) ||
	    (++b->failures < ROLLBACK_TRIES && !final))
		return NULL;
	digest_of(v, wanted, digest);
	sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
	snprintf(text, sizeof text, "%s %s\n", hex, why);
	error_clear(&err);
	good = spec_copy(b->good);
	b->bad = spec_copy(wanted);
	b->why = strdup(why);
	if (good == NULL || b->bad == NULL || b->why == NULL ||
	    file_replace(AT_FDCWD, bad_path(p, wanted->name, path), text,
	    strlen(text), &err) != 0) {
		spec_free(good);
		spec_free(b->bad);
		b->bad = NULL;
		free(b->why);
		b->why = NULL;
		return NULL;
	}
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
	spec_free(rollback_end(b, p, name));
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
