/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation on one jail: walks the lists of steps.h without ever blocking.
 * A failing creation is undone in reverse; nothing of it is left.
 */
#ifndef JA_OPERATION_H
#define JA_OPERATION_H

#include "agent/reconcile/children.h"
#include "agent/reconcile/console.h"
#include "agent/reconcile/inventory.h"
#include "agent/reconcile/slots.h"
#include "agent/reconcile/standing.h"
#include "agent/plan/plan.h"
#include "agent/read/vault.h"

struct operation;

/* What operations share. */
struct workshop {
	struct event_base *base;
	struct children *children;
	struct observer *observer;
	struct inventory *inventory;
	const struct paths *paths;
	struct standing *standing; /* users' orders; NULL: none */
	const char *set; /* canonical directory of the specs */
	const struct vault *vault; /* values of secrets */
	unsigned polling; /* operations that ask again and again: step_wait */
	unsigned hasty;	  /* operations that wait for processes to end */
	struct operation *mounting; /* see mount_wait in step_things.c */
	struct slots slots;
	struct console console;
};

/*
 * How it ended.  `error` is empty when all went well; a jail that was started
 * in spite of it is `ok`, and it is a warning.
 */
struct outcome {
	bool ok;
	bool given_up; /* not ok, but no failure: see operation_cancel */
	bool up; /* the jail runs now */
	int jid;
	int64_t took_us;
	char error[ERROR_TEXT_MAX];
};

typedef void operation_done_fn(void *arg, struct operation *op,
    const struct outcome *outcome);

/* Which parts are to be done, in this order. */
struct operation_plan {
	const struct spec *stop; /* spec whose stop hooks run; NULL: none */
	size_t stop_from;	 /* index into stop_steps */
	const struct spec *start; /* spec to start; NULL: none */
	bool forget;		  /* the entry goes when the jail is gone */
	int jid;		  /* the living jail's */
};

/*
 * Begins, in a slot (slots_any); `done` is called once, later, never from within
 * this call, when that is given back.  The specs are copied.  Returns NULL when
 * memory is out.
 */
struct operation *operation_new(struct workshop *w, const char *name,
    const struct operation_plan *plan, operation_done_fn *done, void *arg);

/*
 * Lets go of an operation that has not ended: its hook is killed, and nothing
 * more is done.  What it left is found through the journal.
 */
void operation_free(struct operation *op);

/*
 * Something else is wanted of the jail now (`wanted`, NULL: not this start): a
 * start is given up, its hook killed, and what was made undone.  It ends later,
 * as any other, and is no failure of the spec's.  Anything but a start goes on.
 */
void operation_cancel(struct operation *op, const struct spec *wanted);

/*
 * No hook is to be waited for any more: a stop goes on with jail_remove(2) at
 * once, without a word of what that cuts off.  A command that comes behind that,
 * or undoes a start, is killed, and the next one has its turn.
 */
void operation_force(struct operation *op);

/* What it is doing: "exec.start", "SIGTERM" ...; for status. */
const char *operation_step(const struct operation *op);

#endif
