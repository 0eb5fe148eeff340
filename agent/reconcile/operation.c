/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/reconcile/realise.h"
#include "agent/reconcile/step.h"

void
op_note(struct operation *op, bool fatal, const char *fmt, ...)
{
	va_list ap;

	if (op_cut_off(op))
		return;
	if (op->failed || (!fatal && op->outcome.error[0] != '\0'))
		return;
	op->failed = fatal;
	va_start(ap, fmt);
	vsnprintf(op->outcome.error, sizeof op->outcome.error, fmt, ap);
	va_end(ap);
}

void
op_wake_in(struct operation *op, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	evtimer_add(op->timer, &tv);
}

bool
op_cut_off(const struct operation *op)
{
	return op->forced && op->phase == STOPPING &&
	    op->step < stop_by_force;
}

const struct spec *
op_spec(const struct operation *op)
{
	return op->phase == STOPPING ? op->stop : op->start;
}

const struct step *
op_step(const struct operation *op)
{
	static const struct step none = { .kind = STEP_BEGIN };

	if (op->phase == STOPPING)
		return op->step < stop_count ? &stop_steps[op->step] : &none;
	return op->step < start_count ? &start_steps[op->step] : &none;
}

const char *
op_param(const struct operation *op)
{
	const struct step *step = op_step(op);

	return op->phase == UNDOING ? step->undo : step->param;
}

/* A jail that was to be stopped, and ended meanwhile, is stopped. */
static bool
ended_meanwhile(const struct operation *op)
{
	return op->jid != 0 &&
	    realise_alive(op->shop->observer, op->jid) == 0;
}

bool
op_goes_on(const struct operation *op)
{
	return op->phase == UNDOING || (op->phase == STOPPING &&
	    (op->step >= stop_after_removal || ended_meanwhile(op)));
}

const char *
operation_step(const struct operation *op)
{
	static const char *const words[STEP_KINDS] = {
		[STEP_BEGIN] = "beginning",
		[STEP_LOOKUP] = "looking up host.hostname",
		[STEP_MAKE] = "mounts and aliases",
		[STEP_UNMAKE] = "mounts and aliases",
		[STEP_CREATE] = "jail_set",
		[STEP_LIMIT] = "agent.limits",
		[STEP_UNLIMIT] = "agent.limits",
		[STEP_SETTLE] = "jail_set",
		[STEP_HALT] = "beginning",
		[STEP_TERM] = "waiting for processes to end",
		[STEP_REMOVE] = "jail_remove",
		[STEP_GONE] = "waiting for the last process",
	};
	const char *param;

	if (op->phase == ENDED)
		return "done";
	if (op->waiting == SLOT)
		return "waiting for others to end";
	param = op_param(op);
	if (param != NULL)
		return param;
	return op->phase == UNDOING ? "undoing" : words[op_step(op)->kind];
}

/* Undoing walks the list backwards, to the step before the first. */
static void
next_step(struct operation *op)
{
	op->command = 0;
	op->step += op->phase == UNDOING ? (size_t)-1 : 1;
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct operation *op = arg;

	(void)fd;
	(void)what;
	switch (op->waiting) {
	case HOOK:
		/* The whole group: what it started must not go on. */
		op->timed_out = true;
		kill(-op->pid, SIGKILL);
		return;
	case TERM:
	case GONE:
		if (!step_waited(op)) {
			step_wait(op);
			return;
		}
		op->waiting = NOTHING;
		op->shop->polling--;
		next_step(op);
		op_advance(op);
		return;
	case MOUNT:
		step_mounted(op);
		op->waiting = NOTHING;
		op_advance(op);
		return;
	case SLOT:
		slot_leave(op);
		op_advance(op);
		return;
	case NOTHING:
		op_advance(op);
		return;
	}
}

/* ------------------------------------------------------------ the walk */

