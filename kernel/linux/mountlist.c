/* SPDX-License-Identifier: BSD-2-Clause */
#include "mountlist.h"

#include <stdlib.h>

#include "kernel/fslinux.h"
#include "kernel/value.h"
#include "mountfixed.h"
#include "mountinfo.h"
#include "process.h"
#include "request.h"
#include "sys.h"
#include "tree.h"

/* One jail whose mounts are changed. */
struct work {
	struct linux_kernel *lk;
	const char *path; /* of the jail */
	int init, keep; /* of struct prison */
	pid_t unsure; /* of the init, when it is not known what is mounted */
};

static bool has_line(const char *mountinfo, const char *text,
    const char *path);
static bool is_done(const struct work *w, const char *text, bool unmount);

static int
fill_request(const struct work *w, const struct fstab_line *l,
    const struct fslinux *f, struct mount_request *r, struct error *err)
{
	const char *place = fslinux_place(l->target, w->path);

	if (place == NULL)
		return error_set(err, EINVAL, "the target is not below the "
		    "jail's path %s", w->path);
	if (strlen(place) >= sizeof r->place)
		return error_sys(err, ENAMETOOLONG, "the target");
	memset(r, 0, sizeof *r);
	r->type = REQUEST_MOUNT;
	r->kind = f->kind;
	r->flags = f->flags;
	r->options_len = (uint32_t)f->options_len;
	memcpy(r->options, f->options, f->options_len);
	memcpy(r->place, place, strlen(place) + 1);
	return 0;
}

static int
ask(const struct work *w, const struct fstab_line *l, bool unmount,
    struct error *err)
{
	struct mount_request r;
	struct fslinux f;
	/* A place that is not needed has to be filled, to come to the next. */
	int fds[3] = { w->init, w->keep >= 0 ? w->keep : w->init, -1 }, rc;

	if (fslinux_read(l, &f, err) != 0 ||
	    fill_request(w, l, &f, &r, err) != 0)
		return -1;
	r.unmount = unmount;
	if (!unmount && f.kind == FSLINUX_BIND) {
		fds[2] = tree_clone_part(l->source, err);
		if (fds[2] < 0)
			return -1;
	}
	rc = spawner_call(&w->lk->spawner, &r, sizeof r, fds,
	    fds[2] >= 0 ? 3 : 2, err);
	close_fd(&fds[2]);
	return rc < 0 ? -1 : 0;
}

static int
do_line(const struct work *w, const char *text, bool unmount,
    struct error *err)
{
	struct fstab_line l;
	int rc;

	if (w->unsure != 0 && is_done(w, text, unmount))
		return 0;
	rc = fstab_read(text, &l, err);
	if (rc > 0)
		return 0;
	if (rc == 0) {
		rc = ask(w, &l, unmount, err);
		fstab_free(&l);
	}
	return rc == 0 ? 0 : error_wrap(err, "%s: %s",
	    unmount ? "umount" : "mount", text);
}

/* Reads the texts of the record.  Returns 0, -1 with err. */
static int
read_list(const struct prison *p, struct text_list *l, struct error *err)
{
	return value_export(PARAM_LIST, p->extra_list, p->extra_list_len, l,
	    err);
}

static int
open_work(struct work *w, struct linux_kernel *lk, const struct prison *p,
    struct error *err)
{
	*w = (struct work){ lk, p->path, -1, *p->keep,
	    p->unsure ? p->holder.pid : 0 };
	if (lk->inside >= 0)
		return error_set(err, EOPNOTSUPP, "mount: file systems are "
		    "mounted in jails from the host only");
	w->init = process_open(&p->holder);
	return w->init >= 0 ? 0 :
	    error_sys(err, errno, "the init of jail %s", p->name);
}

int
mountlist_make(struct linux_kernel *lk, const struct prison *p,
    struct error *err)
{
	struct text_list l;
	struct work w;
	int rc;

	if (p->extra_list_len == 0)
		return 0;
	if (open_work(&w, lk, p, err) != 0)
		return -1;
	rc = read_list(p, &l, err);
	for (size_t i = 0; rc == 0 && i < l.count; i++)
		rc = do_line(&w, l.text[i], false, err);
	text_list_free(&l);
	close_fd(&w.init);
	return rc;
}

/* ------------------------------------------------ what is mounted now */

/* Whether what a line says is mounted; one that is not understood is. */
static bool
has_line(const char *mountinfo, const char *text, const char *path)
{
	const char *place;
	struct fstab_line l;
	struct error ignored;
	bool yes;

	error_clear(&ignored);
	if (fstab_read(text, &l, &ignored) != 0)
		return true;
	place = fslinux_place(l.target, path);
	yes = place == NULL || mountinfo_has(mountinfo, place);
	fstab_free(&l);
	return yes;
}

