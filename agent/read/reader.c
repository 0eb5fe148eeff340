/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/reader.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/channel.h"
#include "agent/read/revision.h"
#include "agent/read/scan_kept.h"
#include "kernel/compat.h"
#include "kernel/confine.h"

#define NEVER_ENDS_MS 1000

/* Whether a component of the path is ".." (it may follow a link). */
static bool
goes_up(const char *path)
{
	for (const char *s = path; (s = strstr(s, "..")) != NULL; s += 2)
		if ((s == path || s[-1] == '/') &&
		    (s[2] == '\0' || s[2] == '/'))
			return true;
	return false;
}

/* Drops empty and "." components in place. */
static void
normalise(char *path)
{
	char *to = path;

	for (char *from = path; *from != '\0';) {
		size_t len;

		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (len > 0 && !(len == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

int
set_name(const char *dir, char *buf, struct error *err)
{
	char text[PATH_MAX] = "";
	size_t len = 0;

	if (goes_up(dir) && realpath(dir, buf) != NULL)
		return 0;
	if (dir[0] != '/') {
		if (getcwd(text, sizeof text) == NULL)
			return error_sys(err, errno, "current directory");
		len = strlen(text);
	}
	if (len + strlen(dir) + 3 > sizeof text)
		return error_sys(err, ENAMETOOLONG, "directory %.100s...",
		    dir);
	text[len] = '/';
	memcpy(text + len + 1, dir, strlen(dir) + 1);
	normalise(text);
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

int
reader_init(struct reader *r, const struct reader_options *opt,
    struct error *err)
{
	static const struct spec_errors none;

	memset(r, 0, sizeof *r);
	r->opt = opt;
	if (sodium_init() < 0)
		return error_set(err, ENOTSUP, "libsodium cannot be used");
	if (set_name(opt->dir, r->dir, err) != 0)
		return -1;
	if (scan_encode_facts(r, &none) != 0 || (opt->keys > 0 &&
	    (r->signs = calloc(1, sizeof *r->signs)) == NULL))
		return error_sys(err, ENOMEM, "reader");
	kept_places_recall(r);
	return 0;
}

void
reader_finish(struct reader *r)
{
	files_finish(&r->files);
	files_finish(&r->pending);
	files_finish(&r->away);
	free(r->away_doc);
	places_finish(&r->places);
	free(r->places_told);
	for (size_t i = 0; i < r->sent_count; i++) {
		free(r->sent[i].name);
		free(r->sent[i].file);
		text_list_free(&r->sent[i].secrets);
	}
	free(r->sent);
	secrets_finish(r);
	text_list_free(&r->forgotten);
	text_list_free(&r->outdated);
	text_list_free(&r->awaited);
	text_list_free(&r->passed.of);
	text_list_free(&r->passed.before);
	free(r->git_problem);
	git_specs_free(&r->commit);
	signed_finish(r);
	watch_free(r->watch);
	free(r->facts);
}

static uint32_t
behind(const struct reader *r)
{
	long long ms = r->look_ms - r->known_ms;

	return !r->looked || r->known_ms == 0 || ms >= SCAN_NEVER ?
	    SCAN_NEVER : (uint32_t)ms;
}

int
reader_scan(struct reader *r, unsigned char **answer, size_t *len)
{
	struct answer a = { .state = SCAN_OK };
	struct bytes_out secrets = { 0 };
	struct changes ch = { 0 };
	struct git before;
	static const struct spec_errors none;
	struct error err;
	bool changed = false, withheld = r->withheld;
	int rc = 0;

	r->look_ms = monotonic_ms();
	r->looked = false;
	if (kept_look(r) != 0)
		return -1;
	revision_begin(r, &before);
	if (scan_look(r, &changed, &a.again_ms, &err) != 0) {
		a.state = SCAN_MISSING;
		a.why = err.text;
	} else if (a.again_ms != 0) {
		a.state = SCAN_UNSETTLED;
	} else if (r->never_ends) {
		a.again_ms = NEVER_ENDS_MS; /* there is no event of its end */
	}
	a.behind_ms = behind(r);
	r->missed = r->watch != NULL && watch_begin(r->watch, r->looked);
	r->missed |= r->watch != NULL && watch_follow(r->watch, &r->places);
	a.accept_helps = r->accept_helps;
	a.replaced = r->replaced && a.state != SCAN_MISSING;
	if (a.replaced)
		r->replaced = false;
	if (r->withheld) {
		rc = scan_encode_facts(r, &none);
	} else if (changed || withheld) {
		rc = scan_merge(r, &ch);
		if (rc == 0)
			rc = scan_encode_facts(r, &ch.errors);
	}
	if (rc == 0) {
		revision_end(r, &before, a.revision, sizeof a.revision);
		a.no_commit = r->no_commit;
		secrets_look(r, &secrets, &a.again_ms);
		if (a.again_ms == 0)
			a.again_ms = kept_due_ms(r);
		rc = scan_encode(r, &a, &ch, &secrets, answer, len);
	}
	if (secrets.data != NULL)
		sodium_memzero(secrets.data, secrets.room);
	free(secrets.data);
	changes_finish(&ch);
	return rc;
}

void
reader_drop(struct reader *r)
{
	for (size_t i = 0; i < r->files.count; i++) {
		struct file *f = &r->files.file[i];

		f->dropped = f->gone;
		for (size_t k = 0; f->gone && k < r->pending.count; k++)
			if (strcmp(r->pending.file[k].name, f->name) == 0)
				r->pending.file[k].dropped = true;
	}
}

static int
send_kept(void *arg, unsigned type, const void *data, size_t len)
{
	return channel_write(*(int *)arg, type, 0, data, len);
}

static void
get_asked(struct bytes_in *b, struct text_list *to)
{
	size_t n = get_count(b, 5);

	text_list_free(to);
	for (size_t i = 0; i < n && !b->failed; i++) {
		char *text = get_text(b);

		if (text == NULL || text_list_add(to, text) != 0)
			b->failed = true;
		free(text);
	}
}

/* What the agent asks for beside what the specs name. */
static int
take_asked(struct reader *r, const struct message *m)
{
	struct bytes_in b = { .data = m->data, .len = m->len };

	if (m->len == 0)
		return 0;
	get_asked(&b, &r->asked);
	get_asked(&b, &r->awaited);
	return b.failed || b.len > 0 ? -1 : 0;
}

static int
serve_unkept(struct reader *r, int fd, bool all)
{
	size_t left;

	if ((all && kept_doubt(r) != 0) ||
	    kept_again(r, send_kept, &fd, &left) != 0)
		return -1;
	return channel_write(fd, READER_UNKEPT, left, NULL, 0);
}

/* Answers one message.  Returns 0, -1 when the channel or memory is gone. */
static int
serve(struct reader *r, int fd, const struct message *m)
{
	unsigned char *answer;
	size_t len;
	int rc;

	if (m->type == READER_WATCH && r->watch != NULL)
		(void)watch_refresh(r->watch);
	if (m->type == READER_ACCEPT) {
		r->seen = false;
		places_forget(&r->places);
	} else if (m->type == READER_RECORDED)
		signed_recorded(r, (const char *)m->data);
	else if (m->type == READER_RESET)
		signed_reset(r);
	else if (m->type == READER_DROP)
		reader_drop(r);
	else if (m->type == READER_UNKEPT)
		return serve_unkept(r, fd, m->number == 1);
	if (m->type != READER_SCAN)
		return 0;
	/* What it tells of up to now is seen by this scan. */
	if (r->watch != NULL)
		(void)watch_drain(r->watch);
	if (take_asked(r, m) != 0 || reader_scan(r, &answer, &len) != 0)
		return -1;
	rc = kept_outdate(r, send_kept, &fd);
	if (rc == 0)
		rc = channel_write(fd, READER_RESULT, m->number, answer, len);
	sodium_memzero(answer, len);
	free(answer);
	if (rc == 0 && r->missed)
		rc = channel_write(fd, READER_HINT, 0, NULL, 0);
	if (rc == 0)
		rc = kept_tell(r, send_kept, &fd);
	return rc == 0 ? signed_tell(r, send_kept, &fd) : rc;
}

/*
 * Waits for a message, and tells of changes meanwhile.  Returns as channel_read
 * does.
 */
static int
next_message(const struct reader *r, int fd, struct message *m,
    struct error *err)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
		{ .fd = r->watch != NULL ? watch_fd(r->watch) : -1,
		.events = POLLIN } };

	for (;;) {
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return error_sys(err, errno, "poll");
		if (p[0].revents != 0)
			return channel_read(fd, m, err);
		if (p[1].revents != 0 && watch_drain(r->watch) &&
		    channel_write(fd, READER_HINT, 0, NULL, 0) != 0)
			return error_sys(err, errno, "hint");
	}
}

int
reader_body(int fd, void *arg)
{
	struct reader r;
	struct message m;
	struct error err;
	int more;

	compat_hide_memory();
	/* Breaking a lease sends SIGIO, which would end us. */
	if (signal(SIGIO, SIG_IGN) == SIG_ERR)
		return 1;
	if (reader_init(&r, arg, &err) != 0 ||
	    helper_confine(HELPER_READER, &err) != 0) {
		fprintf(stderr, "jailagent: reader: %s\n", err.text);
		return 1;
	}
	if (r.opt->watch && (r.watch = watch_new(r.opt->dir)) == NULL)
		return 1;
	while ((more = next_message(&r, fd, &m, &err)) == 1) {
		int rc = serve(&r, fd, &m);

		free(m.data);
		if (rc != 0) {
			more = -1;
			break;
		}
	}
	reader_finish(&r);
	return more == 0 ? 0 : 1;
}