/* What each kind of step does, and what undoes it. */
static const struct {
	bool (*go)(struct operation *op);
	bool (*undo)(struct operation *op);
} deeds[STEP_KINDS] = {
	[STEP_BEGIN] = { step_begin, NULL },
	[STEP_LOOKUP] = { step_lookup, NULL },
	[STEP_HOST_HOOK] = { step_hook, step_hook },
	[STEP_JAIL_HOOK] = { step_hook, NULL },
	[STEP_MAKE] = { step_make, step_unmake },
	[STEP_UNMAKE] = { step_unmake, NULL },
	[STEP_CREATE] = { step_create, step_destroy },
	[STEP_LIMIT] = { step_limit, step_unlimit },
	[STEP_UNLIMIT] = { step_unlimit, NULL },
	[STEP_EACH] = { step_each, NULL },
	[STEP_SETTLE] = { step_settle, NULL },
	[STEP_HALT] = { step_halt, NULL },
	[STEP_TERM] = { step_term, NULL },
	[STEP_REMOVE] = { step_remove, NULL },
	[STEP_GONE] = { step_gone, NULL },
};

/*
 * Up to the end of the jail's last process: those may leave us no time.  Hooks
 * have all the time they need.
 */
static bool
ends_processes(const struct operation *op)
{
	if (op->phase == UNDOING)
		return op_step(op)->kind == STEP_CREATE;
	return op->phase == STOPPING && op->step < stop_after_removal &&
	    op_step(op)->param == NULL;
}

static void
make_haste(struct operation *op, bool on)
{
	struct workshop *w = op->shop;

	if (op->hasty == on)
		return;
	op->hasty = on;
	w->hasty += on ? 1U : -1U;
	if (w->hasty == on && w->observer->kernel->backend->haste != NULL)
		w->observer->kernel->backend->haste(w->observer->kernel, on);
}

/* Whether the present step may run commands, and the slot was lent to others. */
static bool
needs_slot(const struct operation *op)
{
	const char *param = op_param(op);

	if (op->counts || op->failed || op->phase == UNDOING)
		return false;
	if (op->phase == STARTING)
		return true;
	return op_step(op)->kind == STEP_UNMAKE ? step_unmakes(op) :
	    param != NULL && spec_list(op->stop, param)->count > 0;
}

/* Does the present step.  Returns whether something is waited for. */
static bool
do_step(struct operation *op)
{
	enum step_kind kind = op_step(op)->kind;
	bool (*deed)(struct operation *) = op->phase == UNDOING ?
	    deeds[kind].undo : deeds[kind].go;

	make_haste(op, ends_processes(op));
	if (needs_slot(op) && slot_wait(op))
		return true;
	return deed != NULL && deed(op);
}

/*
 * The jail is down: its entry is forgotten, or kept to be started again, as one
 * is that was applied before and whose start failed, or because something on the
 * host could not be unmade, which is tried later.
 */
static int
leave_inventory(struct operation *op, struct entry *e, struct error *err)
{
	struct inventory *inv = op->shop->inventory;

	entry_begun_forget(e);
	if (e->made.count == 0 && (op->forget || (op->start != NULL &&
	    op->before == NULL)))
		return inventory_gone(inv, e, err);
	if (op->start != NULL && op->before != NULL &&
	    inventory_apply(inv, e, op->before, err) != 0)
		return -1;
	return inventory_down(inv, e, err);
}

/*
 * A start that was reached counts, whatever the hooks that cleaned up before
 * it said.  A stop whose last hooks failed is reported as failed.
 */
static void
finish(struct operation *op)
{
	struct outcome *o = &op->outcome;
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct error err;

	error_clear(&err);
	o->up = op->failed ? op->still_up : op->start != NULL;
	o->jid = o->up ? op->jid : 0;
	if (!o->up && e != NULL && leave_inventory(op, e, &err) != 0)
		op_note(op, true, "%s", err.text);
	o->ok = !op->failed && (op->start != NULL || o->error[0] == '\0');
	o->took_us = clock_us() - op->began_us;
	op->phase = ENDED;
	make_haste(op, false);
	slot_end(op);
	op->done(op->arg, op, o);
}

/* With no step of the start under way there is nothing to undo. */
static void
give_up(struct operation *op)
{
	op->outcome.given_up = !op->failed;
	op_note(op, true, "something else is wanted now");
	if (op->waiting == NOTHING)
		op->step = (size_t)-1;
}

/* The list of the phase is at its end. */
static void
next_phase(struct operation *op)
{
	if (op->phase != STOPPING || op->start == NULL) {
		op->phase = ENDED;
		return;
	}
	op->phase = STARTING;
	op->step = op->command = 0;
	op->jid = 0;
	if (op->cancelled)
		give_up(op);
}

