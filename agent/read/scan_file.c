/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking at one file: whether it is another one, and what it holds (quiet.h). */
#include "agent/read/scan.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/read/scan_away.h"
#include "agent/read/scan_steps.h"
#include "agent/read/trust.h"
#include "agent/read/words.h"
#include "kernel/birth.h"
#include "specs/tree.h"

#define SIGNATURE_MS 300 /* from a file to its signature, or back */

#define WRITING_MS 10000  /* after which one that is being written is named */

enum outcome { READ_DONE, READ_UNSETTLED, READ_FAILED };

static int problem(struct file *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int
problem(struct file *f, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->problem = strdup(text);
	return READ_FAILED;
}

static void
taken_from(struct file *f, const struct timespec *born)
{
	f->taken.id = f->id;
	f->taken.born = *born;
}

bool
file_unwritten(const struct file *f)
{
	const struct file_id *id = &f->taken.id;

	return f->now != NULL && f->now == f->good && f->writing_ms == 0 &&
	    id->ino == f->id.ino && id->dev == f->id.dev &&
	    id->mtime.tv_sec == f->id.mtime.tv_sec &&
	    id->mtime.tv_nsec == f->id.mtime.tv_nsec &&
	    f->id.size == (off_t)f->now->len;
}

static struct content *
content_made(const struct file *f, const char *text, size_t len,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	struct content *c;

	if (f->good != NULL && memcmp(f->good->digest, digest,
	    SPEC_DIGEST_SIZE) == 0)
		return content_ref(f->good);
	c = content_new(f->path, text, len, digest);
	if (c != NULL && (c->valid || len <= WORDS_MAX) &&
	    (c->text = malloc(len + 1)) != NULL) {
		memcpy(c->text, text, len);
		c->text_len = len;
	}
	return c;
}

/* Takes the text of an open file as what the file holds now. */
static int
take_text(const struct reader *r, struct file *f, const char *text,
    size_t len)
{
	unsigned char digest[SPEC_DIGEST_SIZE];
	bool quiet = quiet_left_ms(f->since_ms) == 0 ||
	    quiet_left_ms(monotonic_ms() - id_age_ms(&f->id)) == 0;
	struct timespec born = { 0 };
	struct content *c;

	(void)file_birth(AT_FDCWD, f->path, &born);
	crypto_generichash(digest, sizeof digest, (const unsigned char *)text,
	    len, NULL, 0);
	if (f->now != NULL && memcmp(f->now->digest, digest,
	    sizeof digest) == 0) {
		f->in_steps = false;
		taken_from(f, &born);
		return READ_DONE;
	}
	f->in_steps = !quiet && steps_go_on(r, f, &born, text, len);
	if (f->in_steps)
		return READ_UNSETTLED;
	c = content_made(f, text, len, digest);
	f->in_steps = c != NULL && !quiet && steps_short(r, f, &born, c);
	if (f->in_steps) {
		content_unref(c);
		return READ_UNSETTLED;
	}
	taken_from(f, &born);
	f->taken.ms = f->since_ms;
	content_unref(f->now);
	f->now = c;
	return READ_DONE;
}

/* Whether the signature counts; the two files arrive one after the other. */
static int
check_signed(const struct reader *r, int dirfd, struct file *f,
    const char *text, size_t len)
{
	struct error err;
	int rc;

	if (r->signs == NULL)
		return READ_DONE;
	error_clear(&err);
	rc = signed_file(r, dirfd, f, text, len, &err);
	if (rc == 0)
		return READ_DONE;
	f->unsigned_yet = rc == 1;
	if (rc == 1 || monotonic_ms() - f->since_ms < SIGNATURE_MS ||
	    (f->sig.ino != 0 && id_age_ms(&f->sig) >= 0 &&
	    id_age_ms(&f->sig) < SIGNATURE_MS))
		return READ_UNSETTLED;
	return problem(f, "%s", err.text);
}

static int
read_settled(const struct reader *r, int dirfd, int fd, struct file *f)
{
	size_t len = (size_t)f->id.size;
	struct file_id after = f->id;
	char *text = malloc(len + 1);
	struct stat st;
	int rc = READ_UNSETTLED;

	if (text == NULL)
		return problem(f, "cannot be read: out of memory");
	if (quiet_read(fd, text, len) && fstat(fd, &st) == 0) {
		id_set(&after, &st);
		if (id_same(&after, &f->id))
			rc = check_signed(r, dirfd, f, text, len);
		else
			rc = READ_UNSETTLED;
		if (rc == READ_DONE)
			rc = take_text(r, f, text, len);
	}
	free(text);
	return rc;
}

static const char *
type_name(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a FIFO" :
	    S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Opens and reads a file of which *st was seen. */
static int
read_file(const struct reader *r, int dirfd, const struct stat *st,
    struct file *f, const struct file *old)
{
	const struct quiet q = { &f->id, old != NULL ? old->id.ino : 0,
		f->since_ms, r->no_leases, r->remote };
	struct error err;
	struct stat now;
	bool leased;
	int fd, rc;

	if (tree_bad_name(f->name) != NULL)
		return problem(f, "%s", tree_bad_name(f->name));
	if (!S_ISREG(st->st_mode))
		return problem(f, "is %s, not a file; use a regular file, or "
		    "another name", type_name(st->st_mode));
	if (r->opt->trust && trust_owner(f->path, st, &err) != 0)
		return problem(f, "%s", err.text);
	if (r->opt->trust && f->id.link_ino != 0 &&
	    trust_path(r->real, f->name, true, NULL, &err) != 0)
		return problem(f, "%s", err.text);
	if (st->st_size > SPEC_FILE_MAX)
		return problem(f, "is larger than %d bytes", SPEC_FILE_MAX);
	fd = openat(dirfd, f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);
	if (fd == -1 && errno == ENOENT)
		return READ_UNSETTLED; /* removed since it was looked at */
	if (fd == -1)
		return problem(f, "cannot be read: %s", strerror(errno));
	rc = READ_UNSETTLED;
	if (fstat(fd, &now) == 0 && now.st_ino == st->st_ino &&
	    now.st_dev == st->st_dev && quiet_is(fd, &q, &leased)) {
		rc = read_settled(r, dirfd, fd, f);
		quiet_end(fd, leased);
	}
	close(fd);
	return rc;
}

/* The directory that a link leads into, 0: its own, or one that is not there. */
static ino_t
link_dir(int dirfd, const char *name)
{
	const char *last = strrchr(name, '/');
	size_t len = last != NULL ? (size_t)(last + 1 - name) : 0;
	char to[2 * PATH_MAX], path[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, path, sizeof path - 1);
	struct stat st;

	if (n <= 0)
		return 0;
	path[n] = '\0';
	(void)snprintf(to, sizeof to, "%.*s%s", path[0] == '/' ? 0 : (int)len,
	    name, path);
	if (strrchr(path, '/') == NULL)
		return 0;
	strrchr(to, '/')[1] = '\0';
	return fstatat(dirfd, to, &st, 0) == 0 ? st.st_ino : 0;
}

/* Fills in st and f->id.  Returns 1, 0 when there is no such file. */
static int
identify(int dirfd, struct file *f, struct stat *st)
{
	if (fstatat(dirfd, f->name, st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return 0;
		problem(f, "cannot be looked at: %s", strerror(errno));
		return 1;
	}
	memset(&f->id, 0, sizeof f->id);
	if (S_ISLNK(st->st_mode)) {
		f->id.link_ino = st->st_ino;
		f->id.link_ctime = st->st_ctim;
		f->id.link_dir = link_dir(dirfd, f->name);
		if (fstatat(dirfd, f->name, st, 0) != 0) {
			problem(f, "is a symbolic link that leads nowhere: %s",
			    strerror(errno));
			return 1;
		}
	}
	id_set(&f->id, st);
	return 1;
}

/* *f begins as what is known of the file. */
static int
inherit(const struct reader *r, const char *name, const struct file *old,
    struct file *f)
{
	size_t len = strlen(r->dir);

	memset(f, 0, sizeof *f);
	f->path = malloc(len + strlen(name) + 2);
	if (f->path == NULL)
		return -1;
	memcpy(f->path, r->dir, len);
	f->path[len] = '/';
	memcpy(f->path + len + 1, name, strlen(name) + 1);
	f->name = f->path + len + 1;
	/* One that is new was not there when all was known. */
	f->known_ms = old == NULL ? r->known_ms :
	    old->problem != NULL ? 0 : old->known_ms;
	if (old == NULL) {
		away_return(r, f);
	} else {
		f->now = content_ref(old->now);
		f->good = content_ref(old->good);
		f->before = content_ref(old->before);
		f->invalid = old->invalid;
		f->stands_in = old->stands_in;
		f->asked = old->asked;
		f->sent = old->sent;
		f->doubted = old->doubted;
		f->in_steps = old->in_steps;
		f->taken = old->taken;
	}
	return 0;
}

int
scan_problem(const struct reader *r, const char *name, const char *why,
    struct file *f)
{
	if (inherit(r, name, NULL, f) != 0)
		return -1;
	problem(f, "%s", why);
	return 1;
}

int
scan_carry(const struct reader *r, const struct file *old, struct file *f)
{
	if (inherit(r, old->name, old, f) != 0)
		return -1;
	f->id = old->id;
	f->sig = old->sig;
	f->resets = old->resets;
	f->since_ms = old->since_ms;
	f->racy = old->racy;
	if (old->problem != NULL)
		problem(f, "%s", old->problem);
	return 0;
}

int
scan_lost(const struct reader *r, const struct file *old,
    const struct place *p, struct file *f)
{
	if (scan_carry(r, old, f) != 0)
		return -1;
	f->lost = true;
	/* As if somebody were writing it: that may be another second's. */
	if (p->gone_ms != 0) {
		f->unsettled = true;
		return 0;
	}
	free(f->problem);
	problem(f, "is gone, since %s/%s is another directory than before and "
	    "holds no spec file, as if it were not mounted; bring its files "
	    "back, or use jailagent ack '*' to take it as it is", r->dir,
	    p->name);
	return 0;
}

/* Who never ends keeps others waiting; that has to be said some time. */
static void
name_writer(const struct reader *r, struct file *f, const struct file *old)
{
	long long now = monotonic_ms();

	f->writing_ms = old != NULL && old->writing_ms != 0 ?
	    old->writing_ms : now;
	if (now - f->writing_ms < WRITING_MS)
		return;
	f->unsettled = false;
	if (f->unsigned_yet)
		problem(f, "does not count before %s, for more than %d s now; "
		    "jailagent status says why", r->signs->listed ?
		    MANIFEST_NAME " does" : "the signer has its number on "
		    "record", WRITING_MS / 1000);
	else if (f->in_steps)
		problem(f, "has been written again and again for more than "
		    "%d s, so it is not used yet; leave it alone for a second, "
		    "or rename a whole file to this name", WRITING_MS / 1000);
	else
		problem(f, "has been open for writing for more than %d s, so "
		    "it is not used yet; end the program that writes it (fuser "
		    "-v shows it)", WRITING_MS / 1000);
}

/*
 * When we first saw it so.  Only what is there before we look at anything was so
 * for as long as its times say: our clock may be set, or be another one's.
 */
static long long
seen_since(const struct reader *r, const struct file_id *id)
{
	long long age = r->begun_ms == 0 ? id_age_ms(id) : 0;

	return monotonic_ms() - (age > 0 ? age : 0);
}

int
scan_file(const struct reader *r, int dirfd, const char *name,
    const struct file *old, struct file *f)
{
	struct stat st;

	if (inherit(r, name, old, f) != 0)
		return -1;
	if (identify(dirfd, f, &st) == 0) {
		file_finish(f);
		return 0;
	}
	if (f->problem != NULL)
		return 1;
	if (r->signs != NULL) {
		signed_identify(dirfd, name, &f->sig);
		f->resets = r->signs->resets;
	}
	f->since_ms = old != NULL && id_same(&old->id, &f->id) ?
	    old->since_ms : seen_since(r, &f->id);
	if (old != NULL && old->now != NULL && old->problem == NULL &&
	    !old->unsettled && !old->racy && id_same(&old->id, &f->id) &&
	    id_same(&old->sig, &f->sig) && old->resets == f->resets)
		return 1;
	f->racy = id_racy(&f->id);
	f->unsettled = read_file(r, dirfd, &st, f, old) == READ_UNSETTLED;
	if (f->unsettled)
		name_writer(r, f, old);
	return 1;
}
