/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_get(2): selecting a prison (jail-semantics 3.1) and copying out. */
#include "get.h"

#include <errno.h>
#include <string.h>

#include "desc.h"
#include "life.h"
#include "tree.h"

#define NEED_DESC (JAIL_AT_DESC | JAIL_GET_DESC | JAIL_OWN_DESC)
#define ANY_DESC (NEED_DESC | JAIL_USE_DESC)

static int
read_desc(struct get_call *g)
{
	int error;

	if (g->op->t->generation == JAIL_GEN_13)
		return 0;
	error = option_copy(&g->opts, "desc", &g->desc, sizeof g->desc);
	if (error == ENOENT) {
		if ((g->flags & NEED_DESC) != 0)
			return op_fail(g->op, ENOENT, "missing desc");
		g->flags &= ~JAIL_USE_DESC;
		return 0;
	}
	if (error != 0)
		return error;
	if ((g->flags & ANY_DESC) == 0)
		return op_fail(g->op, EINVAL, "unexpected desc");
	if ((g->flags & JAIL_AT_DESC) != 0)
		return desc_find(g->op, g->desc, &g->my);
	if ((g->flags & JAIL_USE_DESC) != 0)
		return desc_find(g->op, g->desc, &g->target);
	return 0;
}

static bool
wanted_state(const struct get_call *g, const struct record *r)
{
	return r->state == PRISON_ALIVE || (g->flags & JAIL_DYING) != 0;
}

static int
select_next(struct get_call *g, int last)
{
	for (int jid = last; (jid = jid_after(g->op, jid)) != 0; ) {
		struct record *r = record_get(g->op, jid);

		if (r == NULL || !tree_below(g->op, g->my, r) ||
		    life_look(g->op, r) == NULL || !wanted_state(g, r))
			continue;
		g->target = r;
		return 0;
	}
	return op_fail(g->op, ENOENT, "no jail after %d", last);
}

static int
select_jid(struct get_call *g, int jid)
{
	struct record *r = life_get(g->op, jid);

	if (r == NULL || !tree_below(g->op, g->my, r))
		return op_fail(g->op, ENOENT, "jail %d not found", jid);
	if (!wanted_state(g, r))
		return op_fail(g->op, ENOENT, "jail %d is dying", jid);
	g->target = r;
	return 0;
}

static int
select_name(struct get_call *g, const char *name)
{
	struct record *r = find_name(g->op, g->my, name);

	if (r == NULL)
		return op_fail(g->op, ENOENT, "jail \"%s\" not found", name);
	if (!wanted_state(g, r))
		return op_fail(g->op, ENOENT, "jail \"%s\" is dying", name);
	g->target = r;
	return 0;
}

static int
select_target(struct get_call *g)
{
	const char *name;
	int key, error;

	error = option_copy(&g->opts, "lastjid", &key, sizeof key);
	if (error != ENOENT)
		return error != 0 ? error : select_next(g, key);
	error = option_copy(&g->opts, "jid", &key, sizeof key);
	if (error == 0 && key != 0)
		return select_jid(g, key);
	if (error != 0 && error != ENOENT)
		return error;
	error = option_text(&g->opts, "name", (size_t)-1, &name);
	if (error == 0)
		return select_name(g, name);
	return error != ENOENT ? error :
	    op_fail(g->op, ENOENT, "no jail specified");
}

static int
read_values(struct get_call *g)
{
	int error;

	for (size_t i = 0; i < g->opts.count; i++) {
		struct option *o = &g->opts.opt[i];

		error = get_value(g, o);
		if (error == 0)
			o->seen = true;
		else if (error != ENOENT)
			return error;
	}
	for (size_t i = 0; i < g->opts.count; i++)
		if (!g->opts.opt[i].seen)
			return op_fail(g->op, EINVAL, "unknown parameter: %s",
			    g->opts.opt[i].name);
	return 0;
}

static int
run(struct get_call *g, const struct iovec *iov, unsigned niov)
{
	int valid = g->op->t->generation == JAIL_GEN_13 ? 0x08 : 0xf8;
	const struct prison_table *t = g->op->t;
	int error;

	if (niov % 2 != 0 || (g->flags & ~valid) != 0 ||
	    (g->flags & (JAIL_USE_DESC | JAIL_AT_DESC)) ==
	    (JAIL_USE_DESC | JAIL_AT_DESC))
		return EINVAL;
	g->my = life_get(g->op, t->self);
	if (g->my == NULL || g->my->serial != t->self_serial)
		return EAGAIN;
	error = options_read(g->op, iov, niov, &g->opts);
	if (error == 0)
		error = read_desc(g);
	if (error == 0 && g->target == NULL)
		error = select_target(g);
	return error == 0 ? read_values(g) : error;
}

