/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/secret.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/trust.h"
#include "specs/text.h"

#define OTHERS (S_IRWXG | S_IRWXO)

void
secret_wipe(struct secret *s)
{
	if (s->value != NULL)
		sodium_memzero(s->value, strlen(s->value));
	free(s->value);
	s->value = NULL;
}

void
secret_finish(struct secret *s)
{
	secret_wipe(s);
	free(s->real);
	free(s->problem);
}

static int
check_file(const char *file, const struct stat *st, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, EINVAL, "%s is not a regular file",
		    file);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return error_set(err, EPERM, "%s belongs to user %ld, who "
		    "could change it; use: chown %ld %s", file,
		    (long)st->st_uid, (long)geteuid(), file);
	if ((st->st_mode & OTHERS) != 0)
		return error_set(err, EPERM, "%s has mode %04o: a secret must "
		    "be closed to everybody else; use: chmod 600 %s", file,
		    (unsigned)st->st_mode & 07777, file);
	if (st->st_size > SECRET_MAX)
		return error_set(err, EFBIG, "%s has more than %d bytes", file,
		    SECRET_MAX);
	return 0;
}

/* Takes the text over; a newline at its end is the editor's. */
static int
take(const char *file, char *text, size_t len, struct secret *s,
    struct error *err)
{
	if (len > 0 && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	if (len == 0)
		return error_set(err, EINVAL, "%s is empty", file);
	if (memchr(text, '\0', len) != NULL || utf8_prefix(text, len) != len)
		return error_set(err, EINVAL, "%s holds bytes that are no "
		    "UTF-8 text; write it as base64, say", file);
	s->value = strdup(text);
	return s->value != NULL ? 0 : error_sys(err, ENOMEM, "%s", file);
}

/* Returns SECRET_NEW with a value, SECRET_WRITTEN, -1 with err. */
static int
read_quiet(const char *file, int fd, const struct quiet *q, bool wait,
    struct secret *s, struct error *err)
{
	size_t len = (size_t)s->id.size;
	struct file_id after = s->id;
	char *text = malloc(len + 1);
	bool leased = false, whole;
	struct stat st;
	int rc = SECRET_WRITTEN;

	if (text == NULL)
		return error_sys(err, ENOMEM, "%s", file);
	if (!wait || quiet_is(fd, q, &leased)) {
		whole = quiet_read(fd, text, len) && fstat(fd, &st) == 0;
		if (whole)
			id_set(&after, &st);
		if (whole && id_same(&after, &s->id))
			rc = take(file, text, len, s, err) == 0 ? SECRET_NEW :
			    -1;
		quiet_end(fd, leased);
	}
	sodium_memzero(text, len + 1);
	free(text);
	return rc;
}

/* The same with a file that is open. */
static int
look_open(const char *file, int fd, const struct secret *old, bool wait,
    struct secret *s, struct error *err)
{
	struct quiet q = { .id = &s->id };
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_sys(err, errno, "%s", file);
	id_set(&s->id, &st);
	s->since_ms = monotonic_ms();
	if (old != NULL && id_same(&old->id, &s->id)) {
		if (!old->racy && old->whole && strcmp(old->real, s->real) == 0)
			return SECRET_SAME;
		s->since_ms = old->since_ms;
	}
	s->racy = id_racy(&s->id);
	if (check_file(file, &st, err) != 0)
		return -1;
	q.before = old != NULL ? old->id.ino : 0;
	q.since_ms = s->since_ms;
	return read_quiet(file, fd, &q, wait, s, err);
}

/*
 * The way to the file was found free of others' hands, so what is opened at
 * its end is what was found; a link put there meanwhile is refused.
 */
static int
look(const char *file, const struct secret *old, bool wait, struct secret *s,
    struct error *err)
{
	char real[PATH_MAX];
	int fd, rc;

	if (trust_path("/", file, true, real, err) != 0)
		return -1;
	s->real = strdup(real);
	if (s->real == NULL)
		return error_sys(err, ENOMEM, "%s", file);
	fd = open(s->real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	if (fd == -1)
		return error_sys(err, errno, "%s", file);
	rc = look_open(file, fd, old, wait, s, err);
	close(fd);
	return rc;
}

enum secret_look
secret_look(const char *file, const struct secret *old, bool wait,
    struct secret *s)
{
	struct error err;
	int rc;

	memset(s, 0, sizeof *s);
	error_clear(&err);
	rc = look(file, old, wait, s, &err);
	s->whole = rc == SECRET_NEW;
	if (rc == -1) {
		s->problem = strdup(err.text);
		rc = old != NULL && old->problem != NULL &&
		    s->problem != NULL && strcmp(old->problem,
		    s->problem) == 0 ? SECRET_SAME : SECRET_NEW;
	}
	if (rc == SECRET_SAME)
		secret_finish(s);
	return (enum secret_look)rc;
}
