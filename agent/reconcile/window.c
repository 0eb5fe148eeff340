/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file has a line "boot ID", a line "peak COUNT MS", and a line
 * "removed MS MANAGED TOKEN" for each removal, oldest first.
 */
#include "agent/reconcile/window.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)

size_t
window_recent(struct window *w, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		if (now - w->removal[i].at < REMOVAL_WINDOW_MS)
			w->removal[n++] = w->removal[i];
	return w->count = n;
}

static void
append(struct window *w, const struct removal *r)
{
	struct removal *grown = realloc(w->removal,
	    (w->count + 1) * sizeof *grown);

	if (grown == NULL)
		return;
	w->removal = grown;
	w->removal[w->count++] = *r;
}

bool
window_has(const struct window *w, const char *token)
{
	for (size_t i = 0; i < w->count && token[0] != '\0'; i++)
		if (strcmp(w->removal[i].token, token) == 0)
			return true;
	return false;
}

void
window_add(struct window *w, const char *token, size_t managed, int64_t now)
{
	struct removal r = { .at = now, .managed = managed };

	if (window_has(w, token))
		return;
	snprintf(r.token, sizeof r.token, "%s", token);
	append(w, &r);
	w->changed = true;
}

/* One line; what is of no use is not taken. */
static void
load_line(struct window *w, const char *line, int64_t now)
{
	struct removal r = { .at = 0 };
	int64_t at;
	size_t n;
	int token = 0;

	if (sscanf(line, "removed %" SCNd64 " %zu %n", &r.at, &r.managed,
	    &token) == 2 && token > 0 && r.at <= now &&
	    strlen(line + token) < sizeof r.token) {
		memcpy(r.token, line + token, strlen(line + token) + 1);
		append(w, &r);
	} else if (sscanf(line, "peak %zu %" SCNd64, &n, &at) == 2 &&
	    at <= now) {
		w->peak = n;
		w->peak_at = at;
	}
}

void
window_load(struct window *w, const char *file, const char *boot, int64_t now)
{
	struct error err;
	char *text, *rest, *line;
	size_t len;

	memset(w, 0, sizeof *w);
	w->changed = true;
	if (file_read(AT_FDCWD, file, FILE_MAX, &text, &len, &err) != 0)
		return;
	line = strtok_r(text, "\n", &rest);
	if (line != NULL && strncmp(line, "boot ", 5) == 0 &&
	    strcmp(line + 5, boot) == 0)
		while ((line = strtok_r(NULL, "\n", &rest)) != NULL)
			load_line(w, line, now);
	free(text);
}

int
window_save(struct window *w, const char *file, const char *boot,
    struct error *err)
{
	struct buffer b = { .data = NULL };
	int rc;

	if (!w->changed)
		return 0;
	buffer_printf(&b, "boot %s\npeak %zu %" PRId64 "\n", boot, w->peak,
	    w->peak_at);
	for (size_t i = 0; i < w->count; i++)
		buffer_printf(&b, "removed %" PRId64 " %zu %s\n",
		    w->removal[i].at, w->removal[i].managed,
		    w->removal[i].token);
	rc = b.failed ? error_sys(err, ENOMEM, "%s", file) :
	    file_replace(AT_FDCWD, file, b.data, b.len, err);
	buffer_free(&b);
	w->changed = rc != 0;
	return rc == 0 ? 0 : error_wrap(err, "%s", file);
}

void
window_free(struct window *w)
{
	free(w->removal);
	memset(w, 0, sizeof *w);
}
