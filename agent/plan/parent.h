/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nested jails: what the jail around one forbids it, and what becomes of it when
 * that one is changed (kernel/nested.h).  Pure; judged by the parent as it will
 * be when its own plan has been carried out.
 */
#ifndef JA_PARENT_H
#define JA_PARENT_H

#include "agent/plan/plan.h"

struct plan_parent {
	const char *name;
	const struct live *live;     /* NULL: it is to be made anew */
	const struct spec *desired;  /* NULL: nobody knows */
	const struct action *action; /* what is done to the living one before */
	const struct plan_parent *up; /* around it; NULL: the host */
};

/*
 * Puts what is left of the value of a living jail in `p` when all around it have
 * been changed into its place.  0, -1 when memory is out.
 */
int parent_follow(const struct plan_parent *p, const char *name,
    struct text_list *have);

/*
 * Adds the value that a parameter without one of its own has, where that is the
 * parent's, and nothing where it is not known.  0, -1 when memory is out.
 */
int parent_default(const struct plan_parent *p, const char *name,
    struct text_list *texts);

/*
 * Why jail_set(2) would refuse what the action asks of it; NULL: it will not.
 * What is not known refuses nothing.
 */
const char *parent_refuse(const struct plan_input *in,
    const struct action *a, char *buf, size_t size);

#endif
