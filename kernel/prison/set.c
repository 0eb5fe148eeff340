/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2): the phases in their order, effects and commit. */
#include "set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "begun.h"
#include "desc.h"
#include "life.h"
#include "tree.h"

/* Nothing was done yet: prisons have to end first. */
#define AGAIN (-1)

/* A prison whose holder this call has made. */
struct made {
	struct made *next;
	struct record *prison;
};

/* A prison whose values were changed. */
struct updated {
	struct updated *next;
	struct prison before, after;
	char *told;  /* by the effects, before what a look cannot tell */
	bool failed; /* so it was done in part */
};

/* What is to be undone or finished outside the table. */
struct outside {
	struct prison prison;
	bool was_persistent;
	struct error err;
	struct made *made;
	struct updated *updated;
	int fd;	  /* a new descriptor, or -1 */
	int left; /* the prison that the process could not enter */
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

/* For a new prison, or one that lives again. */
static int
make_holder(struct set_call *s, struct outside *o, struct record *r)
{
	const struct prison_effects *e = effects_of(s);
	struct prison p, parent;
	struct made *m;

	if (e->create == NULL)
		return 0;
	m = arena_alloc(&s->op->arena, sizeof *m);
	if (m == NULL)
		return ENOMEM;
	life_view(s->op, r, &p);
	life_view(s->op, tree_parent(s->op, r), &parent);
	p.holder = (struct prison_proc){ 0 };
	if (e->create(s->op->t->effects_arg, &p, &parent, &o->err) != 0)
		return op_fail(s->op, errno != 0 ? errno : EIO, "%s",
		    o->err.text);
	*m = (struct made){ o->made, r };
	o->made = m;
	r->holder_pid = p.holder.pid;
	r->holder_id = p.holder.id;
	record_changed(s->op, r);
	return 0;
}

/* Holders for the revived ones that have none any more, from the top down. */
static int
revive_holders(struct set_call *s, struct outside *o, struct record *r)
{
	int error;

	if (r == NULL || r->jid == 0 || (r->flags & PR_REVIVED) == 0 ||
	    r->holder_pid == 0 || life_holder_lives(s->op, r))
		return 0;
	error = revive_holders(s, o, tree_parent(s->op, r));
	return error == 0 ? make_holder(s, o, r) : error;
}

static bool
same_bytes(const void *a, size_t len, const void *b, size_t other)
{
	return len == other && (len == 0 || a == b || memcmp(a, b, len) == 0);
}

/* Whether an update does what a look cannot tell. */
static bool
is_silent(const struct prison *a, const struct prison *b)
{
	return !same_bytes(a->ip4_addr, a->ip4_count * sizeof *a->ip4_addr,
	    b->ip4_addr, b->ip4_count * sizeof *b->ip4_addr) ||
	    !same_bytes(a->ip6_addr, a->ip6_count * sizeof *a->ip6_addr,
	    b->ip6_addr, b->ip6_count * sizeof *b->ip6_addr) ||
	    a->ip4_saddrsel != b->ip4_saddrsel ||
	    a->ip6_saddrsel != b->ip6_saddrsel ||
	    !same_bytes(a->extra_list, a->extra_list_len, b->extra_list,
	    b->extra_list_len);
}

static int
note_change(struct set_call *s, struct outside *o, struct updated *u)
{
	const struct prison_effects *e = effects_of(s);
	char *told = NULL;
	int error;

	if (e->tell != NULL && e->tell(s->op->t->effects_arg, &u->before,
	    &u->after, &told, &o->err) != 0)
		return op_fail(s->op, errno != 0 ? errno : EIO, "%s",
		    o->err.text);
	u->told = arena_copy(&s->op->arena, told != NULL ? told : "",
	    (told != NULL ? strlen(told) : 0) + 1);
	free(told);
	if (u->told == NULL)
		return ENOMEM;
	error = begun_note(s->op, u->after.record, u->told);
	return error == 0 ? 0 : op_fail(s->op, error, error == EAGAIN ?
	    "an earlier change that was cut off could not be undone yet" :
	    "noting what changes: %s", strerror(error));
}

static int
update_one(struct set_call *s, struct outside *o, const struct prison *before,
    const struct prison *after)
{
	const struct prison_effects *e = effects_of(s);
	struct updated *u;
	int error;

	if (e->update == NULL)
		return 0;
	u = arena_alloc(&s->op->arena, sizeof *u);
	if (u == NULL)
		return ENOMEM;
	*u = (struct updated){ o->updated, *before, *after, NULL, false };
	error = is_silent(before, after) ? note_change(s, o, u) : 0;
	if (error != 0)
		return error;
	o->updated = u;
	u->failed = e->update(s->op->t->effects_arg, before, after,
	    &o->err) != 0;
	return !u->failed ? 0 :
	    op_fail(s->op, errno != 0 ? errno : EIO, "%s", o->err.text);
}

/* What has followed a change of the prison above, as it was. */
static bool
view_before(struct op *op, struct record *r, struct prison *p)
{
	struct record was = *r;

	if (!r->changed || r->state != PRISON_ALIVE || r->gone ||
	    (r->had_ip4.data == r->ip4.data &&
	    r->had_ip6.data == r->ip6.data &&
	    r->had_ip4.count == r->ip4.count &&
	    r->had_ip6.count == r->ip6.count &&
	    r->had_hostname == r->hostname &&
	    r->had_domainname == r->domainname))
		return false;
	was.ip4 = r->had_ip4;
	was.ip6 = r->had_ip6;
	was.hostname = r->had_hostname;
	was.domainname = r->had_domainname;
	life_view(op, &was, p);
	return true;
}

struct update_below {
	struct set_call *call;
	struct outside *outside;
	int error;
};

static enum walk
update_below(struct op *op, struct record *r, int depth, void *arg)
{
	struct update_below *u = arg;
	struct prison before, after;

	(void)depth;
	if (!view_before(op, r, &before))
		return WALK_NEXT;
	life_view(op, r, &after);
	u->error = update_one(u->call, u->outside, &before, &after);
	return u->error == 0 ? WALK_NEXT : WALK_STOP;
}

static int
update_outside(struct set_call *s, struct outside *o,
    const struct prison *before)
{
	struct update_below below = { s, o, 0 };
	int error = update_one(s, o, before, &o->prison);

	if (error != 0)
		return error;
	tree_walk(s->op, s->target, update_below, &below);
	return below.error;
}

static int
make_outside(struct set_call *s, struct outside *o,
    const struct prison *before)
{
	struct record *r = s->target;
	int error = 0;

	if (r->gone || r->state != PRISON_ALIVE)
		return 0;
	if (s->created)
		error = make_holder(s, o, r);
	life_view(s->op, r, &o->prison);
	o->prison.extra_again = s->created ? 0 :
	    s->extra_mentioned & s->extra_on & ~EXTRA_LIST;
	o->prison.names_again = s->hostname != NULL || s->domainname != NULL;
	if (!s->created)
		error = update_outside(s, o, before);
	if (error == 0 && (s->flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) != 0) {
		o->fd = desc_make(s->op, r, (s->flags & JAIL_OWN_DESC) != 0);
		if (o->fd < 0)
			return errno;
	}
	return error;
}

/* A failed one may have been done in part. */
static bool
undo_update(struct set_call *s, struct updated *u)
{
	const struct prison_effects *e = effects_of(s);
	struct error ignored = { 0 };

	if (u->failed)
		u->before.unsure = u->told != NULL ? u->told : "";
	return e->update(s->op->t->effects_arg, &u->after, &u->before,
	    &ignored) == 0;
}

/* What cannot be undone stays noted, for the next call. */
static void
undo_outside(struct set_call *s, struct outside *o)
{
	const struct prison_effects *e = effects_of(s);
	struct prison p;
	bool undone = true;

	for (; o->made != NULL; o->made = o->made->next) {
		life_view(s->op, o->made->prison, &p);
		if (e->abandon != NULL)
			e->abandon(s->op->t->effects_arg, &p);
	}
	for (struct updated *u = o->updated; u != NULL; u = u->next)
		undone &= undo_update(s, u);
	if (undone)
		begun_clear(s->op);
	if (o->fd >= 0)
		close(o->fd);
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
	if (life_ends_holders(s->op))
		return AGAIN;
	if (error == 0 && s->target == NULL)
		error = set_allocate(s);
	if (error == 0)
		error = set_check(s);
	if (error != 0)
		return error;
	life_view(s->op, s->target, &before);
	o->was_persistent = before.persist;
	set_apply(s);
	error = set_keyvalues(s);
	if (s->created)
		life_begin(s->op, s->target);
	if (error != 0 && s->created)
		return leave_corpse(s, error);
	if (!s->created) {
		int outside = revive_holders(s, o, s->target);

		*abort = outside != 0;
		if (outside != 0)
			return outside;
	}
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

/* At once what the next look would tell it. */
static void
tell_holder(struct set_call *s, struct outside *o)
{
	const struct prison_effects *e = effects_of(s);
	const struct prison *p = &o->prison;

	if (s->created || p->holder.pid == 0 || e->ends == NULL ||
	    (p->persist == o->was_persistent && (s->flags & JAIL_ATTACH) == 0))
		return;
	e->ends(s->op->t->effects_arg, p, s->target->on_holder);
}

static void
release_holders(struct set_call *s, struct outside *o)
{
	const struct prison_effects *e = effects_of(s);
	struct prison p;

	for (struct made *m = o->made; m != NULL; m = m->next) {
		life_view(s->op, m->prison, &p);
		if (e->created != NULL)
			e->created(s->op->t->effects_arg, &p);
	}
}

/* The call was made, and is committed. */
static int
finish(struct set_call *s, struct outside *o, struct iovec *iov)
{
	struct option *desc;

	tell_holder(s, o);
	life_kill_pending(s->op);
	if (o->fd >= 0 && (desc = option_find(&s->opts, "desc")) != NULL)
		memcpy(iov[desc->index + 1].iov_base, &o->fd, sizeof o->fd);
	return attach_outside(s, o);
}

/* One attempt; AGAIN asks for another, MDB_MAP_FULL for a larger map. */
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
		/* Nobody else begins before it is undone. */
		undo_outside(&s, &o);
		mdb_txn_abort(op.txn);
		op.txn = NULL;
	} else if ((rc = store_commit(&op)) != 0) {
		undo_outside(&s, &o);
		error = rc;
	} else {
		release_holders(&s, &o);
		if (error == 0)
			error = finish(&s, &o, iov);
		life_kill_pending(&op);
	}
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
	do {
		error = attempt(t, iov, niov, flags, &jid);
		if (error == MDB_MAP_FULL && (error = store_grow(t)) == 0)
			error = AGAIN;
	} while (error == AGAIN);
	if (error == 0)
		return jid;
	errno = error;
	return -1;
}
