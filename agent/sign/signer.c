/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that holds the secret key and continues the chain. */
#include "agent/sign/signer_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/channel.h"
#include "agent/base/clock.h"
#include "agent/base/copies.h"
#include "agent/sign/accepted.h"
#include "agent/sign/head.h"
#include "agent/sign/kept.h"
#include "agent/sign/minisign.h"
#include "agent/sign/rotate.h"
#include "agent/sign/signer_state.h"
#include "agent/sign/signer_write.h"
#include "kernel/compat.h"

/* Whether the newest snapshot says this; an unknown revision says nothing. */
static bool
says_nothing_new(const struct signer *s, const struct snapshot *next)
{
	const struct snapshot *w = &s->written;

	return s->newest > 0 && strcmp(w->root, next->root) == 0 &&
	    strcmp(w->host, next->host) == 0 &&
	    strcmp(w->boot, next->boot) == 0 &&
	    strcmp(w->kernel, next->kernel) == 0 &&
	    strcmp(w->set, next->set) == 0 && (next->revision[0] == '\0' ||
	    strcmp(w->revision, next->revision) == 0);
}

static char *
sign_image(const struct signer *s, const unsigned char hash[MINISIGN_HASH],
    struct error *err)
{
	const struct buffer *text = &s->image.text;
	char *comment = snapshot_comment(text->data, text->len, err);
	char *signature = comment == NULL ? NULL : minisign_sign_hash(s->secret,
	    hash, comment, err);

	free(comment);
	return signature;
}

/* Writes what follows the newest one; `next` is taken over. */
static int
write_next(struct signer *s, struct snapshot *next, struct error *err)
{
	const struct buffer *text = &s->image.text;
	char name[SNAPSHOT_NAME_MAX], *signature;
	struct rehash_digests digests;
	int rc = -1;

	if (s->newest == 0)
		memset(s->digest, 0, sizeof s->digest);
	next->sequence = s->newest + 1;
	text_hex(s->digest, sizeof s->digest, next->previous);
	if (image_finish(&s->image, next, &digests, err) == -1)
		return -1;
	if ((signature = sign_image(s, digests.to_sign, err)) != NULL)
		rc = signer_write(s->dir, snapshot_name(next->sequence, name),
		    text->data, text->len, signature, err);
	if (rc == 0) {
		memcpy(s->digest, digests.chain, sizeof s->digest);
		s->newest++;
		head_write(s->options->head, s->newest, s->digest);
		snapshot_free(&s->written);
		s->written = *next;
		memset(next, 0, sizeof *next);
	} else {
		/* What is on the disk now is to be found out. */
		s->ready = false;
	}
	free(signature);
	return rc;
}

/*
 * Opened anew each time: another directory may be there by now, of which nothing
 * that it has counts (kept_adopt).
 */
static int
open_good(const struct signer *s, int *adopted, struct error *err)
{
	const char *good = s->options->good;
	int dir;

	if (good == NULL)
		return error_set(err, ENOENT, "there is no place where the "
		    "last good spec files are kept");
	*adopted = kept_adopt(good, s->options->outdated, err);
	if (*adopted == -1)
		return -1;
	dir = open(good, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir != -1 ? dir : error_sys(err, errno, "%s", good);
}

/* So that the agent tells of all texts again. */
static int
say_adopted(const struct signer *s, struct error *err)
{
	return error_set(err, 0, "%s: is another directory than before: last "
	    "good texts of spec files that it had do not count, and are kept "
	    "anew", s->options->good);
}

/* Beside texts there is what is known of directories (places_kept.c). */
static int
say_not_kept(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || strcmp(slash, "/.") != 0)
		return error_wrap(err, "%s: its last good text is not kept",
		    path);
	return error_wrap(err, "%.*s: what is known of its directories, which "
	    "is kept with last good texts of its files, is not kept",
	    (int)(slash - path), path);
}

