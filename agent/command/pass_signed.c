/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signed specs of one pass: what counts is what the agent's own reader says, in
 * this process, which may wait for it.
 */
#include "agent/command/pass.h"

#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/read/scan.h"
#include "agent/sign/accepted.h"
#include "kernel/compat.h"

/* How long it is waited for files that are being written. */
#define PATIENCE_MS 15000

struct recording {
	const struct paths *paths;
	struct error err;
	bool asked;
};

static int
record(void *arg, unsigned type, const void *data, size_t len)
{
	struct recording *c = arg;

	(void)type;
	c->asked = true;
	compat_hide_memory();
	return accepted_keep(c->paths, data, len, &c->err);
}

static int
by_name(const void *a, const void *b)
{
	const struct spec *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
drop(struct spec_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->spec[i]->name, name) == 0) {
			spec_free(set->spec[i]);
			set->spec[i] = set->spec[--set->count];
			return;
		}
}

/* A scan says what is new since the one before. */
static int
take_specs(struct spec_set *set, struct scan *s)
{
	size_t more = s->changed_count + s->moved_count;
	bool first = set->count == 0;
	struct spec **grown = realloc(set->spec,
	    (set->count + more + 1) * sizeof *grown);

	if (grown == NULL)
		return -1;
	set->spec = grown;
	for (size_t i = 0; i < s->gone.count; i++)
		drop(set, s->gone.text[i]);
	for (size_t i = 0; i < more; i++) {
		struct spec **from = i < s->changed_count ? &s->changed[i] :
		    &s->moved[i - s->changed_count];

		if (!first)
			drop(set, (*from)->name);
		set->spec[set->count++] = *from;
		*from = NULL;
	}
	qsort(set->spec, set->count, sizeof *set->spec, by_name);
	return 0;
}

/* What counts of each file. */
static int
take_files(struct spec_set *set, const struct files *files)
{
	int rc = 0;

	for (size_t i = 0; i < files->count && rc == 0; i++)
		if (files->file[i].good != NULL)
			rc = spec_set_add_file(set, files->file[i].path,
			    files->file[i].good->digest);
	return rc;
}

/* One scan; 1 with *ms when another has to follow. */
static int
scan_once(struct reader *r, struct pass *p, unsigned *ms, struct error *err)
{
	unsigned char *answer;
	struct scan *s = &p->scan;
	size_t len;
	int rc;

	if (reader_scan(r, &answer, &len) != 0)
		return error_sys(err, ENOMEM, "specs");
	scan_free(s);
	rc = scan_decode(answer, len, s, err);
	sodium_memzero(answer, len);
	free(answer);
	scan_forget_secrets(s);
	if (rc != 0)
		return -1;
	if (s->state == SCAN_MISSING)
		return error_set(err, ENOENT, "%s", s->why);
	if (take_specs(&p->specs, s) != 0)
		return error_sys(err, ENOMEM, "specs");
	*ms = s->again_ms;
	return s->again_ms > 0;
}

/* Until nothing is being written, and all that counts is on record. */
static int
settle(struct reader *r, struct pass *p, const struct context *ctx,
    struct error *err)
{
	struct recording c = { .paths = &ctx->paths };
	int64_t until = clock_ms() + PATIENCE_MS;
	bool refused = false;
	unsigned ms = 0;
	int rc;

	for (;;) {
		rc = scan_once(r, p, &ms, err);
		if (rc == -1)
			return -1;
		c.asked = false;
		error_clear(&c.err);
		/* What could not be put on record has its error by the next scan. */
		if (!refused)
			(void)signed_tell(r, record, &c);
		if (c.asked) {
			signed_recorded(r, c.err.text);
			refused = c.err.text[0] != '\0';
		} else if (rc == 0) {
			return 0;
		} else if (clock_ms() >= until) {
			return error_set(err, EBUSY, "its files are being "
			    "written; try again when that has ended");
		} else {
			nanosleep(&(struct timespec){ ms / 1000,
			    ms % 1000 * 1000000L }, NULL);
		}
	}
}

int
pass_load_signed(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err)
{
	const struct reader_options how = { .dir = opt->path,
		.below = opt->below, .trust = true, .peek = !opt->write,
		.public_key = ctx->paths.public_key,
		.key = opt->required->key, .keys = opt->required->keys,
		.accepted = ctx->paths.accepted };
	struct reader r;
	struct stat st;
	int rc;

	if (stat(opt->path, &st) == 0 && !S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "%s: signed specs count as "
		    "their directory has them: name the directory", opt->path);
	/* Breaking a lease sends SIGIO, which would end us. */
	if (signal(SIGIO, SIG_IGN) == SIG_ERR)
		return error_sys(err, errno, "SIGIO");
	if (reader_init(&r, &how, err) != 0)
		return -1;
	rc = settle(&r, p, ctx, err);
	if (rc == 0 && take_files(&p->specs, &r.files) != 0)
		rc = error_sys(err, ENOMEM, "specs");
	reader_finish(&r);
	return rc;
}
