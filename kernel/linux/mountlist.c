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
	pid_t pid; /* of the init */
	const char *told; /* its mountinfo before a change that was cut off */
};

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
	*w = (struct work){ lk, p->path, -1, *p->keep, p->holder.pid,
	    p->unsure };
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
	yes = place == NULL || mountinfo_count(mountinfo, place) > 0;
	fstab_free(&l);
	return yes;
}

/* Takes out of the record's list what is not mounted; returns its length then. */
static size_t
filter_list(const char *mountinfo, const char *path, char *list, size_t len)
{
	size_t kept = 0, n;

	for (size_t at = 0; at < len; at += n) {
		n = strnlen(list + at, len - at) + 1;
		if (!has_line(mountinfo, list + at, path))
			continue;
		memmove(list + kept, list + at, n);
		kept += n;
	}
	return kept;
}

void
mountlist_now(void *arg, const struct prison *p, uint32_t *extra, char *list,
    size_t *len)
{
	struct linux_kernel *lk = arg;
	int init = lk->inside < 0 ? process_open(&p->holder) : -1;
	char *mountinfo = init < 0 ? NULL : mountinfo_read(p->holder.pid);

	/* One that has ended shows nothing, or is somebody else by now. */
	if (mountinfo != NULL && !process_ended(init)) {
		*len = filter_list(mountinfo, p->path, list, *len);
		*extra = mountfixed_now(mountinfo, *extra);
	}
	free(mountinfo);
	close_fd(&init);
}

static bool
is_same(const struct prison *a, const struct prison *b)
{
	return a->extra_list_len == b->extra_list_len &&
	    (a->extra_list == b->extra_list || a->extra_list_len == 0 ||
	    memcmp(a->extra_list, b->extra_list, a->extra_list_len) == 0);
}

int
mountlist_tell(void *arg, const struct prison *before,
    const struct prison *after, char **text, struct error *err)
{
	struct linux_kernel *lk = arg;
	int init, rc = 0;

	*text = NULL;
	if (lk->inside >= 0 || is_same(before, after))
		return 0;
	init = process_open(&before->holder);
	if (init < 0)
		return 0; /* it has ended: nothing will be done */
	*text = mountinfo_read(before->holder.pid);
	if (*text == NULL && !process_ended(init))
		rc = error_sys(err, errno, "what jail %s has mounted",
		    before->name);
	close_fd(&init);
	return rc;
}

/* ------------------------------------------------------------- changing */

/* Reads what is left, or was told to be, of the list; 0, -1 with err. */
static int
read_list_now(const struct work *w, const struct prison *p,
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
	if (w->told != NULL)
		now.extra_list_len = filter_list(w->told, w->path, copy,
		    now.extra_list_len);
	else
		mountlist_now(w->lk, p, &none, copy, &now.extra_list_len);
	rc = read_list(&now, l, err);
	free(copy);
	return rc;
}

struct change {
	struct text_list from, to;
	bool *gone, *come; /* in one block */
};

/* Unmounts from the last to the first, then mounts. */
static int
walk_change(const struct work *w, const struct change *c, struct error *err)
{
	for (size_t i = c->from.count; i-- > 0;)
		if (c->gone[i] && do_line(w, c->from.text[i], true, err) != 0)
			return -1;
	for (size_t i = 0; i < c->to.count; i++)
		if (c->come[i] && do_line(w, c->to.text[i], false, err) != 0)
			return -1;
	return 0;
}

/* ------------------------------------------- back from anywhere within it */

/* How many file systems are at the place of a line. */
static size_t
count_at(const char *mountinfo, const char *text, const char *path)
{
	const char *place;
	struct fstab_line l;
	struct error ignored = { 0 };
	size_t count;

	if (fstab_read(text, &l, &ignored) != 0)
		return 0;
	place = fslinux_place(l.target, path);
	count = place == NULL ? 0 : mountinfo_count(mountinfo, place);
	fstab_free(&l);
	return count;
}

