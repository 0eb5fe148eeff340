/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done about a jail whose restart has to wait, for somebody's will or for
 * other jails: what can be changed while it runs is, so that it stays what its spec
 * says as far as that goes.  Hooks wait with the restart: those of another workload
 * would stop the one that runs.  So does what only makes sense together with it.
 */
#ifndef JA_MEANWHILE_H
#define JA_MEANWHILE_H

#include "agent/plan/action.h"

/* How much is done. */
enum meanwhile {
	MEANWHILE_ALL,	  /* whatever does not take the restart */
	MEANWHILE_OWN,	  /* of addresses no others than it had: these may wait */
	MEANWHILE_INSIDE, /* nothing about addresses at all */
	MEANWHILE_HEAL,	  /* no more than to undo what somebody else changed */
};

/*
 * Makes of an action what can be done without the restart, ACTION_MODIFY, and moves
 * the names of the rest to a->waits; `why` it waits is told behind what is done.
 * An alias that somebody took from addresses that wait is among what is done.
 * Returns false, the action as it was, when nothing would be done, or when it is
 * not known what was applied; also when memory is out.
 */
bool meanwhile_split(const struct spec *applied, const struct spec *desired,
    enum meanwhile much, const char *why, struct action *a);

/* Whether a parameter is among what waits. */
bool meanwhile_waits(const struct action *a, const char *name);

/*
 * What is applied once such an action is done: the wanted spec, but for what
 * waits.  The caller frees it; NULL when memory is out.
 */
struct spec *meanwhile_spec(const struct spec *applied,
    const struct spec *desired, const struct action *a);

#endif
