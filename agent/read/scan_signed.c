/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/signed.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"
#include "agent/read/scan.h"
#include "agent/read/signature.h"

/* What an older record, or none, would let through again. */
static int
read_record(struct reader *r, struct error *err)
{
	struct signed_input *s = r->signs;
	struct error why;
	int rc;

	error_clear(&why);
	rc = accepted_read(r->opt->accepted, r->opt->public_key, &s->accepted,
	    &why);
	s->known = rc == 0;
	if (rc == 0)
		return 0;
	return error_set(err, ENOENT, "no spec counts: %s%s%s, so old signed "
	    "specs could be put back; to begin a new record with those that "
	    "are there: jailagent trust --reset", r->opt->accepted,
	    rc == 1 ? ", the record of what was accepted, is missing" : ": ",
	    rc == 1 ? "" : why.text);
}

/* Reads NAME.minisig and verifies the text with it. */
static int
verify(const struct reader *r, int dirfd, const char *name, const char *text,
    size_t len, uint64_t *number, struct error *err)
{
	char file[PATH_MAX], *sig;
	struct error why;
	size_t sig_len;
	int rc;

	if ((size_t)snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
	    name) >= sizeof file)
		return error_sys(err, ENAMETOOLONG, "its signature");
	error_clear(&why);
	if (file_read(dirfd, file, MINISIGN_FILE_MAX, &sig, &sig_len,
	    &why) != 0)
		return error_set(err, why.code, why.code == ENOENT ?
		    "is not signed: there is no %s%s" :
		    "its signature %s %s", file,
		    why.code == ENOENT ? "" : why.text);
	rc = signature_check(r->opt->key, r->opt->keys, name, text, len, sig,
	    sig_len, number, &why);
	free(sig);
	return rc == 0 ? 0 : error_set(err, why.code, "its signature %s: %s",
	    file, why.text);
}

static void
digest_of(const char *text, size_t len, unsigned char d[ACCEPTED_DIGEST])
{
	crypto_generichash(d, ACCEPTED_DIGEST, (const unsigned char *)text,
	    len, NULL, 0);
}

/*
 * A number beside the one on record: 0 it is that one, 1 it is a newer one, -1
 * with the reason.
 */
static int
compare_number(const struct signed_input *s, const char *path,
    uint64_t number, const unsigned char *digest, struct error *err)
{
	const struct accepted_entry *e = accepted_find(&s->accepted, path);

	if (e == NULL || number > e->number)
		return 1;
	if (number < e->number)
		return error_set(err, ESTALE, "its signature has the number %"
		    PRIu64 ", but %" PRIu64 " was accepted before: an old one "
		    "was put back", number, e->number);
	return memcmp(digest, e->digest, sizeof e->digest) == 0 ? 0 :
	    error_set(err, ESTALE, "its signature has the number %" PRIu64
	    ", which another text had: sign it with a higher one", number);
}

#define LIST_PATH_MAX (PATH_MAX + sizeof MANIFEST_NAME)

static char *
list_path(const struct reader *r, char path[LIST_PATH_MAX])
{
	snprintf(path, LIST_PATH_MAX, "%s/" MANIFEST_NAME, r->dir);
	return path;
}

/* Reads a MANIFEST that there has to be, or may be. */
static int
read_list(const struct reader *r, int dirfd, bool must, struct error *err)
{
	struct signed_input *s = r->signs;
	char path[LIST_PATH_MAX], *text;
	size_t len;
	int rc;

	list_path(r, path);
	if (file_read(dirfd, MANIFEST_NAME, MANIFEST_MAX, &text, &len,
	    err) != 0)
		return err->code != ENOENT ? -1 : !must ? 1 :
		    error_set(err, ENOENT, "is gone, with which specs were "
		    "accepted before");
	rc = verify(r, dirfd, MANIFEST_NAME, text, len, &s->number, err);
	if (rc != 0 && err->code == ENOENT && !must)
		rc = 1; /* a list that nobody signed: each file has to be */
	digest_of(text, len, s->digest);
	if (rc == 0 && compare_number(s, path, s->number, s->digest,
	    err) == -1)
		rc = -1;
	if (rc == 0)
		rc = manifest_parse(text, len, &s->manifest, err);
	free(text);
	return rc;
}

int
signed_begin(struct reader *r, int dirfd, struct error *err)
{
	struct signed_input *s = r->signs;
	struct error why;
	char path[LIST_PATH_MAX];
	int rc;

	if (!s->known && read_record(r, err) != 0)
		return -1;
	accepted_free(&s->news);
	manifest_free(&s->manifest);
	s->list_problem[0] = '\0';
	error_clear(&why);
	rc = read_list(r, dirfd, accepted_find(&s->accepted, list_path(r,
	    path)) != NULL, &why);
	s->listed = rc != 1;
	if (rc == -1)
		snprintf(s->list_problem, sizeof s->list_problem, "%.900s",
		    why.text);
	return 0;
}

static int
listed_file(const struct signed_input *s, const char *name, const char *text,
    size_t len, struct error *err)
{
	unsigned char sha256[MANIFEST_DIGEST];
	const struct manifest_entry *e;

	if (s->list_problem[0] != '\0')
		return 1;
	e = manifest_find(&s->manifest, name);
	manifest_digest(text, len, sha256);
	if (e == NULL)
		return error_set(err, ENOENT, "is not in " MANIFEST_NAME);
	return memcmp(e->sha256, sha256, sizeof sha256) == 0 ? 0 :
	    error_set(err, EINVAL, "is another one than " MANIFEST_NAME
	    " lists");
}

