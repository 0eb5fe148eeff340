/* SPDX-License-Identifier: BSD-2-Clause */
#include "life.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "allow.h"
#include "desc.h"
#include "tree.h"

static bool
is_running(struct op *op, const struct prison_proc *p, bool *zombie)
{
	const struct prison_effects *e = op->t->effects;

	*zombie = false;
	if (e != NULL && e->running != NULL)
		return e->running(op->t->effects_arg, p, zombie);
	return prison_proc_running(p, zombie);
}

/* Forgets processes that are gone; returns how many still run. */
static size_t
check_processes(struct op *op, struct record *r)
{
	const struct prison_proc *p = r->procs.data;
	struct prison_proc *kept;
	uint32_t count = 0;
	size_t running = 0;

	if (r->procs.count == 0)
		return 0;
	kept = arena_alloc(&op->arena, r->procs.count * sizeof *kept);
	if (kept == NULL)
		return 0;
	for (uint32_t i = 0; i < r->procs.count; i++) {
		bool zombie;

		if (!is_running(op, &p[i], &zombie))
			continue;
		running += !zombie;
		kept[count++] = p[i];
	}
	if (count != r->procs.count) {
		r->procs = (struct list){ kept, count };
		record_changed(op, r);
	}
	return running;
}

bool
life_holder_lives(struct op *op, const struct record *r)
{
	struct prison_proc holder = { r->holder_pid, r->holder_id };
	bool zombie;

	return r->holder_pid != 0 && is_running(op, &holder, &zombie) &&
	    !zombie;
}

static bool
holder_leaves(struct op *op, const struct record *r)
{
	const struct prison_effects *e = op->t->effects;
	struct prison_proc holder = { r->holder_pid, r->holder_id };

	return e != NULL && e->leaving != NULL &&
	    e->leaving(op->t->effects_arg, &holder);
}

/* Whether any child is left, once all that may end have been looked at. */
static bool
has_children(struct op *op, struct record *r)
{
	struct jids children;

	jids_children(op, r->jid, &children);
	for (size_t i = 0; i < children.count; i++)
		if (life_get(op, children.jid[i]) != NULL)
			return true;
	return false;
}

static void
count_children(struct op *op, const struct record *r, int by)
{
	for (struct record *p = tree_parent(op, r); p != NULL;
	    p = tree_parent(op, p)) {
		p->children_cur += by;
		record_changed(op, p);
	}
}

void
life_begin(struct op *op, struct record *r)
{
	r->cpuset = cpuset_take(op);
	record_insert(op, r);
	count_children(op, r, 1);
}

/* The last reference has gone: the record goes, its parent may follow. */
static void
release(struct op *op, struct record *r)
{
	struct record *parent = tree_parent(op, r);
	const struct prison_effects *e = op->t->effects;
	struct prison p;

	if (e != NULL && e->gone != NULL && op->write && r->holder_pid != 0) {
		life_view(op, r, &p);
		e->gone(op->t->effects_arg, &p);
	}
	count_children(op, r, -1);
	cpuset_give(op, r->cpuset);
	r->gone = true;
	record_changed(op, r);
	if (parent != NULL && parent->jid != 0)
		life_look(op, parent);
}

static void
kill_later(struct op *op, struct record *r)
{
	struct pending *k;

	if (r->procs.count == 0 && r->holder_pid == 0)
		return;
	/* After the commit only what was read before it can be viewed. */
	for (const struct record *up = r; up != NULL && up->jid != 0;)
		up = tree_parent(op, up);
	k = arena_alloc(&op->arena, sizeof *k);
	if (k == NULL)
		return;
	*k = (struct pending){ op->kills, r, r->procs };
	op->kills = k;
}

static void
turn_dying(struct op *op, struct record *r)
{
	r->state = PRISON_DYING;
	r->flags &= ~(uint32_t)(PR_PERSIST | PR_REVIVED | PR_ENDS);
	r->owners.count = 0;
	record_changed(op, r);
	kill_later(op, r);
}

static enum walk
turn_dying_below(struct op *op, struct record *r, int depth, void *arg)
{
	(void)depth;
	(void)arg;
	if (r->state != PRISON_ALIVE)
		return WALK_SKIP;
	turn_dying(op, r);
	return WALK_NEXT;
}

void
life_end(struct op *op, struct record *r)
{
	if (r->state == PRISON_ALIVE) {
		turn_dying(op, r);
		tree_walk(op, r, turn_dying_below, NULL);
	}
	life_look(op, r);
}