static void
copy_out(const struct get_call *g, struct iovec *iov)
{
	for (size_t i = 0; i < g->opts.count; i++) {
		const struct option *o = &g->opts.opt[i];
		struct iovec *to = &iov[o->index + 1];

		if (&g->opts.opt[i] == g->opts.errmsg)
			continue;
		/* Keys come back as they were; they may be constants. */
		if (o->value != NULL && o->len > 0 &&
		    memcmp(to->iov_base, o->value, o->len) != 0)
			memcpy(to->iov_base, o->value, o->len);
		to->iov_len = o->len;
	}
}

/* A new descriptor goes into the value of desc. */
static int
add_descriptor(struct get_call *g)
{
	struct option *o;
	int fd;

	if ((g->flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) == 0)
		return 0;
	fd = desc_make(g->op, g->target, (g->flags & JAIL_OWN_DESC) != 0);
	o = option_find(&g->opts, "desc");
	if (fd < 0 || o == NULL)
		return errno;
	memcpy(o->value, &fd, sizeof fd);
	return 0;
}

/* *again: what was found has to be written first. */
static int
attempt(struct get_call *g, struct iovec *iov, unsigned niov, bool write,
    bool *again)
{
	struct op *op = g->op;
	int rc, error = store_begin(op, write);

	*again = false;
	if (error != 0)
		return error;
	error = run(g, iov, niov);
	if (!write && op->stale && !op->t->read_only) {
		*again = true;
		return 0;
	}
	*again = write && life_ends_holders(op);
	if (error == 0 && write && !*again)
		error = add_descriptor(g);
	if (op->broken != 0 || op->arena.failed)
		error = op->broken == MDB_MAP_FULL ? MDB_MAP_FULL :
		    op->arena.failed ? ENOMEM : EIO;
	else if (write && (rc = store_commit(op)) != 0)
		error = rc;
	else if (*again) {
		life_kill_pending(op);
		return 0;
	}
	*again = false;
	if (error == 0)
		copy_out(g, iov);
	else if (error > 0)
		options_write_message(op, &g->opts, iov);
	if (error >= 0)
		life_kill_pending(op);
	return error;
}

/* A table that nobody has made yet has no jails. */
static int
get_from_nothing(struct prison_table *t, struct iovec *iov, unsigned niov,
    int flags)
{
	struct op op = { .t = t };
	struct get_call g = { .op = &op, .flags = flags };
	const char *name;
	int key, error = options_read(&op, iov, niov, &g.opts);

	if (error == 0)
		error = ENOENT;
	if (option_copy(&g.opts, "lastjid", &key, sizeof key) == 0)
		op_fail(&op, error, "no jail after %d", key);
	else if (option_copy(&g.opts, "jid", &key, sizeof key) == 0 &&
	    key != 0)
		op_fail(&op, error, "jail %d not found", key);
	else if (option_text(&g.opts, "name", (size_t)-1, &name) == 0)
		op_fail(&op, error, "jail \"%s\" not found", name);
	options_write_message(&op, &g.opts, iov);
	arena_free(&op.arena);
	errno = error;
	return -1;
}

int
prison_get(struct prison_table *t, struct iovec *iov, unsigned niov, int flags)
{
	bool write = (flags & (JAIL_GET_DESC | JAIL_OWN_DESC)) != 0, again;
	int error, jid = -1;

	if (t->env == NULL && t->read_only)
		return get_from_nothing(t, iov, niov, flags);
	if (write && t->read_only) {
		errno = EROFS;
		return -1;
	}
	do {
		struct op op = { .t = t };
		struct get_call g = { .op = &op, .flags = flags };

		error = attempt(&g, iov, niov, write, &again);
		if (error == 0 && !again)
			jid = g.target->jid;
		write = write || again;
		store_abort(&op);
		if (error == MDB_MAP_FULL)
			again = (error = store_grow(t)) == 0;
	} while (again);
	if (error == 0)
		return jid;
	errno = error;
	return -1;
}
