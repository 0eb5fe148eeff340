/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of an operation: its state, and what the steps do.  The walk over
 * the lists is in operation.c, the steps are in step_*.c.
 */
#ifndef JA_STEP_H
#define JA_STEP_H

#include "agent/reconcile/operation.h"
#include "agent/reconcile/steps.h"

enum phase { STOPPING, STARTING, UNDOING, ENDED };

struct operation {
	struct workshop *shop;
	char *name;
	struct spec *stop, *start;
	struct spec *given; /* `start` with what ip_hostname found, or NULL */
	bool forget;
	struct spec *before; /* it was applied once: this one last; NULL: never */
	operation_done_fn *done;
	void *arg;

	enum phase phase;
	size_t step;	/* in the list of the phase */
	size_t command; /* of a hook's list, of the things of a step */
	bool created;	/* STEP_CREATE was done: undo removes it */
	bool still_up;	/* it could not be stopped or removed */
	bool whole;	/* it was up, in good order, when its stop began */
	bool failed;	/* it must not go on: what is asked for is not reached */
	bool cancelled; /* the start that is still to come is not wanted */
	bool hasty;	/* processes are being ended */
	bool forced;	/* the stop kills without asking */
	int jid;
	char token[TOKEN_SIZE];

	struct event *timer; /* what is waited for: see `waiting` */
	enum { NOTHING, HOOK, TERM, GONE, MOUNT, SLOT } waiting;
	bool counts; /* it has a slot: see slots.h */
	TAILQ_ENTRY(operation) slot_link;
	/* Told when the program has ended; whether it went well.  Returns
	   whether the walk of the list goes on. */
	bool (*then)(struct operation *op, bool ok);
	char *label; /* of that program, for messages */
	struct text_list things; /* of the present step */
	struct operation *mounting; /* the next of the workshop's */
	pid_t pid;
	uint64_t output;  /* the hook's, for console_close */
	bool timed_out;	  /* the hook was killed for taking too long */
	int answer;	  /* of a lookup (lookup.h), or -1 */
	int64_t deadline; /* of TERM and GONE, ms */
	int poll_ms;
	int64_t began_us;
	struct outcome outcome;
};

/* ---- operation.c: for the steps */

/* Goes on with the walk; to be called when what was waited for has ended. */
void op_advance(struct operation *op);

/*
 * Notes what went wrong, to be reported in the end.  After something fatal
 * nothing is tried but to undo, and all that comes later is a consequence.
 */
void op_note(struct operation *op, bool fatal, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void op_wake_in(struct operation *op, int64_t ms);

/* Whether the present step is one that a forced stop leaves out. */
bool op_cut_off(const struct operation *op);

/* The spec that the present phase is about. */
const struct spec *op_spec(const struct operation *op);
/* The parameter whose commands the present step runs, or NULL. */
const char *op_param(const struct operation *op);
const struct step *op_step(const struct operation *op);
/*
 * A failing command after the removal, or in an undo, does not stop it; nor one
 * before it, when the jail has ended by then.
 */
bool op_goes_on(const struct operation *op);

/* ---- the steps: those that return bool say whether something is waited for */

/*
 * step_hook.c: journals what inventory_begins wants, if the start's spec has
 * hooks for it.  0, -1 with err.
 */
int step_begins(struct operation *op, const char *undo, struct error *err);
/* Runs the commands of a parameter, one after another. */
bool step_hook(struct operation *op);
/* The same with a program for each value of a parameter. */
bool step_each(struct operation *op);
/*
 * Runs a program on the host as hooks are run, with their limit in time.  When
 * it has ended what is wrong is noted with the label, and `then` is told.
 * Returns false when it could not be started, which is noted.
 */
bool step_run(struct operation *op, const char *label,
    const char *const *argv, bool (*then)(struct operation *op, bool ok));

/*
 * Has op->pid watched until it ends, with the limit in time that hooks have.
 * `ended` clears op->waiting, op->pid and the timer.  False: no memory.
 */
bool step_await(struct operation *op, child_exit_fn *ended);

/* step_lookup.c: finds the addresses of ip_hostname. */
bool step_lookup(struct operation *op);
/* The spec as the jail gets it: with those addresses. */
const struct spec *step_given(const struct operation *op);

/* step_things.c */
bool step_make(struct operation *op);
bool step_unmake(struct operation *op);
/* Whether there is anything to unmake. */
bool step_unmakes(const struct operation *op);
/* It mounts nothing any more, nor waits for others that do. */
void step_mounted(struct operation *op);

/* step_kernel.c */
bool step_begin(struct operation *op);
bool step_create(struct operation *op);
bool step_limit(struct operation *op);
bool step_unlimit(struct operation *op);
bool step_settle(struct operation *op);
/*
 * From here on the jail is none for an agent that comes after this one, which
 * begins anew; step_unhalt takes that back.
 */
bool step_halt(struct operation *op);
void step_unhalt(struct operation *op);
bool step_remove(struct operation *op);
/* Undoes step_create. */
bool step_destroy(struct operation *op);
/* SIGTERM to all processes, then up to stop.timeout. */
bool step_term(struct operation *op);
bool step_gone(struct operation *op);
/* Whether what `term` and `gone` wait for is there, or will not be. */
bool step_waited(struct operation *op);
/* Asks again later. */
void step_wait(struct operation *op);

#endif