/*
 * The holder is only told what is committed, and the flag is written after it
 * was told: a call that is killed in between leaves what the next look repeats.
 */
static void
tell_holder(struct op *op, struct record *r, bool ends)
{
	const struct prison_effects *e = op->t->effects;
	struct prison p;

	if (r->holder_pid == 0 || r->changed || e == NULL || e->ends == NULL ||
	    ((r->flags & PR_ENDS) != 0) == ends || op->t->read_only)
		return;
	life_view(op, r, &p);
	e->ends(op->t->effects_arg, &p, ends);
	r->flags ^= PR_ENDS;
	record_changed(op, r);
}

/* Whether the holder has processes, with the last of which it ends then. */
static bool
holder_is_busy(struct op *op, struct record *r)
{
	const struct prison_effects *e = op->t->effects;
	struct prison p;

	if (r->holder_pid == 0)
		return false;
	r->on_holder = true;
	if (((r->flags & PR_ENDS) != 0 && !r->changed) || e == NULL ||
	    e->busy == NULL || op->t->read_only)
		return true;
	life_view(op, r, &p);
	if (e->busy(op->t->effects_arg, &p) == 0)
		return false;
	tell_holder(op, r, true);
	return true;
}

/* Alive: has it lost its last user, its holder, or its owner? */
static void
check_alive(struct op *op, struct record *r, size_t running)
{
	if ((r->holder_pid != 0 && (!life_holder_lives(op, r) ||
	    holder_leaves(op, r))) ||
	    (r->owners.count > 0 && desc_owner_closed(op, r))) {
		r->settling = false;
		life_end(op, r);
		return;
	}
	r->on_holder = false;
	if ((r->flags & PR_PERSIST) != 0 || running > 0) {
		tell_holder(op, r, false);
		return;
	}
	if (has_children(op, r) ||
	    ((r->flags & PR_REVIVED) != 0 && r->procs.count > 0) ||
	    holder_is_busy(op, r))
		return;
	turn_dying(op, r);
}

/*
 * A prison that is dying in the table but has a living holder: whoever removed
 * it may have died before it came to kill.  The identity in the record keeps
 * this from hitting anything else.  With `last` nothing else is in the way of
 * the prison's end, so that waiting a little is of use.
 */
static void
kill_again(struct op *op, struct record *r, bool last)
{
	const struct prison_effects *e = op->t->effects;
	struct prison p;

	if (e == NULL || e->kill == NULL || op->t->read_only)
		return;
	for (struct pending *k = op->kills; k != NULL; k = k->next)
		if (k->prison == r)
			return; /* its time comes after the commit */
	life_view(op, r, &p);
	if (last)
		e->kill(op->t->effects_arg, &p, NULL, 0);
	else
		prison_proc_signal(&p.holder, SIGKILL);
}

static bool
is_held(struct op *op, struct record *r)
{
	bool last = r->procs.count == 0 && r->leaks == 0 &&
	    !has_children(op, r);

	if (!life_holder_lives(op, r))
		return !last;
	kill_again(op, r, last);
	return !last || life_holder_lives(op, r);
}

struct record *
life_look(struct op *op, struct record *r)
{
	size_t running;

	if (r == NULL || r->gone || r->jid == 0 || r->settling)
		return r == NULL || r->gone ? NULL : r;
	r->settling = true;
	running = check_processes(op, r);
	if (r->state == PRISON_ALIVE)
		check_alive(op, r, running);
	if (!r->gone && r->state == PRISON_DYING && !is_held(op, r))
		release(op, r);
	r->settling = false;
	return r->gone ? NULL : r;
}

struct record *
life_get(struct op *op, int jid)
{
	return life_look(op, record_get(op, jid));
}

static enum walk
look_each(struct op *op, struct record *r, int depth, void *arg)
{
	(void)depth;
	(void)arg;
	return life_look(op, r) == NULL ? WALK_SKIP : WALK_NEXT;
}

void
life_look_below(struct op *op, const struct record *top)
{
	struct jids busy;

	if (top->children_cur <= 0)
		return;
	jids_busy(op, (size_t)top->children_cur + 1, &busy);
	if (busy.count > (size_t)top->children_cur) {
		tree_walk(op, top, look_each, NULL);
		return;
	}
	for (size_t i = 0; i < busy.count; i++) {
		struct record *r = record_get(op, busy.jid[i]);

		if (r != NULL && tree_below(op, top, r))
			life_look(op, r);
	}
}

