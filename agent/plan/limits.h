/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent.limits: what a jail may use at most, in the form of kernel/jail.h, and
 * the difference to what limits it now.
 */
#ifndef JA_PLAN_LIMITS_H
#define JA_PLAN_LIMITS_H

#include "agent/plan/plan.h"

/* The limits of a spec; none when it is NULL.  Whether there are any. */
bool limits_of(const struct spec *s, struct jail_limits *l);

/* Whether this is the name of a setting that limits. */
bool limits_name(const char *name);

/* Appends what differs to the action.  Returns 0, -1 with err. */
int limits_diff(const struct plan_input *in, struct action *out,
    struct error *err);

/* What this host cannot limit: a message in buf, or NULL. */
const char *limits_refuse(const struct spec_agent *a,
    const struct jail_params *params, char *buf, size_t size);

#endif