static int
keep(struct signer *s, const struct message *m, struct error *err)
{
	const char *path = (const char *)m->data;
	size_t len = strlen(path);
	int dir, rc, adopted = 0;

	if (len >= m->len)
		return error_set(err, EPROTO, "a spec file without a text");
	if ((signer_prepare(s, err) == -1 && s->secret == NULL) ||
	    (dir = open_good(s, &adopted, err)) == -1)
		return say_not_kept(path, err);
	rc = kept_write(dir, s->secret, path, path + len + 1,
	    m->len - len - 1, err);
	close(dir);
	if (rc != 0)
		return say_not_kept(path, err);
	return adopted == 1 ? say_adopted(s, err) : 0;
}

/*
 * Its mark stays where that fails, and where a signer of before may still write
 * it: until the agent tells of it again, or another signer takes the lock, it
 * does not count.  Without a number it has been marked before.
 */
static int
forget(struct signer *s, const struct message *m, struct error *err)
{
	const struct signer_options *o = s->options;
	const char *name = (const char *)m->data;
	struct error why;
	int adopted;

	if (!kept_is_name(name))
		return error_set(err, EPROTO, "no name of a kept file");
	(void)signer_prepare(s, &why);
	if ((adopted = kept_adopt(o->good, o->outdated, err)) == -1)
		error_wrap(err, "the last good text of a spec file cannot be "
		    "removed");
	else if (o->good != NULL && kept_forget(o->good, name) == -1)
		error_sys(err, errno, "%s/%s: the last good text of a spec "
		    "file cannot be removed", o->good, name);
	else if (o->outdated == NULL || (o->lock != NULL && s->lock == -1) ||
	    (kept_unmark(o->outdated, name, m->number) == 0 &&
	    kept_unmark_noted(o->outdated, name, &s->left) == 0))
		return adopted == 1 ? say_adopted(s, err) : 0;
	else
		error_sys(err, errno, "%s/%s: this mark cannot be removed, so "
		    "the last good text of a spec file does not count",
		    o->outdated, name);
	if (m->number != 0)
		(void)kept_note(&s->left, name, m->number);
	return -1;
}

/* What the reader has to say of files; well is not answered. */
static int
answer_reader(struct signer *s, int fd, const struct message *m)
{
	struct error err;

	error_clear(&err);
	if ((m->type == SIGNER_KEEP ? keep : forget)(s, m, &err) == 0)
		return 0;
	return channel_write(fd, SIGNER_NOT_KEPT, 0, err.text,
	    strlen(err.text));
}

/* The state directory is opened anew each time: it may have been lost. */
static int
record(struct signer *s, const struct message *m, struct error *err)
{
	int dir, rc;

