/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that parameters go back to when they leave the spec. */
#ifndef JA_DEFAULTS_H
#define JA_DEFAULTS_H

#include "agent/plan/plan.h"

/*
 * Adds the default of a parameter, nothing for a `key` of meta or env.  *known
 * false: it is the parent's, which the kernel does not tell, so that only a new
 * start gives it to the jail.  0, -1 when memory is out.
 */
int default_texts(const struct plan_input *in, const struct param_def *def,
    bool key, struct text_list *texts, bool *known);

/* Whether the value of a living jail must be such a default all the same. */
bool default_surely(const struct param_def *def, const struct text_list *have);

#endif
