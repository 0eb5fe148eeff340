/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories as text: a line for each, with inode number, time at which it was
 * made (seconds, nanoseconds), an `m` for each mount on the way to it (`-`: none),
 * and its name.  Numbers of devices are left out: they are others after a boot.
 * Before them is where the watched one is, when all links are followed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/read/scan_kept.h"
#include "agent/sign/kept.h"

void
places_write(const struct places *p, struct buffer *b)
{
	if (p->real != NULL && strchr(p->real, '\n') == NULL)
		buffer_printf(b, "%s\n", p->real);
	for (size_t i = 0; i < p->count; i++) {
		const struct place *q = &p->place[i];

		/* Files in one with such a name are refused anyway. */
		if (q->origin.ino == 0 || strchr(q->name, '\n') != NULL)
			continue;
		buffer_printf(b, "%ju %jd %ld ", (uintmax_t)q->origin.ino,
		    (intmax_t)q->origin.born.tv_sec,
		    (long)q->origin.born.tv_nsec);
		for (unsigned n = 0; n < q->mounted; n++)
			buffer_printf(b, "m");
		buffer_printf(b, "%s %s\n", q->mounted == 0 ? "-" : "",
		    q->name);
	}
}

/* Takes a line apart; the name is to be freed.  Returns 0, -1. */
static int
read_line(struct place *q, const char *line, size_t len)
{
	char *at;

	memset(q, 0, sizeof *q);
	q->recalled = true;
	q->origin.ino = (ino_t)strtoumax(line, &at, 10);
	q->origin.born.tv_sec = (time_t)strtoimax(at, &at, 10);
	q->origin.born.tv_nsec = strtol(at, &at, 10);
	if (q->origin.ino == 0 || at > line + len || *at++ != ' ')
		return -1;
	q->mounted = (unsigned)strspn(at, "m");
	at += q->mounted;
	if ((q->mounted == 0 && *at++ != '-') || *at++ != ' ')
		return -1;
	q->name = strndup(at, (size_t)(line + len - at));
	return q->name != NULL ? 0 : -1;
}

void
places_read(struct places *p, const char *text)
{
	size_t lines = 0;
	const char *real = text;

	for (const char *s = text; (s = strchr(s, '\n')) != NULL; s++)
		lines++;
	p->place = calloc(lines + 1, sizeof *p->place);
	if (p->place == NULL)
		return;
	if (*real == '/' && lines > 0) {
		text = strchr(real, '\n') + 1;
		p->real = strndup(real, (size_t)(text - 1 - real));
	}
	for (const char *end; (end = strchr(text, '\n')) != NULL;
	    text = end + 1) {
		struct place *q = &p->place[p->count];

		if (read_line(q, text, (size_t)(end - text)) != 0 ||
		    (p->count > 0 && strcmp(q[-1].name, q->name) >= 0)) {
			free(q->name);
			places_finish(p);
			return;
		}
		p->count++;
	}
}

void
places_forget(struct places *p)
{
	for (size_t i = 0; i < p->count; i++)
		p->place[i].recalled = false;
}

/* The name under which they are kept: that of no spec file. */
char *
kept_places_path(const struct reader *r)
{
	struct buffer b = { .data = NULL };

	buffer_printf(&b, "%s/.", r->dir);
	return buffer_take(&b, NULL);
}

static void
forget_below(struct places *p)
{
	size_t first = p->count > 0 && p->place[0].name[0] == '\0';

	while (p->count > first)
		free(p->place[--p->count].name);
}

void
kept_places_recall(struct reader *r)
{
	char *path, *text;
	struct error err;
	size_t len;

	if (r->opt->good == NULL || kept_strange(r->opt->good,
	    r->opt->outdated) || (path = kept_places_path(r)) == NULL)
		return;
	/* What does not verify is as good as nothing. */
	if (kept_read(r->opt->good, r->opt->public_key, path, &text, &len,
	    &err) == 0) {
		places_read(&r->places, text);
		/* Those below are another agent's that looked there. */
		if (!r->opt->below)
			forget_below(&r->places);
		r->places_told = text;
	}
	free(path);
}

int
kept_places_tell(struct reader *r, kept_send_fn *send, void *arg)
{
	char *path = kept_places_path(r);
	struct buffer b = { .data = NULL };
	size_t head;
	int rc = 0;

	if (path == NULL)
		return -1;
	head = strlen(path) + 1;
	buffer_add(&b, path, head);
	places_write(&r->places, &b);
	buffer_add(&b, "", 1);
	if (b.failed) {
		rc = -1;
	} else if (r->places_told == NULL ||
	    strcmp(r->places_told, b.data + head) != 0) {
		free(r->places_told);
		r->places_told = strdup(b.data + head);
		rc = send(arg, READER_KEEP, b.data, b.len - 1);
	}
	buffer_free(&b);
	free(path);
	return rc;
}
