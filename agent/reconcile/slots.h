/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many operations may run commands at a time (-p N).  One that only waits for
 * the processes of its jail to end after SIGTERM does not count (jail-semantics
 * 5.6); before its next command it needs a slot again, and comes before those that
 * are still to begin.
 */
#ifndef JA_SLOTS_H
#define JA_SLOTS_H

#include <sys/queue.h>

#include <stdbool.h>

struct operation;

/* Zeros, and slots_init, at the beginning. */
struct slots {
	unsigned most; /* 0: any number */
	unsigned taken;
	TAILQ_HEAD(, operation) queue; /* of those under way that need one */
	void (*left)(void *arg); /* one may be taken now */
	void *arg;
};

void slots_init(struct slots *s, unsigned most, void (*left)(void *arg),
    void *arg);

/* Whether another operation may begin. */
bool slots_any(const struct slots *s);
/* Gives one to an operation that waits for it.  False: none does, or none is left. */
bool slots_next(struct slots *s);

/* Takes one that is there; takes one, or has it woken when there is one. */
void slot_take(struct operation *op);
bool slot_wait(struct operation *op);
/* It runs no commands for some time: others may have the slot. */
void slot_lend(struct operation *op);
/* It waits for none any more; it has ended. */
void slot_leave(struct operation *op);
void slot_end(struct operation *op);

#endif
