/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan that was made earlier: what it says of each jail is carried out only
 * while spec and jail are what they were then.
 */
#ifndef JA_BOUND_H
#define JA_BOUND_H

#include "agent/plan/plan.h"

#define BOUND_DIGEST_SIZE 32

struct reconciler;
struct managed;

struct bound {
	char *name;
	enum action_kind kind; /* that was foreseen */
	unsigned char digest[BOUND_DIGEST_SIZE]; /* of spec and living jail */
	char *stale;  /* why it is refused; NULL: it is not */
	bool begun;   /* the pass has begun to carry it out */
};

/* Sorted by name. */
struct bound_plan {
	struct bound *jail;
	size_t count;
	size_t unplanned; /* jails with something to do that it lacks */
	unsigned long checks; /* walks along what goes down, up to now */
};

/*
 * What was foreseen (foresee.h: an action for each jail of the reconciler)
 * with what it is bound to.  0, -1 with err.
 */
int bound_make(struct reconciler *r, const struct action *actions,
    struct bound_plan *plan, struct error *err);
/* Appends; the names must come sorted.  -1: memory is out, or not sorted. */
int bound_add(struct bound_plan *plan, const char *name,
    enum action_kind kind, const unsigned char digest[BOUND_DIGEST_SIZE]);
void bound_free(struct bound_plan *plan);

/* Marks what is not as it was, and adds what was not there, as refused. */
int bound_compare(struct bound_plan *saved, const struct bound_plan *now);

/*
 * Whether `a` is not what the plan says of the jail, or the jail is another one
 * than then; its state says why.  What was begun with is carried to its end.
 */
bool bound_refuses(struct reconciler *r, struct managed *m,
    const struct action *a);
/* Something is done about the jail from now on. */
void bound_begin(struct reconciler *r, const struct managed *m);
/* Whether it may go down for another one: the plan is true of it still. */
bool bound_lets(struct reconciler *r, const struct managed *m);
/* Whether the plan is not true of the jail any more. */
bool bound_refused(const struct bound_plan *plan, const char *name);
/*
 * Why `a` is not carried out for `m`: a jail would go down with it, or before it,
 * of which the plan is not true any more.  NULL: there is none, or no plan.
 */
const char *bound_stops(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size);
/* Whether `m` stays as it is in spite of `a`, for that or because of itself. */
bool bound_keeps(struct reconciler *r, struct managed *m,
    const struct action *a);
/* Whether the plan says that it runs on as it is, since something stands against it. */
bool bound_blocks(const struct bound_plan *plan, const char *name);
/* For how many jails it is not. */
size_t bound_stale(const struct bound_plan *plan);

#endif