	(void)signer_prepare(s, err);
	if (s->secret == NULL)
		return -1;
	if (s->options->state == NULL)
		return error_set(err, EPROTO, "there is no place for it");
	dir = open(s->options->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return error_sys(err, errno, "%s", s->options->state);
	rc = accepted_write(dir, s->secret, (const char *)m->data, m->len,
	    err);
	if (rc == -1)
		error_wrap(err, "%s", s->options->state);
	close(dir);
	return rc;
}

static int
answer_record(struct signer *s, int fd, const struct message *m)
{
	struct error err;

	error_clear(&err);
	if (record(s, m, &err) == 0)
		err.text[0] = '\0';
	return channel_write(fd, SIGNER_RECORDED, m->number, err.text,
	    strlen(err.text));
}

static void
answer_text(struct signer_answer *a, const struct error *err)
{
	snprintf(a->text, sizeof a->text, "%.*s", (int)sizeof a->text - 1,
	    err->text);
}

/*
 * The order is that of the numbers, whatever the clock says; but it is said, as
 * long as it is so.
 */
static void
check_clock(const struct signer *s, int64_t now, struct signer_answer *a)
{
	time_t latest = (time_t)s->taken;
	char text[32] = "";
	struct tm tm;

	if (now < s->taken && gmtime_r(&latest, &tm) != NULL &&
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0)
		snprintf(a->text, sizeof a->text, "the clock has gone back: "
		    "what is signed now seems older than a snapshot of %s",
		    text);
}

/* Which key is in force behind that is what the disk says, also after errors. */
static int
rotate(struct signer *s, struct error *err)
{
	struct minisign_public before;
	struct error later;
	int rc;

	if (signer_prepare(s, err) == -1)
		return -1;
	if (s->newest == 0)
		memset(s->digest, 0, sizeof s->digest);
	before = s->pub;
	rc = rotate_key(s->options, s->dir, s->secret, s->newest, s->digest,
	    err);
	minisign_secret_free(s->secret);
	s->secret = NULL;
	s->ready = false;
	if (signer_read_keys(s, rc == 0 ? err : &later) == -1)
		return -1;
	return memcmp(&before, &s->pub, sizeof before) != 0 ? 0 : -1;
}

static int
answer_rotate(struct signer *s, int fd, const struct message *m)
{
	char line[MINISIGN_PUBLIC_LINE];
	struct error err;
	bool done = rotate(s, &err) == 0;
	const char *text = done ? minisign_public_line(&s->pub, line) :
	    err.text;
	char said[512];

	signer_key_text(s, false, said, sizeof said);
	if (done && said[0] != '\0' && channel_write(fd, SIGNER_READY, 0,
	    said, strlen(said)) == -1)
		return -1;
	return channel_write(fd, done ? SIGNER_ROTATED : SIGNER_NOT_ROTATED,
	    m->number, text, strlen(text));
}

/* Without a word in the answer all is well. */
static int
write_and_retain(struct signer *s, struct snapshot *next,
    struct signer_answer *a, struct error *err)
{
	if (signer_prepare(s, err) == -1 ||
	    image_root(&s->image, next->root, err) == -1)
		return -1;
	check_clock(s, next->taken, a);
	if (says_nothing_new(s, next))
		return 0;
	if (write_next(s, next, err) == -1)
		return -1;
	if (s->written.taken > s->taken)
		s->taken = s->written.taken;
	if (signer_retain(s->dir, s->secret, &s->keys, s->options->keep,
	    &s->first, s->newest, err) == -1)
		answer_text(a, err);
	return 0;
}

/* What was applied may be another spec, or none; well is not answered. */
static int
copy_applied(struct signer *s, int fd, enum copies_what what, const char *name)
{
	const struct signer_options *o = s->options;
	struct error err;

	if (o->applied == NULL ||
	    copies_do(what, o->applied, o->copies, name, &err) == 0)
		return 0;
	for (size_t i = 0; i < s->uncopied.count; i++)
		if (strcmp(s->uncopied.text[i], name) == 0)
			return 0; /* it was said */
	if (what == COPIES_MAKE && text_list_add(&s->uncopied, name) != 0)
		return -1;
	error_wrap(&err, "the copy of an applied spec");
	return channel_write(fd, SIGNER_NOT_KEPT, 1, err.text,
	    strlen(err.text));
}

/* Those that could not be made, as on a full disk; -1: it cannot go on. */
static int
copy_again(struct signer *s, int fd)
{
	struct text_list again = s->uncopied;
	int rc = 0;

	memset(&s->uncopied, 0, sizeof s->uncopied);
	for (size_t i = 0; rc == 0 && i < again.count; i++)
		rc = copy_applied(s, fd, COPIES_MAKE, again.text[i]);
	text_list_free(&again);
	return rc;
}

static int
answer_write(struct signer *s, int fd, const struct message *m)
{
	struct signer_answer a;
	struct snapshot next;
	struct error err;

	if (copy_again(s, fd) == -1)
		return -1;
	memset(&a, 0, sizeof a);
	if (signer_heading_decode(m->data, m->len, &next, &err) == -1 ||
	    write_and_retain(s, &next, &a, &err) == -1) {
		a.sequence = -1;
		answer_text(&a, &err);
	} else {
		a.sequence = (int64_t)s->newest;
		memcpy(a.digest, s->digest, sizeof a.digest);
	}
	snapshot_free(&next);
	return channel_write(fd, SIGNER_DONE, m->number, &a, sizeof a);
}

/* Who cannot take in a jail ends, so that no state is signed without it. */
static int
take_jail(struct signer *s, int fd, const struct message *m)
{
	struct bytes_in b = { .data = m->data, .len = m->len };
	char *name = get_text(&b);
	const unsigned char *json;
	enum copies_what copy;
	merkle_hash leaf;
	size_t len;
	int rc;

	json = get_block(&b, &len);
	get_raw(&b, leaf, sizeof leaf);
	copy = (enum copies_what)get_number(&b);
	rc = b.failed || b.len > 0 || name == NULL ? -1 :
	    image_put(&s->image, name, len == 0 ? NULL : (const char *)json,
	    len, leaf, NULL);
	if (rc == 0)
		rc = copy_applied(s, fd, copy, name);
	free(name);
	return rc;
}

static int
forget_jails(struct signer *s, int fd, const struct message *m)
{
	(void)fd;
	(void)m;
	image_clear(&s->image);
	return 0;
}

static int
answer_nonsense(int fd, const struct message *m)
{
	struct signer_answer a;

	memset(&a, 0, sizeof a);
	a.sequence = -1;
	snprintf(a.text, sizeof a.text, "the signer was asked for something "
	    "that it does not know");
	return channel_write(fd, SIGNER_DONE, m->number, &a, sizeof a);
}

/* What it can be told or asked; -1: it cannot go on, or nobody is there. */
static const struct {
	unsigned type;
	bool awaited; /* not done for who is not there any more */
	int (*answer)(struct signer *s, int fd, const struct message *m);
} questions[] = {
	{ SIGNER_JAIL, false, take_jail },
	{ SIGNER_FORGET_JAILS, false, forget_jails },
	{ SIGNER_WRITE, true, answer_write },
	{ SIGNER_KEEP, false, answer_reader },
	{ SIGNER_FORGET, false, answer_reader },
	{ SIGNER_RECORD, true, answer_record },
	{ SIGNER_ROTATE, true, answer_rotate },
};

static int
answer_any(struct signer *s, int fd, const struct message *m, bool alone)
{
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		if (questions[i].type == m->type)
			return alone && questions[i].awaited ? 0 :
			    questions[i].answer(s, fd, m);
	return answer_nonsense(fd, m);
}

/* The key before anybody asks. */
static int
say_ready(struct signer *s, int fd)
{
	char text[2 * ERROR_TEXT_MAX];
	struct error err;
	bool good = signer_prepare(s, &err) == 0;

	if (good)
		signer_key_text(s, s->made, text, sizeof text);
	else
		snprintf(text, sizeof text, "%s", err.text);
	return channel_write(fd, SIGNER_READY, !good, text, strlen(text));
}

int
signer_body(int fd, void *arg)
{
	struct signer s = { .options = arg, .dir = -1, .lock = -1,
		 .wait = clock_ms() + SIGNER_WAIT_MS };
	struct message m;
	bool alone = false;
	int more;

	compat_hide_memory();
	if (say_ready(&s, fd) == -1)
		return 1;
	while ((more = channel_read(fd, &m, NULL)) == 1) {
		errno = 0;
		more = answer_any(&s, fd, &m, alone);
		/* What an agent that was killed has told is noted to the end. */
		alone |= more == -1 && (errno == EPIPE || errno == ECONNRESET);
		free(m.data);
		if (more == -1 && !alone)
			break;
	}
	minisign_secret_free(s.secret);
	keychain_free(&s.keys);
	snapshot_free(&s.written);
	image_free(&s.image);
	text_list_free(&s.uncopied);
	text_list_free(&s.left);
	if (s.dir != -1)
		close(s.dir);
	if (s.lock != -1)
		close(s.lock);
	return more == 0 ? 0 : 1;
}
