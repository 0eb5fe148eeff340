/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2): the phases in their order, effects and commit. */
#include "set.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "desc.h"
#include "life.h"
#include "tree.h"

/* What is to be undone or finished outside the table. */
struct outside {
	struct prison prison;
	struct error err;
	bool made; /* effects->create has run */
	int fd;	   /* a new descriptor, or -1 */
	int left;  /* the prison that the process could not enter */
};

static const struct prison_effects *
effects_of(const struct set_call *s)
{
	static const struct prison_effects none;

	return s->op->t->effects != NULL ? s->op->t->effects : &none;
}

/*
 * A creation that meta or env refuse leaves a dying prison that nothing ends
 * (findings-kernel C2).
 */
static int
leave_corpse(struct set_call *s, int error)
{
	s->target->leaks++;
	life_end(s->op, s->target);
	return error;
}

static void
enter_process(struct set_call *s)
{
	struct prison_proc self;
	struct record *old = record_get(s->op, s->op->t->self);

	if ((s->flags & JAIL_ATTACH) == 0 ||
	    prison_proc_id(getpid(), &self) != 0)
		return;
	life_add_process(s->op, s->target, &self);
	if (old != NULL && old->jid != 0) {
		life_remove_process(s->op, old, &self);
		life_look(s->op, old);
	}
}

static int
make_outside(struct set_call *s, struct outside *o,
    const struct prison *before)
{
	const struct prison_effects *e = effects_of(s);
	void *arg = s->op->t->effects_arg;
	struct record *r = s->target;
	struct prison parent;
	int rc = 0;

	if (r->gone || r->state != PRISON_ALIVE)
		return 0;
	life_view(s->op, r, &o->prison);
	if (s->created && e->create != NULL) {
		life_view(s->op, tree_parent(s->op, r), &parent);
		rc = e->create(arg, &o->prison, &parent, &o->err);
		o->made = rc == 0;
		r->holder_pid = o->prison.holder.pid;
		r->holder_id = o->prison.holder.id;
		record_changed(s->op, r);
	} else if (!s->created && e->update != NULL)
		rc = e->update(arg, before, &o->prison, &o->err);
	if (rc != 0)
		return op_fail(s->op, errno != 0 ? errno : EIO, "%s",
		    o->err.text);
	if ((s->flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) != 0) {
		o->fd = desc_make(s->op, r, (s->flags & JAIL_OWN_DESC) != 0);
		if (o->fd < 0)
			return errno;
	}
	return 0;
}

static void
undo_outside(struct set_call *s, struct outside *o)
{
	const struct prison_effects *e = effects_of(s);

	if (o->made && e->abandon != NULL)
		e->abandon(s->op->t->effects_arg, &o->prison);
	if (o->fd >= 0)
		close(o->fd);
	o->made = false;
	o->fd = -1;
}

/* The call up to the commit.  *abort: nothing of it may stay. */
static int
prepare(struct set_call *s, const struct iovec *iov, unsigned niov,
    struct outside *o, bool *abort)
{
	struct prison before;
	int error;

	*abort = false;
	error = set_read(s, iov, niov);
	if (error == 0)
		error = set_find(s);
	if (error == 0 && s->target == NULL)
		error = set_allocate(s);
	if (error == 0)
		error = set_check(s);
	if (error != 0)
		return error;
	life_view(s->op, s->target, &before);
	set_apply(s);
	error = set_keyvalues(s);
	if (s->created)
		life_begin(s->op, s->target);
	if (error != 0 && s->created)
		return leave_corpse(s, error);
	if (error == 0)
		enter_process(s);
	life_look(s->op, s->target);
	store_flush(s->op);
	if (s->op->broken == 0) {
		int outside = make_outside(s, o, &before);

		*abort = outside != 0;
		if (outside != 0)
			return outside;
	}
	return error;
}

/* The process is registered already; now it really goes in. */
static int
attach_outside(struct set_call *s, struct outside *o)
{
	const struct prison_effects *e = effects_of(s);

	if ((s->flags & JAIL_ATTACH) == 0)
		return 0;
	if (e->attach != NULL &&
	    e->attach(s->op->t->effects_arg, &o->prison, &o->err) != 0) {
		o->left = s->target->jid;
		return op_fail(s->op, errno != 0 ? errno : EIO,
		    "attach failed");
	}
	prison_entered(s->op->t, s->target);
	return 0;
}

static int
finish(struct set_call *s, struct outside *o, struct iovec *iov)
{
	const struct prison_effects *e = effects_of(s);
	struct option *desc;

	if (o->made && e->created != NULL)
		e->created(s->op->t->effects_arg, &o->prison);
	life_kill_pending(s->op);
	if (o->fd >= 0 && (desc = option_find(&s->opts, "desc")) != NULL)
		memcpy(iov[desc->index + 1].iov_base, &o->fd, sizeof o->fd);
	return attach_outside(s, o);
}

/* One attempt; MDB_MAP_FULL asks for another with a larger map. */
static int
attempt(struct prison_table *t, struct iovec *iov, unsigned niov, int flags,
    int *jid)
{
	struct op op = { .t = t };
	struct set_call s = { .op = &op, .flags = flags };
	struct outside o = { .fd = -1 };
	bool abort;
	int error, rc;

	error = store_begin(&op, true);
	if (error != 0)
		return error;
	error = prepare(&s, iov, niov, &o, &abort);
	if (abort) {
		mdb_txn_abort(op.txn);
		op.txn = NULL;
		undo_outside(&s, &o);
	} else if ((rc = store_commit(&op)) != 0) {
		undo_outside(&s, &o);
		error = rc;
	} else if (error == 0)
		error = finish(&s, &o, iov);
	else
		life_kill_pending(&op);
	if (error == 0)
		*jid = s.target->jid;
	else if (error > 0)
		options_write_message(&op, &s.opts, iov);
	store_abort(&op);
	if (o.left != 0)
		prison_leave(t, o.left);
	return error;
}

int
prison_set(struct prison_table *t, struct iovec *iov, unsigned niov, int flags)
{
	int error, jid = -1;

	if (t->read_only) {
		errno = EROFS;
		return -1;
	}
	while ((error = attempt(t, iov, niov, flags, &jid)) == MDB_MAP_FULL &&
	    (error = store_grow(t)) == 0)
		;
	if (error == 0)
		return jid;
	errno = error;
	return -1;
}
