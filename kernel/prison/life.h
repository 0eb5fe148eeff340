/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Life and death of prisons (jail-semantics 2.6, 4.1).  Nobody tells the
 * engine that a process ended, so every prison is brought up to date at the
 * moment somebody looks at it.
 */
#ifndef JA_PRISON_LIFE_H
#define JA_PRISON_LIFE_H

#include "engine.h"

/* Brings a prison up to date; returns it, or NULL when it is gone. */
struct record *life_look(struct op *op, struct record *r);
/* record_get and life_look. */
struct record *life_get(struct op *op, int jid);
/* Brings all descendants up to date that can end by themselves. */
void life_look_below(struct op *op, const struct record *top);

/* Enters a new prison: children.cur of those above grows. */
void life_begin(struct op *op, struct record *r);
/*
 * Marks a prison and its descendants dying and puts their processes on the
 * list of those to be killed; what nothing holds is gone at once.
 */
void life_end(struct op *op, struct record *r);

/* Adds or removes a process. */
void life_add_process(struct op *op, struct record *r,
    const struct prison_proc *p);
void life_remove_process(struct op *op, struct record *r,
    const struct prison_proc *p);

/* Whether a prison has a holder, and that has not ended. */
bool life_holder_lives(struct op *op, const struct record *r);

/* What effects are told about a record. */
void life_view(struct op *op, struct record *r, struct prison *p);

/*
 * Whether there are holders on the list of what is to be killed.  Those that
 * looks have put there are to be killed before a call goes on: prisons without
 * processes are gone at once.
 */
bool life_ends_holders(const struct op *op);

/* After the commit: kills what is on the list. */
void life_kill_pending(struct op *op);

#endif
