/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Last good texts of an agent, which is not there, when its jails are given
 * something else: they must not come back when the next one meets a broken file,
 * and what takes their place is kept instead.  All else is left to the agent: a
 * text that nothing was applied in place of is what its jails are from, whether its
 * file is broken, gone, or not looked at.
 */
#include "agent/command/pass.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/clock.h"
#include "agent/base/file.h"
#include "agent/base/sorted.h"
#include "agent/read/content.h"
#include "agent/read/trust.h"
#include "agent/sign/kept.h"
#include "agent/sign/signer.h"
#include "specs/doc.h"

struct outdating {
	struct pass *p;
	const struct pass_options *opt;
	const char *good, *marks;
	bool directory; /* that is applied, not one file */
	bool gives;	/* some jail is given its spec */
	bool written;	/* by the signer of an agent before, which does not end */
	bool strange;	/* no copy counts (kept_strange) */
	struct text_list bad; /* files with an error, in the set; sorted */
	struct text_list marked; /* names of what is marked already; sorted */
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* A file that was read: its path in the set. */
static const char *
in_set(const struct outdating *o, const char *file)
{
	size_t given = strlen(o->opt->path), set = strlen(o->p->set);

	if (!o->directory)
		return last_part(file);
	/* The reader of signed specs says where the set is. */
	file += strncmp(file, o->opt->path, given) == 0 ? given :
	    strncmp(file, o->p->set, set) == 0 ? set : 0;
	return file + strspn(file, "/");
}

/* A file of the set: whether it is a part of what is applied. */
static bool
is_part(const struct outdating *o, const char *file)
{
	if (!o->directory)
		return strcmp(file, last_part(o->opt->path)) == 0;
	return o->opt->below || strchr(file, '/') == NULL;
}

static const char *
text_at(const void *table, size_t i)
{
	return ((const struct text_list *)table)->text[i];
}

static bool
is_in(const struct text_list *l, const char *text)
{
	bool found;

	(void)sorted_position(l, l->count, text_at, text, &found);
	return found;
}

static bool
is_bad(const struct outdating *o, const char *file)
{
	return is_in(&o->bad, file);
}

static const char *
file_at(const void *table, size_t i)
{
	const struct outdating *o = table;

	return in_set(o, o->p->specs.file[i].path);
}

/* Whether a text is the one that was read, and not one that was written since. */
static bool
was_read(const struct outdating *o, const char *file,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	const struct spec_set *s = &o->p->specs;
	bool found;
	size_t at = sorted_position(o, s->file_count, file_at, file, &found);

	return found && memcmp(s->file[at].digest, digest,
	    SPEC_DIGEST_SIZE) == 0;
}

/* A file of the set as it is now, to be freed; NULL: it cannot be read. */
static char *
read_part(const struct outdating *o, const char *file, size_t *len)
{
	struct buffer path = { .data = NULL };
	struct error err;
	char *text;

	buffer_printf(&path, "%s%s%s", o->opt->path, o->directory ? "/" : "",
	    o->directory ? file : "");
	if (path.failed || file_read(AT_FDCWD, path.data, SPEC_FILE_MAX,
	    &text, len, &err) != 0)
		text = NULL;
	buffer_free(&path);
	return text;
}

/* Whether a file says what is kept of it. */
static bool
says(const struct outdating *o, const char *file, const char *text, size_t len)
{
	size_t now_len = 0;
	char *now = read_part(o, file, &now_len);
	bool same = now != NULL && now_len == len &&
	    memcmp(now, text, len) == 0;

	free(now);
	return same;
}

/* Whether the letters of this pass leave a jail as it is. */
static bool
is_left(const struct outdating *o, const char *name)
{
	const unsigned letters = o->opt->letters;
	struct reconciler *r = &o->p->reconciler;
	const struct managed *m = reconciler_find(r, name);
	struct action a;
	bool left;

	if (letters == (LETTER_C | LETTER_M | LETTER_R) || m == NULL ||
	    reconciler_plan(r, m, &a) != 0)
		return false;
	left = a.kind == ACTION_BLOCKED && (a.jid == 0 ?
	    !(letters & LETTER_C) : letters == LETTER_C ||
	    (!(letters & LETTER_R) && (m->desired == NULL ||
	    action_has(&a, HOW_RESTART))));
	action_free(&a);
	return left;
}

/* Whether this pass does with a jail as the specs say. */
static bool
is_given(const struct outdating *o, const char *name)
{
	const struct entry *e = inventory_find(&o->p->inventory, name);

	return (o->opt->bound == NULL || !bound_refused(o->opt->bound,
	    name)) && (e == NULL || strcmp(e->set, o->p->set) == 0) &&
	    !is_left(o, name);
}

/* Whether a jail is given what another text says, or is taken away. */
static bool
is_changed(const struct outdating *o, const char *name, const char *file,
    bool same)
{
	const struct reconciler *r = &o->p->reconciler;
	const struct spec *s = spec_find(&o->p->specs, name);
	const struct managed *m = reconciler_find(r, name);

	if (!is_given(o, name))
		return false;
	if (s == NULL)
		return m == NULL ? r->opt.prune : m->unwanted;
	return !same || strcmp(in_set(o, s->place.file), file) != 0;
}

/* Whether something is applied in place of what is kept of a file. */
static bool
is_outdated(const struct outdating *o, const char *path, const char *file,
    const char *text, size_t len)
{
	bool part = is_part(o, file), bad = is_bad(o, file);
	bool same = part && says(o, file, text, len), outdated;
	struct content *c;

	if (same && !bad)
		return false;
	if ((c = content_of(path, text, len)) == NULL)
		return true;
	outdated = c->docs.defaults && part && !same && !bad && o->gives;
	for (size_t i = 0; !outdated && i < c->docs.count; i++) {
		const struct spec_doc *doc = c->docs.doc[i];

		outdated = doc->name != NULL && !doc->defaults &&
		    is_changed(o, doc->name, file, same);
	}
	content_unref(c);
	return outdated;
}

/*
 * One mark is enough, but for a signer that may take it away, and write the text
 * of before behind it.  Returns 0, or -1/errno.
 */
static int
mark(const struct outdating *o, const char *name)
{
	return !o->written && is_in(&o->marked, name) ? 0 :
	    kept_mark(o->marks, name, (uint64_t)clock_us());
}

/* What is not kept any more, or goes with its mark, is kept behind the pass. */
static int
keep_later(struct outdating *o, const char *file)
{
	return is_part(o, file) && !is_bad(o, file) ?
	    text_list_add(&o->p->outdated, file) : 0;
}

/* The mark is for a signer of an agent before, which may still write it. */
static int
forget(struct outdating *o, const char *name, const char *file)
{
	int marked = mark(o, name);

	if (kept_forget(o->good, name) != 0 && marked != 0)
		complain("%s/%s: an older text of a spec file cannot be "
		    "removed: an agent may go back to it", o->good, name);
	return keep_later(o, file);
}

static int
look_at(struct outdating *o, const char *name)
{
	size_t set = strlen(o->p->set), len;
	char *path = kept_path(o->good, name), *text;
	struct error err;
	int rc = 0;

	if (path != NULL && strncmp(path, o->p->set, set) == 0 &&
	    path[set] == '/' && spec_file_name(last_part(path)) &&
	    kept_read(o->good, NULL, path, &text, &len, &err) == 0) {
		const char *file = path + set + 1;

		if (is_outdated(o, path, file, text, len))
			rc = forget(o, name, file);
		else if (is_in(&o->marked, name))
			rc = keep_later(o, file);
		free(text);
	}
	free(path);
	return rc;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
find_bad(struct outdating *o)
{
	const struct spec_errors *all = o->p->errors;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < all->count; i++)
		if (!all->error[i].warning && all->error[i].place.file != NULL)
			rc = text_list_add(&o->bad, in_set(o,
			    all->error[i].place.file));
	if (o->bad.count > 1)
		qsort(o->bad.text, o->bad.count, sizeof *o->bad.text,
		    compare_texts);
	return rc;
}

/*
 * Nothing is kept of a file that can be seen, or something else may be written
 * over it: what may be is outdated then.
 */
static int
mark_unseen(struct outdating *o, const char *file)
{
	struct buffer path = { .data = NULL };
	char name[KEPT_NAME_SIZE];
	struct error err;
	size_t len;
	char *text;
	int rc = 0;

	buffer_printf(&path, "%s/%s", o->p->set, file);
	if (path.failed) {
		rc = -1;
	} else if (!o->written && !o->strange &&
	    kept_read(o->good, NULL, path.data, &text, &len, &err) == 0) {
		free(text);
	} else {
		(void)mark(o, kept_name(path.data, name));
		rc = text_list_add(&o->p->outdated, file);
	}
	buffer_free(&path);
	return rc;
}

/* Whether some jail is not as the specs say. */
static bool
changes_any(const struct outdating *o)
{
	struct reconciler *r = &o->p->reconciler;
	bool changes = false;

	for (size_t i = 0; !changes && i < r->count; i++) {
		struct action a;

		if (spec_find(&o->p->specs, r->jail[i]->name) == NULL)
			continue;
		if (reconciler_plan(r, r->jail[i], &a) != 0)
			return true;
		changes = a.kind != ACTION_NONE;
		action_free(&a);
	}
	return changes;
}

/*
 * A directory that is away, and may come back, has what jails are from if all
 * are as their files say.
 */
static int
mark_all_unseen(struct outdating *o)
{
	const struct spec_set *specs = &o->p->specs;
	int rc = 0;

	if (!o->written && !o->strange && !changes_any(o))
		return 0;
	for (size_t i = 0; rc == 0 && o->gives && i < specs->file_count; i++) {
		const char *file = in_set(o, specs->file[i].path);

		if (!is_bad(o, file))
			rc = mark_unseen(o, file);
	}
	return rc;
}

/* Whether an agent before has a signer that does not end writing them. */
static bool
is_written(const struct context *ctx)
{
	struct error err;
	int lock = paths_lock_signing(ctx->paths.signing,
	    clock_ms() + SIGNER_WAIT_MS, &err);

	if (lock != -1)
		close(lock);
	return lock == -1;
}

static void
begin(struct outdating *o, struct pass *p, const struct context *ctx,
    const struct pass_options *opt)
{
	struct stat st;

	*o = (struct outdating){ .p = p, .opt = opt, .good = ctx->paths.good,
		.marks = ctx->paths.outdated };
	o->directory = stat(opt->path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
pass_outdate(struct pass *p, const struct context *ctx,
    const struct pass_options *opt)
{
	struct outdating o;
	struct dirent *e;
	DIR *d;
	int rc;

	begin(&o, p, ctx, opt);
	o.written = is_written(ctx);
	o.strange = kept_strange(o.good, o.marks);
	for (size_t i = 0; !o.gives && i < p->specs.count; i++)
		o.gives = is_given(&o, p->specs.spec[i]->name);
	rc = find_bad(&o);
	if (rc == 0)
		(void)kept_marked(o.marks, &o.marked);
	d = opendir(o.good);
	if (rc == 0 && (d == NULL || o.written || o.strange))
		rc = mark_all_unseen(&o);
	while (d != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (kept_is_name(e->d_name))
			rc = look_at(&o, e->d_name);
	if (d != NULL)
		closedir(d);
	text_list_free(&o.bad);
	text_list_free(&o.marked);
	return rc;
}

/*
 * Whether a text is good, and this pass did as it says.  What others can write
 * would be refused by an agent.
 */
static bool
is_applied(const struct outdating *o, const char *path, const char *file,
    const char *text, size_t len)
{
	struct content *c = content_of(path, text, len);
	struct stat st;
	struct error err;
	bool applied = c != NULL && c->valid &&
	    was_read(o, file, c->digest) && stat(path, &st) == 0 &&
	    trust_owner(path, &st, &err) == 0 &&
	    trust_path("/", path, true, NULL, &err) == 0;

	for (size_t i = 0; applied && i < c->docs.count; i++)
		applied = c->docs.doc[i]->defaults ||
		    is_given(o, c->docs.doc[i]->name);
	content_unref(c);
	return applied;
}

int
pass_keep(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, kept_send_fn *send, void *arg)
{
	struct outdating o;
	int rc = 0;

	begin(&o, p, ctx, opt);
	for (size_t i = 0; rc == 0 && i < p->outdated.count; i++) {
		const char *file = p->outdated.text[i];
		struct buffer b = { .data = NULL };
		size_t len = 0, path;
		char *text = read_part(&o, file, &len);

		buffer_printf(&b, "%s/%s", p->set, file);
		path = b.len;
		buffer_add(&b, "", 1);
		buffer_add(&b, text, len);
		if (text != NULL && !b.failed && is_applied(&o, b.data,
		    file, b.data + path + 1, len))
			rc = send(arg, SIGNER_KEEP, b.data, b.len);
		buffer_free(&b);
		free(text);
	}
	return rc;
}
