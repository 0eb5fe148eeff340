/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done about a jail whose restart has to wait for somebody's will: what
 * can be changed while it runs is, so that it stays what its spec says as far as
 * that goes.  Hooks wait with the restart: those of another workload would stop
 * the one that runs.  So does what only makes sense together with it.
 */
#ifndef JA_MEANWHILE_H
#define JA_MEANWHILE_H

#include "agent/plan/plan.h"

/*
 * Leaves in the action what can be done without the restart, and moves the names
 * of the rest to a->waits.  Returns false, the action as it was, when nothing
 * would be left, or when it is not known what was applied; also when memory is out.
 */
bool meanwhile_split(const struct plan_input *in, struct action *a);

/* Whether a parameter is among what waits. */
bool meanwhile_waits(const struct action *a, const char *name);

/*
 * What is applied once such an action is done: the wanted spec, but for what
 * waits.  The caller frees it; NULL when memory is out.
 */
struct spec *meanwhile_spec(const struct spec *applied,
    const struct spec *desired, const struct action *a);

#endif
