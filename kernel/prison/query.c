/* SPDX-License-Identifier: BSD-2-Clause */
/* What backends and tests ask of a table beside the jail calls. */
#include <errno.h>
#include <stddef.h>

#include "engine.h"
#include "life.h"
#include "tree.h"

/*
 * Runs a look at the table in a read transaction.  When it meets prisons that
 * have ended meanwhile, it is run for that alone in a write transaction
 * (op->write), and then again.
 */
static int
run_look(struct prison_table *t, int (*look)(struct op *op, void *arg),
    void *arg)
{
	int error = EINVAL;
	bool write = false, again = t->env != NULL || !t->read_only;

	while (again) {
		struct op op = { .t = t };

		error = store_begin(&op, write);
		if (error != 0)
			break;
		error = look(&op, arg);
		again = write || (op.stale && !t->read_only);
		if (write) {
			error = store_commit(&op);
			if (error == 0)
				life_kill_pending(&op);
		}
		store_abort(&op);
		if (error == MDB_MAP_FULL)
			error = store_grow(t);
		if (write && error != 0)
			break;
		write = again && !write;
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

struct one {
	int jid;
	struct prison *p;
};

static int
look_one(struct op *op, void *arg)
{
	struct one *one = arg;
	struct record *r = life_get(op, one->jid);

	if (r == NULL || r->jid == 0 || r->state != PRISON_ALIVE)
		return EINVAL;
	if (op->write)
		return 0;
	life_view(op, r, one->p);
	/* The lists end with the call. */
	one->p->ip4_addr = NULL;
	one->p->ip6_addr = NULL;
	one->p->ip4_count = one->p->ip6_count = 0;
	one->p->procs = NULL;
	one->p->proc_count = 0;
	one->p->record = NULL;
	return 0;
}

int
prison_find(struct prison_table *t, int jid, struct prison *p)
{
	struct one one = { jid, p };

	return run_look(t, look_one, &one);
}

struct walker {
	int jid;
	int (*each)(void *arg, const struct prison *p);
	void *arg;
	int result;
};

static enum walk
refresh(struct op *op, struct record *r, int depth, void *arg)
{
	(void)depth;
	(void)arg;
	return life_look(op, r) == NULL ? WALK_SKIP : WALK_NEXT;
}

static enum walk
pass_on(struct op *op, struct record *r, int depth, void *arg)
{
	struct walker *w = arg;
	struct prison p;

	(void)depth;
	life_view(op, r, &p);
	w->result = w->each(w->arg, &p);
	return w->result == 0 ? WALK_NEXT : WALK_STOP;
}

static int
look_all(struct op *op, void *arg)
{
	struct walker *w = arg;
	struct record *r = life_get(op, w->jid);

	if (r == NULL)
		return EINVAL;
	tree_walk(op, r, refresh, NULL);
	if (op->write || (op->stale && !op->t->read_only))
		return 0;
	if (r->gone)
		return EINVAL;
	if (r->jid == 0 || pass_on(op, r, 0, w) == WALK_NEXT)
		tree_walk(op, r, pass_on, w);
	return 0;
}

int
prison_walk(struct prison_table *t, int jid,
    int (*each)(void *arg, const struct prison *p), void *arg)
{
	struct walker w = { jid, each, arg, 0 };

	return run_look(t, look_all, &w) == 0 ? w.result : -1;
}

bool
prison_changed(struct prison_table *t)
{
	MDB_envinfo info;

	if (t->env == NULL || mdb_env_info(t->env, &info) != 0 ||
	    info.me_last_txnid == t->seen)
		return false;
	t->seen = info.me_last_txnid;
	return true;
}

struct prison_table *
prison_table_of(const struct jail_kernel *k)
{
	return *(struct prison_table *const *)k->data;
}

enum jail_generation
prison_generation(const struct prison_table *t)
{
	return t->generation == JAIL_GEN_13 ? JAIL_GEN_13 : JAIL_GEN_15;
}

/* A change of the table that is no jail call. */
static int
run_hook(struct prison_table *t, void (*hook)(struct op *op, const int *arg),
    const int *arg)
{
	struct op op = { .t = t };
	int error;

	if (t->read_only) {
		errno = EROFS;
		return -1;
	}
	error = store_begin(&op, true);
	if (error == 0) {
		hook(&op, arg);
		error = store_commit(&op);
	}
	store_abort(&op);
	errno = error;
	return error == 0 ? 0 : -1;
}

static void
set_counters(struct op *op, const int *arg)
{
	op->meta.lastprid = arg[0];
	op->meta.lastdeadid = arg[1];
	op->meta_dirty = true;
}

int
prison_set_counters(struct prison_table *t, int last, int lastdead)
{
	const int values[2] = { last, lastdead };

	return run_hook(t, set_counters, values);
}

static void
drop_leaks(struct op *op, const int *arg)
{
	struct jids busy;

	(void)arg;
	jids_busy(op, SIZE_MAX, &busy);
	for (size_t i = 0; i < busy.count; i++) {
		struct record *r = record_get(op, busy.jid[i]);

		if (r != NULL && r->leaks > 0) {
			r->leaks = 0;
			record_changed(op, r);
			life_look(op, r);
		}
	}
}

int
prison_drop_leaks(struct prison_table *t)
{
	return run_hook(t, drop_leaks, NULL);
}