/*
 * A step failed: what was made is unmade, or the stop ends where it is.  A jail
 * whose hooks do not want it stopped is up as before.
 */
static void
turn_back(struct operation *op)
{
	op->command = 0;
	if (op->phase == STARTING) {
		op->phase = UNDOING;
		return;
	}
	op->still_up = op->jid != 0;
	if (op->still_up && op->step < stop_begun)
		step_unhalt(op);
	op->phase = ENDED;
}

static bool
at_end(const struct operation *op)
{
	switch (op->phase) {
	case STOPPING:
		return op->step >= stop_count;
	case STARTING:
		return op->step >= start_count;
	case UNDOING:
		return op->step == (size_t)-1;
	default:
		return true;
	}
}

void
op_advance(struct operation *op)
{
	while (op->phase != ENDED) {
		if (op_cut_off(op)) {
			op->step = stop_by_force;
			op->command = 0;
		}
		if (op->failed && op->phase != UNDOING)
			turn_back(op);
		else if (at_end(op))
			next_phase(op);
		else if (do_step(op))
			return;
		else if (!op->failed || op->phase == UNDOING)
			next_step(op);
	}
	finish(op);
}

struct operation *
operation_new(struct workshop *w, const char *name,
    const struct operation_plan *plan, operation_done_fn *done, void *arg)
{
	struct operation *op = calloc(1, sizeof *op);
	const struct entry *e = inventory_find(w->inventory, name);

	if (op == NULL)
		return NULL;
	if (e != NULL && e->applied != NULL && plan->start != NULL &&
	    e->stage != ENTRY_PREPARING && e->stage != ENTRY_CREATING)
		op->before = spec_copy(e->applied);
	op->shop = w;
	op->answer = -1;
	op->name = strdup(name);
	op->stop = plan->stop != NULL ? spec_copy(plan->stop) : NULL;
	op->start = plan->start != NULL ? spec_copy(plan->start) : NULL;
	op->forget = plan->forget;
	op->jid = plan->jid;
	op->done = done;
	op->arg = arg;
	op->phase = op->stop != NULL ? STOPPING : STARTING;
	op->step = op->stop != NULL ? plan->stop_from : 0;
	op->timer = evtimer_new(w->base, timer_fired, op);
	op->began_us = clock_us();
	if (op->name == NULL || op->timer == NULL ||
	    (plan->stop != NULL && op->stop == NULL) ||
	    (plan->start != NULL && op->start == NULL)) {
		operation_free(op);
		return NULL;
	}
	slot_take(op);
	op_wake_in(op, 0);
	return op;
}

void
operation_free(struct operation *op)
{
	if (op == NULL)
		return;
	make_haste(op, false);
	slot_end(op);
	if (op->waiting == TERM || op->waiting == GONE)
		op->shop->polling--;
	if (op->waiting == HOOK && op->pid > 0) {
		children_forget(op->shop->children, op->pid);
		kill(-op->pid, SIGKILL);
		console_close(&op->shop->console, op->output, NULL, 0);
	}
	step_mounted(op);
	if (op->timer != NULL)
		event_free(op->timer);
	if (op->answer != -1)
		close(op->answer);
	spec_free(op->stop);
	spec_free(op->start);
	spec_free(op->before);
	spec_free(op->given);
	text_list_free(&op->things);
	free(op->label);
	free(op->name);
	free(op);
}

void
operation_cancel(struct operation *op, const struct spec *wanted)
{
	if (op->start == NULL || op->failed || op->phase == ENDED ||
	    (wanted != NULL && spec_same(wanted, op->start)))
		return;
	op->cancelled = true;
	if (op->phase != STARTING)
		return;
	give_up(op);
	if (op->waiting == HOOK)
		kill(-op->pid, SIGKILL);
	else if (op->waiting == MOUNT || op->waiting == SLOT)
		op_wake_in(op, 0);
}

void
operation_force(struct operation *op)
{
	/* Programs that make and unmake things end by themselves. */
	bool hook = op->waiting == HOOK && op_param(op) != NULL;

	if (op->failed && op->phase != UNDOING)
		return;
	op->forced = true;
	if (hook && (op_cut_off(op) || op_goes_on(op)))
		kill(-op->pid, SIGKILL);
	else if (op->waiting == TERM)
		op_wake_in(op, 0);
}
