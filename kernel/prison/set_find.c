/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2), rows 37 to 53: which prison it is about. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desc.h"
#include "life.h"
#include "set.h"
#include "tree.h"

static bool
is_old(const struct set_call *s)
{
	return s->op->t->generation == JAIL_GEN_13;
}

static bool
is_alive(const struct record *r)
{
	return r != NULL && r->state == PRISON_ALIVE;
}

static int
find_by_desc(struct set_call *s)
{
	int error = desc_find(s->op, s->desc, &s->target);

	if (error != 0)
		return error;
	if (s->mode == JAIL_CREATE)
		return op_fail(s->op, EEXIST, "jail %d already exists",
		    s->target->jid);
	if (s->jid != 0 && s->jid != s->target->jid)
		return op_fail(s->op, EINVAL, "cannot change jid");
	s->jid = s->target->jid;
	return 0;
}

/* A creation by a name that ends in a number asks for that jid. */
static void
take_jid_from_name(struct set_call *s)
{
	const char *dot;
	char *end;

	if (s->mode != JAIL_CREATE || s->jid != 0 || s->name == NULL)
		return;
	dot = strrchr(s->name, '.');
	s->jid = (int)strtoul(dot != NULL ? dot + 1 : s->name, &end, 10);
	if (*end != '\0')
		s->jid = 0;
}

/* Generation 13: a dying prison holds its jid. */
static int
find_by_jid_13(struct set_call *s)
{
	struct record *r = life_get(s->op, s->jid);

	if (r == NULL)
		return s->mode != JAIL_UPDATE ? 0 :
		    op_fail(s->op, ENOENT, "jail %d not found", s->jid);
	if (s->mode == JAIL_CREATE)
		return op_fail(s->op, EEXIST, "jail %d already exists",
		    s->jid);
	if (!tree_below(s->op, s->my, r))
		return op_fail(s->op, ENOENT, "jail %d not found", s->jid);
	if (!is_alive(r) && (s->flags & JAIL_DYING) == 0)
		return op_fail(s->op, ENOENT, "jail %d is dying", s->jid);
	s->target = r;
	s->parent = tree_parent(s->op, r);
	return 0;
}

/* Since generation 15 a dying prison makes room for a living one. */
static int
find_by_jid_15(struct set_call *s)
{
	struct record *r = life_get(s->op, s->jid);

	if (r != NULL && !is_alive(r)) {
		s->corpse = r;
		r = NULL;
	}
	if (r != NULL && s->mode == JAIL_CREATE)
		return op_fail(s->op, EEXIST, "jail %d already exists",
		    s->jid);
	if (r == NULL ? s->mode == JAIL_UPDATE :
	    !tree_below(s->op, s->my, r))
		return op_fail(s->op, ENOENT, "jail %d not found", s->jid);
	s->target = r;
	return 0;
}

static int
find_by_jid(struct set_call *s)
{
	take_jid_from_name(s);
	if (s->jid == 0)
		return 0;
	if (s->jid < 0)
		return op_fail(s->op, EINVAL, "negative jid");
	return is_old(s) ? find_by_jid_13(s) : find_by_jid_15(s);
}

/* Everything before the last dot is the parent's name. */
static int
find_named_parent(struct set_call *s)
{
	const char *dot = strrchr(s->name, '.');
	size_t len;
	char *prefix;

	s->component = dot == NULL ? s->name : dot + 1;
	if (dot == NULL)
		return 0;
	len = (size_t)(dot - s->name);
	if (s->target != NULL) {
		if (strlen(s->parent->name) != len ||
		    strncmp(s->name, s->parent->name, len) != 0)
			return op_fail(s->op, EINVAL,
			    "cannot change jail's parent");
		return 0;
	}
	prefix = arena_copy(&s->op->arena, s->name, len);
	if (prefix == NULL)
		return ENOMEM;
	s->parent = find_name(s->op, s->my, prefix);
	if (s->parent == NULL)
		return op_fail(s->op, ENOENT, "jail \"%s\" not found", prefix);
	if (!is_alive(s->parent))
		return op_fail(s->op, ENOENT, "jail \"%s\" is dying", prefix);
	return 0;
}

