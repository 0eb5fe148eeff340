/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2), from row 71 on, and what flows down (jail-semantics 2.11). */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "allow.h"
#include "kernel/nested.h"
#include "keyvalue.h"
#include "set.h"
#include "tree.h"

#define PLAIN_FLAGS (PR_PERSIST | PR_IP4_SADDRSEL | PR_IP6_SADDRSEL)

/* A number of a prison that was set, and how those below it follow. */
struct follow {
	size_t at; /* in the record */
	enum nested_rule rule;
	int value;
};

static enum walk
follow_number(struct op *op, struct record *r, int depth, void *arg)
{
	const struct follow *f = arg;
	int *mine = (int *)(void *)((char *)r + f->at);
	int after = (int)nested_after(f->rule, *mine, f->value, depth);

	if (*mine != after) {
		*mine = after;
		record_changed(op, r);
	}
	return WALK_NEXT;
}

static enum walk
clear_allow(struct op *op, struct record *r, int depth, void *arg)
{
	uint64_t cleared = *(const uint64_t *)arg;

	(void)depth;
	if ((r->allow & cleared) != 0) {
		r->allow &= ~cleared;
		record_changed(op, r);
	}
	return WALK_NEXT;
}

static void
set_number(struct set_call *s, const struct maybe_int *v, size_t at,
    enum nested_rule rule)
{
	struct follow f = { at, rule, v->value };

	if (!v->given)
		return;
	memcpy((char *)s->target + at, &v->value, sizeof v->value);
	tree_walk(s->op, s->target, follow_number, &f);
}

static void
apply_limits(struct set_call *s)
{
	struct maybe_int ruleset = s->devfs_ruleset;

	/* A jailed caller cannot choose: the parent's holds. */
	if (s->op->t->self != 0)
		ruleset.value = s->parent->devfs_ruleset;
	set_number(s, &s->securelevel, offsetof(struct record, securelevel),
	    NESTED_AT_LEAST);
	set_number(s, &s->children_max, offsetof(struct record, children_max),
	    NESTED_BELOW);
	set_number(s, &s->enforce_statfs,
	    offsetof(struct record, enforce_statfs), NESTED_AT_LEAST);
	set_number(s, &ruleset, offsetof(struct record, devfs_ruleset),
	    NESTED_SAME);
}

static void
apply_allow(struct set_call *s)
{
	struct record *r = s->target;
	uint64_t cleared = s->allow_mentioned & ~s->allow_on;

	if (s->created)
		r->allow = allow_default() & s->parent->allow;
	r->allow = (r->allow & ~s->allow_mentioned) | s->allow_on;
	if (cleared != 0)
		tree_walk(s->op, r, clear_allow, &cleared);
}

static void
copy_host(struct record *r, const struct record *from)
{
	r->hostname = from->hostname;
	r->domainname = from->domainname;
	r->hostuuid = from->hostuuid;
	r->hostid = from->hostid;
}

static enum walk
inherit_host(struct op *op, struct record *r, int depth, void *arg)
{
	(void)depth;
	if ((r->flags & PR_HOST) != 0)
		return WALK_SKIP;
	copy_host(r, arg);
	record_changed(op, r);
	return WALK_NEXT;
}

static void
take_text(struct set_call *s, const char **to, const char *text)
{
	const char *copy;

	if (text == NULL)
		return;
	copy = arena_copy(&s->op->arena, text, strlen(text));
	if (copy != NULL)
		*to = copy;
}

static void
apply_host(struct set_call *s)
{
	struct record *r = s->target;
	const struct record *parent = tree_parent(s->op, r);
	bool mentioned = (s->mentioned & PR_HOST) != 0;
	bool own = mentioned ? (s->on & PR_HOST) != 0 :
	    s->created || (r->flags & PR_HOST) != 0;

	if (!own) {
		if (parent != NULL && (s->created ||
		    (r->flags & PR_HOST) != 0))
			copy_host(r, parent);
		r->flags &= ~(uint32_t)PR_HOST;
		return;
	}
	r->flags |= PR_HOST;
	if (s->hostname == NULL && s->domainname == NULL &&
	    s->hostuuid == NULL && !s->have_hostid)
		return;
	take_text(s, &r->hostname, s->hostname);
	take_text(s, &r->domainname, s->domainname);
	take_text(s, &r->hostuuid, s->hostuuid);
	if (s->have_hostid)
		r->hostid = s->hostid;
	tree_walk(s->op, r, inherit_host, r);
}

static void
create_addresses(struct set_call *s, int which)
{
	const struct family *f = &families[which];
	struct record *r = s->target;
	struct list *l = family_list(f, r);

	if ((r->flags & PR_VNET) != 0)
		return;
	if ((s->mentioned & f->user) == 0 || (s->on & f->user) != 0) {
		r->flags |= f->user | f->any;
		*l = s->list[which];
		return;
	}
	r->flags |= s->parent->flags & f->any;
	*l = *family_list(f, s->parent);
}

static void
apply_addresses(struct set_call *s, int which)
{
	const struct family *f = &families[which];

	if (s->created)
		create_addresses(s, which);
	else if (s->have_list[which]) {
		*family_list(f, s->target) = s->list[which];
		addr_cascade(s->op, f, s->target);
	}
}

struct sysv_move {
	int kind;
	uint64_t from, to;
};