int
signed_file(const struct reader *r, int dirfd, const struct file *f,
    const char *text, size_t len, struct error *err)
{
	struct signed_input *s = r->signs;
	unsigned char digest[ACCEPTED_DIGEST];
	uint64_t number;
	int rc;

	if (s->listed)
		return listed_file(s, f->name, text, len, err);
	if (verify(r, dirfd, f->name, text, len, &number, err) != 0)
		return -1;
	digest_of(text, len, digest);
	rc = compare_number(s, f->path, number, digest, err);
	if (rc != 1 || r->opt->peek)
		return rc == 1 ? 0 : rc;
	if (accepted_set(&s->news, f->path, number, digest) != 0)
		return error_sys(err, ENOMEM, "its number");
	return s->problem[0] == '\0' ? 1 : error_set(err, EIO, "does not count "
	    "before its number %" PRIu64 " is on record: %.700s", number,
	    s->problem);
}

void
signed_identify(int dirfd, const char *name, struct file_id *sig)
{
	char file[PATH_MAX];
	struct stat st;

	memset(sig, 0, sizeof *sig);
	if ((size_t)snprintf(file, sizeof file, "%s" MINISIGN_SUFFIX,
	    name) >= sizeof file || fstatat(dirfd, file, &st, 0) != 0)
		return;
	sig->dev = st.st_dev;
	sig->ino = st.st_ino;
	sig->size = st.st_size;
	sig->mtime = st.st_mtim;
	sig->ctime = st.st_ctim;
}

/*
 * A file that was accepted for itself, too, does not go back by a list: neither
 * its text nor its number.
 */
static int
record_listed(struct signed_input *s, const struct file *f, struct error *err)
{
	const struct accepted_entry *e = accepted_find(&s->accepted, f->path);
	uint64_t number = s->number;

	if (e != NULL && e->number >= number) {
		if (memcmp(e->digest, f->now->digest, sizeof e->digest) != 0)
			return error_set(err, ESTALE, "its signature has the "
			    "number %" PRIu64 ", but %s of number %" PRIu64
			    " was accepted before, with another text: sign it "
			    "with a higher one", number, f->name, e->number);
		number = e->number;
	}
	return accepted_set(&s->news, f->path, number, f->now->digest) == 0 ?
	    0 : error_sys(err, ENOMEM, "its number");
}

int
signed_end(const struct reader *r, const struct files *next, struct error *err)
{
	struct signed_input *s = r->signs;
	char path[LIST_PATH_MAX];
	int rc;

	list_path(r, path);
	rc = compare_number(s, path, s->number, s->digest, err);
	if (rc != 1)
		return rc;
	for (size_t i = 0; i < next->count; i++)
		if (!next->file[i].gone &&
		    record_listed(s, &next->file[i], err) != 0)
			return -1;
	if (r->opt->peek)
		return 0;
	if (accepted_set(&s->news, path, s->number, s->digest) != 0)
		return error_sys(err, ENOMEM, "its number");
	if (s->problem[0] != '\0')
		return error_set(err, EIO, "its number %" PRIu64 " is not on "
		    "record: %.700s", s->number, s->problem);
	error_set(err, EAGAIN, "its number is not on record yet");
	return 1;
}

int
signed_tell(struct reader *r, signed_send_fn *send, void *arg)
{
	struct signed_input *s = r->signs;
	struct accepted all = { 0 };
	char *text = NULL;
	size_t len;
	int rc = 0;

	if (s == NULL || s->asked || !s->known || s->news.count == 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < s->accepted.count; i++)
		rc = accepted_set(&all, s->accepted.entry[i].path,
		    s->accepted.entry[i].number, s->accepted.entry[i].digest);
	for (size_t i = 0; rc == 0 && i < s->news.count; i++)
		rc = accepted_set(&all, s->news.entry[i].path,
		    s->news.entry[i].number, s->news.entry[i].digest);
	if (rc == 0 && (text = accepted_text(&all, &len, NULL)) != NULL) {
		s->asked = true;
		rc = send(arg, READER_RECORD, text, len);
	}
	free(text);
	accepted_free(&all);
	return rc;
}

/* The disk is asked what is on it. */
static void
forget_record(struct signed_input *s)
{
	accepted_free(&s->accepted);
	s->known = false;
	s->asked = false;
}

void
signed_recorded(struct reader *r, const char *problem)
{
	struct signed_input *s = r->signs;

	if (s == NULL)
		return;
	snprintf(s->problem, sizeof s->problem, "%.900s", problem);
	s->asked = false;
	if (problem[0] == '\0')
		forget_record(s);
}

void
signed_reset(struct reader *r)
{
	if (r->signs == NULL)
		return;
	r->signs->resets++;
	r->signs->problem[0] = '\0';
	forget_record(r->signs);
}

void
signed_finish(struct reader *r)
{
	if (r->signs == NULL)
		return;
	accepted_free(&r->signs->accepted);
	accepted_free(&r->signs->news);
	manifest_free(&r->signs->manifest);
	free(r->signs);
}