void
life_add_process(struct op *op, struct record *r, const struct prison_proc *p)
{
	struct prison_proc *all;
	uint32_t n = r->procs.count;

	life_remove_process(op, r, p);
	n = r->procs.count;
	all = arena_alloc(&op->arena, (n + 1) * sizeof *all);
	if (all == NULL)
		return;
	if (n > 0)
		memcpy(all, r->procs.data, n * sizeof *all);
	all[n] = *p;
	r->procs = (struct list){ all, n + 1 };
	r->flags &= ~(uint32_t)PR_REVIVED;
	record_changed(op, r);
}

void
life_remove_process(struct op *op, struct record *r,
    const struct prison_proc *p)
{
	const struct prison_proc *old = r->procs.data;
	struct prison_proc *kept;
	uint32_t count = 0;

	if (r->procs.count == 0)
		return;
	kept = arena_alloc(&op->arena, r->procs.count * sizeof *kept);
	if (kept == NULL)
		return;
	for (uint32_t i = 0; i < r->procs.count; i++)
		if (old[i].pid != p->pid || old[i].id != p->id)
			kept[count++] = old[i];
	if (count != r->procs.count) {
		r->procs = (struct list){ kept, count };
		record_changed(op, r);
	}
}

static int
jailsys_of(const struct record *r, uint32_t flag)
{
	return (r->flags & flag) != 0 ? JAIL_SYS_NEW : JAIL_SYS_INHERIT;
}

/* The serials of those above it and its own, the outermost first. */
static void
view_line(struct op *op, const struct record *r, struct prison *p)
{
	uint32_t at = PRISON_DEPTH;

	for (; r != NULL && r->jid != 0 && at > 0; r = tree_parent(op, r))
		p->line[--at] = r->serial;
	p->depth = PRISON_DEPTH - at;
	memmove(p->line, p->line + at, p->depth * sizeof *p->line);
}

void
life_view(struct op *op, struct record *r, struct prison *p)
{
	memset(p, 0, sizeof *p);
	p->jid = r->jid;
	p->parent = r->parent;
	p->serial = r->serial;
	view_line(op, r, p);
	p->state = r->state;
	snprintf(p->name, sizeof p->name, "%s", r->name);
	snprintf(p->path, sizeof p->path, "%s", r->path);
	p->persist = (r->flags & PR_PERSIST) != 0;
	p->vnet = jailsys_of(r, PR_VNET);
	p->host = jailsys_of(r, PR_HOST);
	p->ip4 = jailsys_of(r, PR_IP4);
	p->ip6 = jailsys_of(r, PR_IP6);
	snprintf(p->hostname, sizeof p->hostname, "%s", r->hostname);
	snprintf(p->domainname, sizeof p->domainname, "%s", r->domainname);
	p->ip4_addr = r->ip4.data;
	p->ip4_count = r->ip4.count;
	p->ip6_addr = r->ip6.data;
	p->ip6_count = r->ip6.count;
	p->raw_sockets = (r->allow & allow_bit("allow.raw_sockets")) != 0;
	p->ip4_saddrsel = (r->flags & PR_IP4_SADDRSEL) != 0;
	p->ip6_saddrsel = (r->flags & PR_IP6_SADDRSEL) != 0;
	if (p->ip4 == JAIL_SYS_NEW && p->ip4_count == 0)
		p->ip4 = JAIL_SYS_DISABLE;
	if (p->ip6 == JAIL_SYS_NEW && p->ip6_count == 0)
		p->ip6 = JAIL_SYS_DISABLE;
	p->holder = (struct prison_proc){ r->holder_pid, r->holder_id };
	p->extra = r->extra;
	p->extra_list = r->extra_list.data;
	p->extra_list_len = r->extra_list.count;
	p->record = r;
	p->keep = &op->t->keep;
	p->procs = r->procs.data;
	p->proc_count = r->procs.count;
}

bool
life_ends_holders(const struct op *op)
{
	for (const struct pending *k = op->kills; k != NULL; k = k->next)
		if (k->prison->holder_pid != 0)
			return true;
	return false;
}

void
life_kill_pending(struct op *op)
{
	const struct prison_effects *e = op->t->effects;
	struct prison p;

	for (struct pending *k = op->kills; k != NULL; k = k->next) {
		if (e == NULL || e->kill == NULL)
			continue;
		life_view(op, k->prison, &p);
		e->kill(op->t->effects_arg, &p, k->procs.data,
		    k->procs.count);
	}
	op->kills = NULL;
}
