/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/around.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"

struct around {
	struct plan_parent parent;
	struct live live;
	struct action action;
	struct around *up;
	char name[JAIL_NAME_MAX];
};

const struct plan_parent *
around_parent(const struct around *a)
{
	return a == NULL ? NULL : &a->parent;
}

void
around_free(struct around *a)
{
	for (struct around *up; a != NULL; a = up) {
		up = a->up;
		live_free(&a->live);
		action_free(&a->action);
		free(a);
	}
}

/* What is going to be done to one of them, unless that was done already. */
static int
foretell(struct reconciler *r, struct around *a)
{
	const struct managed *d = reconciler_find(r, a->name);

	/* What is under way is as good as done. */
	if (d != NULL && d->machine == MACHINE_WORKING) {
		a->action.kind = d->doing.kind;
		return 0;
	}
	/* What a plan blocks is not done. */
	if (d != NULL && (d->refused != NULL ||
	    (r->foreseen != NULL && d->state == STATE_BLOCKED)))
		return 0;
	return d == NULL || (!d->dirty && d->state != STATE_PROGRESSING) ? 0 :
	    reconciler_plan_in(r, d, around_parent(a->up), &a->action);
}

/* Whether it is made anew, be it because what is around it is. */
static bool
is_made(const struct around *a)
{
	bool goes_along = a->up != NULL && a->up->parent.live == NULL;

	return a->action.kind == ACTION_CREATE ||
	    a->action.kind == ACTION_RESTART || (goes_along &&
	    (a->action.kind == ACTION_NONE || a->action.kind == ACTION_MODIFY));
}

/* Whether it is known what it will be. */
static bool
describe(struct reconciler *r, struct around *a)
{
	const struct managed *d = reconciler_find(r, a->name);

	a->parent.name = a->name;
	a->parent.up = around_parent(a->up);
	a->parent.desired = d == NULL ? NULL : d->desired;
	if (a->action.kind == ACTION_REMOVE)
		return false;
	if (is_made(a))
		return a->parent.desired != NULL;
	if (a->action.kind == ACTION_MODIFY)
		a->parent.action = &a->action;
	a->parent.live = &a->live;
	return live_read(r->shop.observer, a->name, NULL, NULL, &a->live,
	    NULL) == 0;
}

static int
read_parent(struct reconciler *r, const char *name, struct around **out)
{
	const char *dot = strrchr(name, '.');
	struct around *a;

	*out = NULL;
	if (dot == NULL)
		return 0;
	a = calloc(1, sizeof *a);
	if (a == NULL)
		return -1;
	snprintf(a->name, sizeof a->name, "%.*s", (int)(dot - name), name);
	if (read_parent(r, a->name, &a->up) != 0 || foretell(r, a) != 0) {
		around_free(a);
		return -1;
	}
	if (!describe(r, a))
		around_free(a);
	else
		*out = a;
	return 0;
}

int
around_read(struct reconciler *r, const struct managed *m,
    struct around **out)
{
	*out = NULL;
	return m->unwanted || m->desired == NULL ? 0 :
	    read_parent(r, m->name, out);
}

/* Not inlined: it is called where chains of dependencies are followed. */
__attribute__((noinline)) struct managed *
around_jail(struct reconciler *r, const struct managed *m)
{
	char parent[JAIL_NAME_MAX];

	return managed_parent(m->name, parent, sizeof parent) ?
	    reconciler_jail(r, parent, false) : NULL;
}

bool
around_too_early(const struct reconciler *r, const struct managed *m)
{
	char name[JAIL_NAME_MAX];

	snprintf(name, sizeof name, "%s", m->name);
	for (char *dot; (dot = strrchr(name, '.')) != NULL;) {
		const struct managed *d;

		*dot = '\0';
		d = reconciler_find(r, name);
		/* One that waits was: who is in it waits for that. */
		if (d != NULL && d->dirty &&
		    !(d->waits && d->state == STATE_PROGRESSING))
			return true;
	}
	return false;
}

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct reconciler *)table)->jail[i]->name;
}

static void
look_below(struct reconciler *r, const struct managed *m, bool changed,
    bool blocked)
{
	char below[JAIL_NAME_MAX + 1];
	bool found;
	size_t len;

	len = (size_t)snprintf(below, sizeof below, "%s.", m->name);
	/* They follow each other, since jails are sorted by name. */
	for (size_t i = sorted_position(r, r->count, name_of, below, &found);
	    i < r->count && strncmp(r->jail[i]->name, below, len) == 0; i++) {
		struct managed *d = r->jail[i];

		if (blocked && d->state != STATE_BLOCKED)
			continue;
		/* Nobody undid what was done to it. */
		if (changed) {
			d->done = false;
			backoff_reset(&d->drifts);
		}
		reconciler_look(r, d);
	}
}

void
around_changed(struct reconciler *r, const struct managed *m)
{
	look_below(r, m, true, false);
}

void
around_turned(struct reconciler *r, const struct managed *m)
{
	look_below(r, m, false, m->state == STATE_PROGRESSING);
}