static bool
is_same_place(const char *a, const char *b)
{
	struct fstab_line l, m;
	struct error ignored = { 0 };
	bool same;

	if (fstab_read(a, &l, &ignored) != 0)
		return false;
	if (fstab_read(b, &m, &ignored) != 0) {
		fstab_free(&l);
		return false;
	}
	same = strcmp(l.target, m.target) == 0;
	fstab_free(&l);
	fstab_free(&m);
	return same;
}

/*
 * How many at the place of a line the change left alone, whoever mounted them,
 * and those of `from` with a number below `most` that it unmounts there.
 */
static size_t
count_until(const struct work *w, const struct change *c, const char *text,
    size_t most)
{
	size_t count = count_at(w->told, text, w->path);

	for (size_t i = most; i < c->from.count && count > 0; i++)
		count -= c->gone[i] && is_same_place(c->from.text[i], text);
	return count;
}

/* How many are at the place of a line now; -1 with err. */
static ssize_t
count_now(const struct work *w, const char *text, struct error *err)
{
	char *mountinfo = mountinfo_read(w->pid);
	size_t count;

	if (mountinfo == NULL)
		return error_sys(err, errno, "mount");
	count = count_at(mountinfo, text, w->path);
	free(mountinfo);
	return (ssize_t)count;
}

/* Unmounts at the place of a line what was not there before, or was to go. */
static int
unmount_above(const struct work *w, const struct change *c, const char *text,
    struct error *err)
{
	ssize_t least = (ssize_t)count_until(w, c, text, 0), n;

	while ((n = count_now(w, text, err)) > least) {
		ssize_t left;

		if (do_line(w, text, true, err) != 0)
			return -1;
		left = count_now(w, text, err);
		if (left >= n)
			return error_set(err, EBUSY, "umount: %s", text);
	}
	return n < 0 ? -1 : 0;
}

/*
 * Takes back what was done of a change, wherever it was cut off: unmounts what
 * it has mounted, and mounts again what is away then.  How many there were at
 * each place before tells both, also above what others have mounted there.
 */
static int
walk_back(const struct work *w, const struct change *c, struct error *err)
{
	struct error ignored = { 0 };
	ssize_t n;

	for (size_t i = c->to.count; i-- > 0;)
		if (c->come[i] && unmount_above(w, c, c->to.text[i], err) != 0)
			return -1;
	for (size_t i = 0; i < c->from.count; i++) {
		const char *text = c->from.text[i];

		if (!c->gone[i])
			continue;
		n = count_now(w, text, err);
		if (n < 0)
			return -1;
		/* One that cannot be mounted is seen to be away. */
		if (n < (ssize_t)count_until(w, c, text, i + 1))
			(void)do_line(w, text, false, &ignored);
	}
	return 0;
}

static int
make_change(const struct work *w, struct change *c, struct error *err)
{
	bool possible = fstab_difference(&c->from, &c->to, c->gone, c->come);

	error_clear(err);
	if (w->told != NULL) /* or nothing of it was done */
		return possible ? walk_back(w, c, err) : 0;
	if (!possible)
		return error_set(err, EOPNOTSUPP, "mount: what stays mounted is "
		    "on, below or in another order than what changes; restart "
		    "the jail");
	return walk_change(w, c, err);
}

int
mountlist_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, struct error *err)
{
	/* What was cut off was to lead the other way. */
	const struct prison *from = after->unsure != NULL ? after : before;
	const struct prison *to = from == before ? after : before;
	struct change c = { 0 };
	struct work w;
	int rc;

	if (before->extra_list == after->extra_list ||
	    before->extra_list_len + after->extra_list_len == 0 ||
	    (after->unsure != NULL && is_same(before, after)))
		return 0;
	if (open_work(&w, lk, after, err) != 0)
		return -1;
	rc = read_list_now(&w, from, &c.from, err);
	if (rc == 0)
		rc = read_list(to, &c.to, err);
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
