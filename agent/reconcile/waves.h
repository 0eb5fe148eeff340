/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restarts that specs cause go in waves (`run --max-restart`): the next one
 * begins when all jails of the one before are ready, and a wave in which one
 * fails holds the rest until a user approves.  Both are noted in the state
 * directory (standing.h), so an agent that starts goes on with the wave, and
 * holds, as the one before it.
 */
#ifndef JA_WAVES_H
#define JA_WAVES_H

#include "agent/reconcile/jail_state.h"

#include <stdbool.h>
#include <stddef.h>

#include "kernel/value.h"

#define WAVE_USUAL 10 /* percent of the managed jails */

struct reconciler;
struct managed;

struct waves {
	size_t size; /* jails of the present wave */
	size_t open; /* of those, not ready yet */
	char *failed; /* the jail that holds the rest; NULL: none */
	struct text_list before; /* the wave of the agent before, not met yet */
};

/* What the agent before this one left, or that a plan is for; -1: memory is out. */
int waves_start(struct reconciler *r);
/* The jail is there: it may be one of the wave. */
void waves_met(struct reconciler *r, struct managed *m);

/*
 * Whether the jail may be restarted now; it is one of the wave then.  Else why
 * not, and the state that it has meanwhile.
 */
bool waves_admit(struct reconciler *r, struct managed *m, char *buf,
    size_t size, enum jail_state *state);

/*
 * For the plan of what an agent does: why the jail's restart is held; NULL: it is
 * not.  One that is removed holds nobody when it is gone.
 */
const char *waves_foresee(struct reconciler *r, const struct managed *m,
    char *buf, size_t size);

/* It was looked at and is as it should be. */
void waves_ready(struct reconciler *r, struct managed *m);
/* Its state is another one. */
void waves_turned(struct reconciler *r, struct managed *m);
/* It is forgotten. */
void waves_drop(struct reconciler *r, struct managed *m);

/* A user approves of the rest. */
void waves_go_on(struct reconciler *r);

#endif
