/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a table; removal, attachment and what backends ask. */
#include "prison.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "desc.h"
#include "engine.h"
#include "life.h"
#include "tree.h"

int
op_fail(struct op *op, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(op->message, sizeof op->message, fmt, ap);
	va_end(ap);
	op->has_message = true;
	return code;
}

struct prison_table *
prison_open(const char *dir, const char *boot,
    const struct kernel_options *opt, const struct prison_effects *effects,
    void *effects_arg, struct error *err)
{
	struct prison_table *t;

	if (strlen(dir) >= PRISON_PATH_MAX ||
	    (boot != NULL && strlen(boot) >= 64)) {
		error_set(err, ENAMETOOLONG, "prison table %s: the name of "
		    "the directory or of the boot is too long", dir);
		return NULL;
	}
	t = calloc(1, sizeof *t);
	if (t == NULL || (t->dir = strdup(dir)) == NULL) {
		error_sys(err, ENOMEM, "prison table %s", dir);
		free(t);
		return NULL;
	}
	t->effects = effects;
	t->effects_arg = effects_arg;
	t->claim = t->dir_fd = t->begun = t->keep = -1;
	t->owner = getpid();
	t->read_only = opt->read_only;
	t->self_serial = HOST_SERIAL;
	if (store_open(t, boot, opt, err) != 0) {
		prison_close(t);
		return NULL;
	}
	(void)prison_changed(t); /* from here on */
	return t;
}

void
prison_close(struct prison_table *t)
{
	if (t == NULL)
		return;
	store_close(t);
	free(t->dir);
	free(t);
}

void
prison_entered(struct prison_table *t, const struct record *r)
{
	t->self = r->jid;
	t->inside = t->effects != NULL && t->effects->attach != NULL;
	t->self_serial = r->serial;
	snprintf(t->root, sizeof t->root, "%s",
	    strcmp(r->path, "/") == 0 ? "" : r->path);
}

/* A change of one prison, found by number or by descriptor. */
struct change {
	struct op *op;
	int jid, fd; /* fd >= 0: the descriptor counts */
	struct record *my, *target;
	struct prison view;
};

typedef int change_fn(struct change *c);

static int
find_target(struct change *c)
{
	struct prison_table *t = c->op->t;

	c->my = life_get(c->op, t->self);
	if (c->my == NULL || c->my->serial != t->self_serial)
		return EAGAIN;
	if (c->fd >= 0)
		return desc_find(c->op, c->fd, &c->target);
	c->target = c->jid > 0 ? life_get(c->op, c->jid) : NULL;
	return c->target != NULL && tree_below(c->op, c->my, c->target) ? 0 :
	    EINVAL;
}

