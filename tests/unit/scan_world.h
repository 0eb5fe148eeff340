/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of specs, its reader, and what the last scan said. */
#ifndef TEST_SCAN_WORLD_H
#define TEST_SCAN_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include <sodium.h>

#include "agent/read/manifest.h"
#include "agent/read/scan.h"
#include "temp_dir.h"

struct world {
	struct temp_dir top;
	struct reader_options opt;
	struct reader r;
	struct scan s; /* the last answer */
};

static inline int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct error err;

	if (w == NULL)
		return -1;
	signal(SIGIO, SIG_IGN);
	umask(022);
	temp_dir_make(&w->top);
	w->opt.dir = strdup(temp_file(&w->top, "specs"));
	w->opt.trust = true;
	if (mkdir(w->opt.dir, 0755) != 0 ||
	    reader_init(&w->r, &w->opt, &err) != 0)
		return -1;
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	struct world *w = *state;

	scan_free(&w->s);
	reader_finish(&w->r);
	free((char *)w->opt.dir);
	temp_dir_remove(&w->top);
	free(w);
	return 0;
}

static inline const char *
spec_path(const struct world *w, const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", w->opt.dir, name);
	return p;
}

/* Makes `link` lead elsewhere in one step, whatever it was. */
static inline void
lead(const struct world *w, const char *link, const char *to)
{
	assert_int_equal(symlink(to, temp_file(&w->top, "next")), 0);
	assert_int_equal(rename(temp_file(&w->top, "next"), link), 0);
}

/* As most programs save: into another file, which is renamed. */
static inline void
write_text(const struct world *w, const char *name, const char *text)
{
	struct timespec old[2] = { { .tv_nsec = UTIME_OMIT } };

	temp_write(temp_file(&w->top, "saved"), 0644, text, strlen(text));
	/* The clock's next tick may take milliseconds. */
	clock_gettime(CLOCK_REALTIME, &old[1]);
	old[1].tv_sec--;
	assert_int_equal(utimensat(AT_FDCWD, temp_file(&w->top, "saved"), old,
	    0), 0);
	assert_int_equal(rename(temp_file(&w->top, "saved"),
	    spec_path(w, name)), 0);
}

/* Opened, written and closed; `mode` as for fopen(3). */
static inline void
write_in_place(const struct world *w, const char *name, const char *mode,
    const char *text)
{
	FILE *f = fopen(spec_path(w, name), mode);

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* A jail as a document; `host` makes versions of it. */
static inline void
write_jail(const struct world *w, const char *file, const char *name,
    const char *host)
{
	char text[256];

	snprintf(text, sizeof text, "name: %s\npath: /\npersist: true\n"
	    "host.hostname: %s\n", name, host);
	write_text(w, file, text);
}

/* What sha256sum(1) prints for these files, NULL at the end. */
static inline void
write_manifest(const struct world *w, const char *const *name)
{
	char text[4096] = "";

	for (; *name != NULL; name++) {
		unsigned char sha256[MANIFEST_DIGEST];
		char hex[2 * MANIFEST_DIGEST + 1], *data;
		size_t len, at = strlen(text);

		data = temp_read(spec_path(w, *name), &len);
		manifest_digest(data, len, sha256);
		free(data);
		sodium_bin2hex(hex, sizeof hex, sha256, sizeof sha256);
		snprintf(text + at, sizeof text - at, "%s  %s\n", hex, *name);
	}
	write_text(w, MANIFEST_NAME, text);
}

/* What was read until now is not read just now any more. */
static inline void
time_passes(struct world *w)
{
	for (size_t i = 0; i < w->r.files.count; i++)
		w->r.files.file[i].taken.ms -= 1000;
}

static inline void
scan(struct world *w)
{
	unsigned char *data;
	size_t len;
	struct error err;

	scan_free(&w->s);
	assert_int_equal(reader_scan(&w->r, &data, &len), 0);
	if (scan_decode(data, len, &w->s, &err) != 0)
		fail_msg("%s", err.text);
	free(data);
}

/* The last answer had these changes: "+NAME" new or changed, "-NAME" gone. */
static inline void
expect(const struct world *w, enum scan_state state, const char *changes)
{
	char got[1024] = "";

	for (size_t i = 0; i < w->s.changed_count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "+%s ",
		    w->s.changed[i]->name);
	for (size_t i = 0; i < w->s.gone.count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "-%s ",
		    w->s.gone.text[i]);
	if (w->s.why != NULL && state != SCAN_MISSING)
		fail_msg("%s", w->s.why);
	assert_string_equal(got, changes);
	assert_int_equal(w->s.state, state);
}

static inline const struct scan_file *
file_of(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->s.file_count; i++)
		if (strcmp(w->s.file[i].path, spec_path(w, name)) == 0)
			return &w->s.file[i];
	fail_msg("%s is not in the answer", name);
	return NULL;
}

/* Whether some error names the file and contains the text. */
static inline void
expect_error(const struct world *w, const char *name, const char *text)
{
	for (size_t i = 0; i < w->s.errors.count; i++) {
		const struct spec_error *e = &w->s.errors.error[i];

		if (e->place.file != NULL && !e->warning &&
		    strcmp(e->place.file, spec_path(w, name)) == 0 &&
		    strstr(e->message, text) != NULL)
			return;
	}
	for (size_t i = 0; i < w->s.errors.count; i++)
		print_message("error: %s: %s\n",
		    w->s.errors.error[i].place.file,
		    w->s.errors.error[i].message);
	fail_msg("no error of %s with \"%s\"", name, text);
}

#endif