static int
find_component(struct set_call *s)
{
	struct record *r = find_child(s->op, s->parent, s->component,
	    s->target);

	if (is_alive(r)) {
		if (s->target != NULL || s->mode == JAIL_CREATE)
			return op_fail(s->op, EEXIST,
			    "jail \"%s\" already exists", s->name);
		s->target = r;
		return 0;
	}
	if (s->target != NULL)
		return 0;
	if (is_old(s) && r != NULL && s->mode != JAIL_CREATE) {
		if ((s->flags & JAIL_DYING) != 0) {
			s->target = r;
			return 0;
		}
		if (s->mode == JAIL_UPDATE)
			return op_fail(s->op, ENOENT, "jail \"%s\" is dying",
			    s->name);
	}
	return s->mode != JAIL_UPDATE ? 0 :
	    op_fail(s->op, ENOENT, "jail \"%s\" not found", s->name);
}

static int
find_by_name(struct set_call *s)
{
	int error;

	if (s->name == NULL)
		return s->mode != JAIL_UPDATE || s->target != NULL ? 0 :
		    op_fail(s->op, ENOENT, "update specified no jail");
	error = find_named_parent(s);
	if (error == 0 && s->component[0] != '\0')
		error = find_component(s);
	return error;
}

int
set_find(struct set_call *s)
{
	int error;

	if (!is_alive(s->my))
		return EAGAIN;
	s->parent = s->my;
	error = (s->flags & JAIL_USE_DESC) != 0 ? find_by_desc(s) :
	    find_by_jid(s);
	return error == 0 ? find_by_name(s) : error;
}

static bool
limit_reached(struct set_call *s)
{
	for (struct record *r = s->my; r != NULL; r = tree_parent(s->op, r)) {
		if (r->children_cur < r->children_max)
			continue;
		life_look_below(s->op, r);
		if (r->children_cur >= r->children_max)
			return true;
	}
	return false;
}

/* The first free number from `jid` to `last`, 0 when there is none. */
static int
first_gap(struct op *op, int jid, int last)
{
	int next = jid_after(op, jid - 1);

	for (; jid <= last; jid++) {
		if (next != jid)
			return jid;
		if (life_get(op, jid) == NULL)
			return jid;
		next = jid_after(op, jid);
	}
	return 0;
}

static int
next_jid(struct op *op)
{
	int start = op->meta.lastprid % PRISON_JID_MAX + 1;
	int jid = jid_last(op) < start ? start :
	    first_gap(op, start, PRISON_JID_MAX);

	if (jid == 0)
		jid = first_gap(op, 1, op->meta.lastprid);
	if (jid != 0) {
		op->meta.lastprid = jid;
		op->meta_dirty = true;
	}
	return jid;
}

/* Numbers for dying prisons that must move go downward from the top. */
static int
next_dead_jid(struct op *op)
{
	int start = op->meta.lastdeadid > 1 ? op->meta.lastdeadid - 1 :
	    PRISON_JID_MAX;
	int jid = start;

	do {
		if (life_get(op, jid) == NULL) {
			op->meta.lastdeadid = jid;
			op->meta_dirty = true;
			return jid;
		}
		jid = jid > 1 ? jid - 1 : PRISON_JID_MAX;
	} while (jid != start);
	return 0;
}

static void
fill_new(struct set_call *s, struct record *r)
{
	const struct record *p = s->parent;

	r->jid = s->jid;
	r->parent = p->jid;
	r->state = PRISON_ALIVE;
	r->flags = PR_IP4_SADDRSEL | PR_IP6_SADDRSEL;
	r->enforce_statfs = 2;
	r->securelevel = p->securelevel;
	r->devfs_ruleset = p->devfs_ruleset;
	r->osreldate = p->osreldate;
	r->osrelease = p->osrelease;
	r->path = s->op->t->root[0] != '\0' ? s->op->t->root : "/";
	r->hostname = r->domainname = r->meta = r->env = "";
	r->hostuuid = "00000000-0000-0000-0000-000000000000";
}

int
set_allocate(struct set_call *s)
{
	struct op *op = s->op;
	int dead;

	if (limit_reached(s))
		return op_fail(op, EPERM, "prison limit exceeded");
	if (s->jid == 0 && (s->jid = next_jid(op)) == 0)
		return op_fail(op, EAGAIN, "no available jail IDs");
	if (s->corpse != NULL && !s->corpse->gone) {
		dead = next_dead_jid(op);
		if (dead == 0)
			return op_fail(op, EAGAIN, "no available jail IDs");
		record_renumber(op, s->corpse, dead);
	}
	s->target = record_new(op);
	if (s->target == NULL)
		return ENOMEM;
	s->created = true;
	fill_new(s, s->target);
	return 0;
}