/* Runs `change` in one transaction, and `after` when it is committed. */
static int
run_change(struct prison_table *t, int jid, int fd, change_fn *change,
    change_fn *after)
{
	bool entered, again = false;
	int error;

	if (t->read_only) {
		errno = EROFS;
		return -1;
	}
	do {
		struct op op = { .t = t };
		struct change c = { .op = &op, .jid = jid, .fd = fd };
		int rc;

		error = store_begin(&op, true);
		if (error != 0)
			break;
		error = find_target(&c);
		again = life_ends_holders(&op);
		if (error == 0 && !again)
			error = change(&c);
		rc = store_commit(&op);
		if (rc != 0)
			error = rc;
		else
			life_kill_pending(&op);
		again = again && rc == 0;
		entered = error == 0 && after != NULL && !again;
		if (entered)
			error = after(&c);
		store_abort(&op);
		if (entered && error != 0)
			prison_leave(t, c.view.jid);
		if (error == MDB_MAP_FULL) {
			error = store_grow(t);
			again = error == 0;
		}
	} while (again);
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
do_remove(struct change *c)
{
	life_end(c->op, c->target);
	return 0;
}

int
prison_remove(struct prison_table *t, int jid)
{
	return run_change(t, jid, -1, do_remove, NULL);
}

static bool
no_descriptors(const struct prison_table *t)
{
	if (t->generation != JAIL_GEN_13)
		return false;
	errno = ENOSYS;
	return true;
}

int
prison_remove_jd(struct prison_table *t, int fd)
{
	if (no_descriptors(t))
		return -1;
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	return run_change(t, 0, fd, do_remove, NULL);
}

static int
do_attach(struct change *c)
{
	struct prison_proc self;

	if (c->target->state != PRISON_ALIVE)
		return EINVAL;
	if (prison_proc_id(getpid(), &self) != 0)
		return errno;
	/* A descriptor's prison never loses the reference that attaching
	   takes (findings-kernel C3). */
	if (c->fd >= 0) {
		c->target->leaks++;
		record_changed(c->op, c->target);
	}
	if (c->my != c->target && c->my->jid != 0) {
		life_remove_process(c->op, c->my, &self);
		life_add_process(c->op, c->target, &self);
		life_look(c->op, c->my);
	} else
		life_add_process(c->op, c->target, &self);
	life_view(c->op, c->target, &c->view);
	return 0;
}

static int
do_leave(struct change *c)
{
	struct prison_proc self;

	if (prison_proc_id(getpid(), &self) == 0) {
		life_remove_process(c->op, c->target, &self);
		life_look(c->op, c->target);
	}
	return 0;
}

void
prison_leave(struct prison_table *t, int jid)
{
	int saved = errno;

	run_change(t, jid, -1, do_leave, NULL);
	errno = saved;
}

/* The process is registered already; now it really goes in. */
static int
really_attach(struct change *c)
{
	struct prison_table *t = c->op->t;
	const struct prison_effects *e = t->effects;
	struct error err;

	if (e != NULL && e->attach != NULL &&
	    e->attach(t->effects_arg, &c->view, &err) != 0)
		return errno != 0 ? errno : EIO;
	prison_entered(t, c->target);
	return 0;
}

int
prison_attach(struct prison_table *t, int jid)
{
	return run_change(t, jid, -1, do_attach, really_attach);
}

int
prison_attach_jd(struct prison_table *t, int fd)
{
	if (no_descriptors(t))
		return -1;
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	return run_change(t, 0, fd, do_attach, really_attach);
}

/* The next of the effects' own parameters, by name; false at the end. */
static bool
next_extra(const struct prison_effects *e, size_t *at, bool *list_told,
    struct jail_param_info *info)
{
	const char *name = e != NULL && *at < e->extra_count ? e->extra[*at] :
	    NULL;

	if (e != NULL && e->extra_list != NULL && !*list_told &&
	    (name == NULL || strcmp(e->extra_list, name) < 0)) {
		*list_told = true;
		*info = (struct jail_param_info){ e->extra_list, PARAM_LIST,
			PARAM_RW, 1 };
		return true;
	}
	if (name == NULL)
		return false;
	(*at)++;
	*info = (struct jail_param_info){ name, PARAM_BOOL, PARAM_RDTUN,
		sizeof(int) };
	return true;
}

int
prison_params(struct prison_table *t,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	unsigned gen = t->generation == JAIL_GEN_13 ? GEN_13 : GEN_15;
	const struct prison_effects *e = t->effects;
	struct jail_param_info extra;
	size_t at = 0;
	bool list_told = false, more = next_extra(e, &at, &list_told, &extra);
	int rc = 0;

	/* The effects' own names are sorted too: the two lists are merged. */
	for (size_t i = 0; rc == 0 && (i < param_count || more);) {
		const struct param_def *d = i < param_count ? &param_table[i] :
		    NULL;
		struct jail_param_info info;

		if (more && (d == NULL || strcmp(extra.name, d->name) <= 0)) {
			rc = each(arg, &extra);
			more = next_extra(e, &at, &list_told, &extra);
			continue;
		}
		i++;
		if (d->kind != PARAM_KERNEL || (d->generations & gen) == 0)
			continue;
		info = (struct jail_param_info){ d->name, d->type, d->access,
			d->size };
		rc = each(arg, &info);
	}
	return rc;
}