static bool
is_done(const struct work *w, const char *text, bool unmount)
{
	char *mountinfo = mountinfo_read(w->unsure);
	bool done = mountinfo == NULL ||
	    has_line(mountinfo, text, w->path) == !unmount;

	free(mountinfo);
	return done;
}

void
mountlist_now(void *arg, const struct prison *p, uint32_t *extra, char *list,
    size_t *len)
{
	struct linux_kernel *lk = arg;
	int init = lk->inside < 0 ? process_open(&p->holder) : -1;
	char *mountinfo = init < 0 ? NULL : mountinfo_read(p->holder.pid);
	size_t kept = 0, n;

	/* One that has ended shows nothing, or is somebody else by now. */
	if (mountinfo != NULL && !process_ended(init)) {
		for (size_t at = 0; at < *len; at += n) {
			n = strnlen(list + at, *len - at) + 1;
			if (!has_line(mountinfo, list + at, p->path))
				continue;
			memmove(list + kept, list + at, n);
			kept += n;
		}
		*len = kept;
		*extra = mountfixed_now(mountinfo, *extra);
	}
	free(mountinfo);
	close_fd(&init);
}

/* ------------------------------------------------------------- changing */

/* Reads what is left of the list; 0, -1 with err. */
static int
read_list_now(struct linux_kernel *lk, const struct prison *p,
    struct text_list *l, struct error *err)
{
	struct prison now = *p;
	uint32_t none = 0;
	char *copy;
	int rc;

	if (p->extra_list_len == 0)
		return 0;
	copy = malloc(p->extra_list_len);
	if (copy == NULL)
		return error_sys(err, ENOMEM, "mount");
	memcpy(copy, p->extra_list, p->extra_list_len);
	now.extra_list = copy;
	mountlist_now(lk, p, &none, copy, &now.extra_list_len);
	rc = read_list(&now, l, err);
	free(copy);
	return rc;
}

struct change {
	struct text_list from, to;
	bool *gone, *come; /* in one block */
};

/*
 * Walks forward through what is to be done: unmounting from the last to the
 * first, then mounting.  Returns how many steps were done.  To get back from a
 * change that was cut off, each is tried.
 */
static size_t
walk_change(const struct work *w, const struct change *c, struct error *err)
{
	size_t done = 0;

	for (size_t i = c->from.count; i-- > 0; done++)
		if (c->gone[i] &&
		    do_line(w, c->from.text[i], true, err) != 0 &&
		    w->unsure == 0)
			return done;
	for (size_t i = 0; i < c->to.count; i++, done++)
		if (c->come[i] &&
		    do_line(w, c->to.text[i], false, err) != 0 &&
		    w->unsure == 0)
			return done;
	return done;
}

/* Takes the first `done` steps back, the last one first. */
static void
undo_change(const struct work *w, const struct change *c, size_t done)
{
	struct error ignored;

	while (done-- > 0) {
		size_t i = done < c->from.count ? c->from.count - 1 - done :
		    done - c->from.count;

		error_clear(&ignored);
		if (done < c->from.count && c->gone[i])
			do_line(w, c->from.text[i], false, &ignored);
		else if (done >= c->from.count && c->come[i])
			do_line(w, c->to.text[i], true, &ignored);
	}
}

static int
make_change(const struct work *w, const struct change *c, struct error *err)
{
	size_t done;

	if (!fstab_difference(&c->from, &c->to, c->gone, c->come) &&
	    w->unsure == 0)
		return error_set(err, EOPNOTSUPP, "mount: what stays mounted is "
		    "on, below or in another order than what changes; restart "
		    "the jail");
	error_clear(err);
	done = walk_change(w, c, err);
	if (done == c->from.count + c->to.count)
		return 0;
	undo_change(w, c, done);
	return -1;
}

static bool
is_same(const struct prison *a, const struct prison *b)
{
	return a->extra_list_len == b->extra_list_len &&
	    memcmp(a->extra_list, b->extra_list, a->extra_list_len) == 0;
}

int
mountlist_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, struct error *err)
{
	struct change c = { 0 };
	struct work w;
	int rc;

	if (before->extra_list == after->extra_list ||
	    before->extra_list_len + after->extra_list_len == 0 ||
	    (after->unsure && is_same(before, after)))
		return 0;
	if (open_work(&w, lk, after, err) != 0)
		return -1;
	rc = read_list_now(lk, before, &c.from, err);
	if (rc == 0)
		rc = read_list(after, &c.to, err);
	c.gone = calloc(c.from.count + c.to.count + 1, sizeof *c.gone);
	if (c.gone == NULL)
		rc = error_sys(err, ENOMEM, "mount");
	if (rc == 0) {
		c.come = c.gone + c.from.count;
		rc = make_change(&w, &c, err);
	}
	free(c.gone);
	text_list_free(&c.from);
	text_list_free(&c.to);
	close_fd(&w.init);
	return rc;
}
