/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2), rows 55 to 70: may the prison become so? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "kernel/nested.h"
#include "set.h"
#include "tree.h"

static const char *const sysv_names[SYSV_KINDS] = {
	"sysvmsg", "sysvsem", "sysvshm",
};

static int
check_fixed(struct set_call *s)
{
	const struct record *r = s->target;
	const uint32_t ip = PR_IP4_USER | PR_IP6_USER;

	if (s->created)
		return 0;
	if ((r->flags & PR_VNET) != 0 && (s->mentioned & ip) != 0)
		return op_fail(s->op, EINVAL,
		    "vnet jails cannot have IP address restrictions");
	for (int i = 0; i < 2; i++)
		if ((s->mentioned & families[i].user &
		    (s->on ^ r->flags)) != 0)
			return op_fail(s->op, EINVAL,
			    "%s cannot be changed after creation",
			    families[i].jailsys);
	return 0;
}

/* What is on can be said again: it may not be so any more. */
static int
check_extra(struct set_call *s)
{
	for (size_t i = 0; !s->created && i < s->opts.count; i++) {
		const struct option *o = &s->opts.opt[i];

		if ((o->extra & ~EXTRA_LIST) != 0 &&
		    (o->negative || (s->target->extra & o->extra) == 0))
			return op_fail(s->op, EINVAL,
			    "%s cannot be changed after creation", o->name);
	}
	return 0;
}

static bool
fits(const struct maybe_int *v, enum nested_rule rule, int parent)
{
	return !v->given || nested_fits(rule, v->value, parent);
}

static int
check_limits(struct set_call *s)
{
	const struct record *p = s->parent;
	const struct maybe_int *rules = &s->devfs_ruleset;

	if (!fits(&s->securelevel, NESTED_AT_LEAST, p->securelevel) ||
	    !fits(&s->children_max, NESTED_BELOW, p->children_max) ||
	    !fits(&s->enforce_statfs, NESTED_AT_LEAST, p->enforce_statfs))
		return EPERM;
	if (!rules->given)
		return 0;
	if (rules->value < 0 || rules->value > 65535)
		return EINVAL;
	if (s->op->t->self != 0 && rules->value > 0 &&
	    rules->value != p->devfs_ruleset)
		return EPERM;
	return 0;
}

static int
check_addresses(struct set_call *s, int which)
{
	const struct family *f = &families[which];
	const struct list *l = &s->list[which];

	if (l->count == 0)
		return 0;
	if ((s->parent->flags & f->any) != 0 &&
	    !addr_subset(l, family_list(f, s->parent), f->size))
		return EPERM;
	if (addr_clash(s->op, f, s->parent, s->created ? NULL : s->target, l))
		return op_fail(s->op, EADDRINUSE, "%s addresses clash",
		    f->word);
	return 0;
}

/* The jid is 0 in an update that has the name as its key. */
static bool
is_numeric(const char *name, int jid)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	return *end == '\0' && (n != (unsigned long)(long)jid ||
	    name[0] < '1' || name[0] > '9');
}

struct fit {
	long longer;
	bool fits;
};

static enum walk
fits_below(struct op *op, struct record *r, int depth, void *arg)
{
	struct fit *f = arg;

	(void)op;
	(void)depth;
	if ((long)strlen(r->name) + f->longer < (long)sizeof r->name)
		return WALK_NEXT;
	f->fits = false;
	return WALK_STOP;
}

static int
check_name(struct set_call *s)
{
	size_t prefix = name_prefix(s->parent), len, old;
	struct fit fit = { 0, true };
	char *number;

	if (s->created && s->component == NULL)
		s->component = "";
	if (s->component == NULL)
		return 0;
	if (s->component[0] == '\0') {
		number = arena_alloc(&s->op->arena, 16);
		if (number == NULL)
			return ENOMEM;
		snprintf(number, 16, "%d", s->jid);
		s->component = number;
	} else if (is_numeric(s->component, s->jid))
		return op_fail(s->op, EINVAL,
		    "name cannot be numeric (unless it is the jid)");
	len = strlen(s->component);
	if (prefix + len >= sizeof s->target->name)
		return ENAMETOOLONG;
	if (s->created)
		return 0;
	old = prefix < sizeof s->target->name ?
	    strlen(s->target->name + prefix) : 0;
	fit.longer = (long)len - (long)old;
	tree_walk(s->op, s->target, fits_below, &fit);
	return fit.fits ? 0 : ENAMETOOLONG;
}

/* System V IPC is asked of the real parent, not of the working one. */
static int
check_sysv(struct set_call *s)
{
	const struct record *parent = tree_parent(s->op, s->target);

	for (int i = 0; i < SYSV_KINDS; i++) {
		struct maybe_int *v = &s->sysv[i];
		int error = option_copy(&s->opts, sysv_names[i], &v->value,
		    sizeof v->value);
		uint64_t bit = allow_bit("allow.sysvipc");

		v->given = error == 0;
		if (error == EINVAL)
			return error;
		if (error == ENOENT && (s->allow_mentioned & bit) != 0) {
			v->given = true;
			v->value = (s->allow_on & bit) != 0 ?
			    JAIL_SYS_INHERIT : JAIL_SYS_DISABLE;
		}
		if (error != 0 || v->value == JAIL_SYS_DISABLE)
			continue;
		if (v->value < 0 || v->value > JAIL_SYS_INHERIT)
			return EINVAL;
		if (parent == NULL || parent->sysv[i] == 0)
			return EPERM;
	}
	return 0;
}

static int
check_unknown(struct set_call *s)
{
	for (size_t i = 0; i < s->opts.count; i++) {
		struct option *o = &s->opts.opt[i];

		if (o->def != NULL && o->def->type == PARAM_KEYVALUE)
			o->seen = true;
		if (!o->seen)
			return op_fail(s->op, EINVAL,
			    "unknown parameter: %s", o->name);
	}
	return 0;
}

int
set_check(struct set_call *s)
{
	uint64_t rights = s->parent->allow | allow_free();
	int error = check_fixed(s);

	if (error == 0)
		error = check_extra(s);
	if (error == 0)
		error = check_limits(s);
	for (int i = 0; i < 2 && error == 0; i++)
		error = check_addresses(s, i);
	if (error == 0)
		error = check_name(s);
	if (error == 0 && (s->allow_on & ~rights) != 0)
		error = EPERM;
	if (error == 0)
		error = check_sysv(s);
	return error == 0 ? check_unknown(s) : error;
}