static enum walk
move_sysv(struct op *op, struct record *r, int depth, void *arg)
{
	const struct sysv_move *m = arg;

	(void)depth;
	if (m->to == 0 || r->sysv[m->kind] == m->from) {
		r->sysv[m->kind] = m->to;
		record_changed(op, r);
	}
	return WALK_NEXT;
}

static void
apply_sysv(struct set_call *s, int kind)
{
	struct record *r = s->target;
	const struct record *parent = tree_parent(s->op, r);
	struct sysv_move m = { kind, r->sysv[kind], 0 };

	if (!s->sysv[kind].given)
		return;
	if (s->sysv[kind].value == JAIL_SYS_NEW)
		m.to = r->serial;
	else if (s->sysv[kind].value == JAIL_SYS_INHERIT && parent != NULL)
		m.to = parent->sysv[kind];
	r->sysv[kind] = m.to;
	if (m.to == 0 || (m.from != 0 && m.from != m.to))
		tree_walk(s->op, r, move_sysv, &m);
}

struct splice {
	const char *name; /* the new full name of the renamed prison */
	size_t old, new;  /* lengths of its component */
};

/* Copies a text over a name; what lies behind its NUL stays as it was. */
static void
overwrite(char *name, const char *text)
{
	size_t n = strnlen(text, JAIL_NAME_MAX - 1);

	memmove(name, text, n);
	name[n] = '\0';
}

static bool
begins_with_parent(struct op *op, const struct record *r)
{
	const struct record *parent = tree_parent(op, r);
	size_t n = parent == NULL ? 0 : name_prefix(parent);

	return n == 0 || (strncmp(r->name, parent->name, n - 1) == 0 &&
	    r->name[n - 1] == '.');
}

/*
 * The kernel replaces as many bytes at the start of a descendant's full name
 * as the old component had by the first bytes of the new full name: right
 * below the host, wrong elsewhere (jail-semantics 2.10).
 */
static enum walk
splice_name(struct op *op, struct record *r, int depth, void *arg)
{
	const struct splice *s = arg;
	char tail[JAIL_NAME_MAX];

	(void)depth;
	snprintf(tail, sizeof tail - s->new, "%s", r->name + s->old);
	overwrite(r->name + s->new, tail);
	memcpy(r->name, s->name, s->new);
	if (!begins_with_parent(op, r))
		op->meta.twisted = 1;
	record_changed(op, r);
	return WALK_NEXT;
}

static void
apply_name(struct set_call *s)
{
	struct record *r = s->target;
	size_t prefix = name_prefix(s->parent);
	struct splice splice = { r->name, 0, 0 };
	char full[JAIL_NAME_MAX];

	if (s->component == NULL)
		return;
	splice.old = prefix < sizeof r->name ? strlen(r->name + prefix) : 0;
	splice.new = strlen(s->component);
	if (prefix == 0)
		snprintf(full, sizeof full, "%s", s->component);
	else
		snprintf(full, sizeof full, "%.*s.%s", (int)prefix - 1,
		    s->parent->name, s->component);
	overwrite(r->name, full);
	if (s->created)
		return;
	if (!begins_with_parent(s->op, r)) {
		s->op->meta.twisted = 1;
		s->op->meta_dirty = true;
	}
	tree_walk(s->op, r, splice_name, &splice);
	s->op->meta_dirty = true;
}

/* Generation 13: JAIL_DYING brings a prison and those above it back. */
static void
revive(struct set_call *s)
{
	for (struct record *r = s->target; r != NULL && r->jid != 0 &&
	    r->state == PRISON_DYING; r = tree_parent(s->op, r)) {
		r->state = PRISON_ALIVE;
		r->flags |= PR_REVIVED;
		record_changed(s->op, r);
	}
}

void
set_apply(struct set_call *s)
{
	struct record *r = s->target;
	uint32_t plain = s->mentioned & PLAIN_FLAGS;

	if (s->created) {
		r->flags |= s->on & PR_VNET;
		r->extra = s->extra_on & ~EXTRA_LIST;
		take_text(s, &r->osrelease, s->osrelease);
		take_text(s, &r->path, s->path[0] != '\0' ? s->path : NULL);
		if (s->osreldate.given)
			r->osreldate = s->osreldate.value;
	} else
		revive(s);
	r->flags = (r->flags & ~plain) | (s->on & plain);
	apply_limits(s);
	apply_allow(s);
	apply_host(s);
	for (int i = 0; i < 2; i++)
		apply_addresses(s, i);
	if ((s->extra_mentioned & EXTRA_LIST) != 0)
		r->extra_list = s->extra_list;
	for (int i = 0; i < SYSV_KINDS; i++)
		apply_sysv(s, i);
	apply_name(s);
	if (!s->created)
		record_changed(s->op, r);
}

int
set_keyvalues(struct set_call *s)
{
	struct record *r = s->target;

	for (size_t i = 0; i < s->opts.count; i++) {
		const struct option *o = &s->opts.opt[i];
		int error;

		if (o->def == NULL || o->def->type != PARAM_KEYVALUE)
			continue;
		error = keyvalue_set(&s->op->arena, o,
		    strcmp(o->def->name, "meta") == 0 ? &r->meta : &r->env);
		if (error != 0)
			return error;
	}
	return 0;
}
