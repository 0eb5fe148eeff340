/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/operation.h"

#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/reconcile/console.h"
#include "agent/reconcile/hook.h"
#include "agent/reconcile/realise.h"
#include "agent/reconcile/steps.h"

#define GONE_TIMEOUT_MS 5000

enum phase { STOPPING, STARTING, UNDOING, ENDED };

struct operation {
	struct workshop *shop;
	char *name;
	struct spec *stop, *start;
	bool forget;
	operation_done_fn *done;
	void *arg;

	enum phase phase;
	size_t step;	/* in the list of the phase */
	size_t command; /* of a hook's list */
	bool created;	/* STEP_CREATE was done: undo removes it */
	bool still_up;	/* it could not be stopped or removed */
	bool failed;	/* it must not go on: what is asked for is not reached */
	bool cancelled; /* the start that is still to come is not wanted */
	int jid;
	char token[TOKEN_SIZE];

	struct event *timer; /* what is waited for: see `waiting` */
	enum { NOTHING, HOOK, TERM, GONE } waiting;
	pid_t pid;
	uint64_t output;  /* the hook's, for console_close */
	bool timed_out;	  /* the hook was killed for taking too long */
	int64_t deadline; /* of TERM and GONE, ms */
	int poll_ms;
	int64_t began_us;
	struct outcome outcome;
};

static void advance(struct operation *op);

/*
 * Notes what went wrong, to be reported in the end.  After something fatal
 * nothing is tried but to undo, and all that comes later is a consequence.
 */
static void note(struct operation *op, bool fatal, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
note(struct operation *op, bool fatal, const char *fmt, ...)
{
	va_list ap;

	if (op->failed || (!fatal && op->outcome.error[0] != '\0'))
		return;
	op->failed = fatal;
	va_start(ap, fmt);
	vsnprintf(op->outcome.error, sizeof op->outcome.error, fmt, ap);
	va_end(ap);
}

static void
wake_in(struct operation *op, int64_t ms)
{
	struct timeval tv = { ms / 1000, (ms % 1000) * 1000 };

	evtimer_add(op->timer, &tv);
}

static const struct spec *
spec_of(const struct operation *op)
{
	return op->phase == STOPPING ? op->stop : op->start;
}

/* The parameter whose commands the present step runs, or NULL. */
static const char *
hook_param(const struct operation *op)
{
	switch (op->phase) {
	case STOPPING:
		return stop_steps[op->step].param;
	case STARTING:
		return start_steps[op->step].param;
	case UNDOING:
		return start_steps[op->step].undo;
	default:
		return NULL;
	}
}

static enum step_kind
step_kind(const struct operation *op)
{
	return op->phase == STOPPING ? stop_steps[op->step].kind :
	    start_steps[op->step].kind;
}

const char *
operation_step(const struct operation *op)
{
	static const char *const words[] = {
		[STEP_CREATE] = "jail_set",
		[STEP_SETTLE] = "jail_set",
		[STEP_TERM] = "waiting for processes to end",
		[STEP_REMOVE] = "jail_remove",
		[STEP_GONE] = "waiting for the last process",
	};
	const char *param;

	if (op->phase == ENDED)
		return "done";
	param = hook_param(op);
	if (param != NULL)
		return param;
	return op->phase == UNDOING ? "undoing" : words[step_kind(op)];
}

/* ------------------------------------------------------------- hooks */

/* A failing command after the removal, or in an undo, does not stop it. */
static bool
goes_on(const struct operation *op)
{
	return op->phase == UNDOING ||
	    (op->phase == STOPPING && op->step >= stop_after_removal);
}

static void
hook_failed(struct operation *op, const char *why)
{
	char tail[512];
	const char *param = hook_param(op);
	const struct text_list *l = spec_list(spec_of(op), param);

	console_close(&op->shop->console, op->output, tail, sizeof tail);
	note(op, !goes_on(op), "%s: %s: %s%s%s", param,
	    l != NULL && op->command < l->count ? l->text[op->command] : "",
	    why, tail[0] != '\0' ? ": " : "", tail);
}

static void
hook_ended(void *arg, pid_t pid, int status)
{
	struct operation *op = arg;
	char why[64];

	(void)pid;
	evtimer_del(op->timer);
	op->waiting = NOTHING;
	op->pid = 0;
	if (status != 0) {
		if (WIFSIGNALED(status))
			snprintf(why, sizeof why, "killed by signal %d%s",
			    WTERMSIG(status),
			    op->timed_out ? " (timed out)" : "");
		else
			snprintf(why, sizeof why, "exit status %d",
			    WEXITSTATUS(status));
		hook_failed(op, why);
	} else {
		console_close(&op->shop->console, op->output, NULL, 0);
	}
	if (!op->failed || goes_on(op))
		op->command++;
	advance(op);
}

/* Starts the present command.  Returns whether it must be waited for. */
static bool
hook_begin(struct operation *op, const char *param, const char *command)
{
	const struct spec *s = spec_of(op);
	struct hook h = {
		.kernel = op->shop->observer->kernel,
		.spec = s,
		.command = command,
		.in_jail = op->phase != UNDOING &&
		    step_kind(op) == STEP_JAIL_HOOK,
		.jid = op->jid,
	};
	long timeout = spec_int(s, "exec.timeout");
	struct error err;
	bool background;

	error_clear(&err);
	h.output = console_open(&op->shop->console, op->shop->paths->console,
	    op->name, spec_text(s, "path"),
	    h.in_jail ? spec_text(s, "exec.consolelog") : NULL, &op->output,
	    &err);
	op->pid = h.output == -1 ? -1 : hook_start(&h, &background, &err);
	if (h.output != -1)
		close(h.output);
	if (op->pid == -1) {
		console_close(&op->shop->console, op->output, NULL, 0);
		op->pid = 0;
		note(op, !goes_on(op), "%s: %s: %s", param, command,
		    err.text);
		return false;
	}
	if (background || children_add(op->shop->children, op->pid,
	    hook_ended, op) != 0) {
		console_close(&op->shop->console, op->output, NULL, 0);
		op->pid = 0;
		return false;
	}
	if (inventory_hook(op->shop->inventory, op->name, op->pid, &err) != 0)
		note(op, false, "%s", err.text);
	op->waiting = HOOK;
	op->timed_out = false;
	if (timeout > 0)
		wake_in(op, timeout * 1000);
	return true;
}

/* Runs the commands of a hook.  Returns whether something is waited for. */
static bool
run_hook(struct operation *op, const char *param)
{
	const struct text_list *l = spec_list(spec_of(op), param);

	/* A kernel without processes (model) has nothing to run. */
	if (op->shop->observer->kernel->backend->spawn == NULL || l == NULL)
		return false;
	while (op->command < l->count) {
		if (hook_begin(op, param, l->text[op->command]))
			return true;
		if (op->failed && !goes_on(op))
			return false;
		op->command++;
	}
	return false;
}

/* ------------------------------------------------- steps of the kernel */

static void
do_create(struct operation *op)
{
	struct workshop *w = op->shop;
	struct entry *e;
	struct error err;
	int rc;

	error_clear(&err);
	if (inventory_creating(w->inventory, w->set, op->start, &e,
	    &err) != 0) {
		note(op, true, "%s", err.text);
		return;
	}
	memcpy(op->token, e->token, sizeof op->token);
	rc = realise_create(w->observer, op->start, op->token, &op->jid, &err);
	/* A kernel's helper that had died is there again the next time. */
	if (rc != 0 && err.code == EPIPE) {
		error_clear(&err);
		rc = realise_create(w->observer, op->start, op->token,
		    &op->jid, &err);
	}
	if (rc != 0) {
		note(op, true, "%s", err.text);
		return;
	}
	op->created = true;
}

static void
do_settle(struct operation *op)
{
	struct workshop *w = op->shop;
	struct entry *e = inventory_find(w->inventory, op->name);
	struct error err;

	error_clear(&err);
	if (e == NULL)
		error_set(&err, ENOENT, "%s: not in the inventory", op->name);
	else if (realise_settle(w->observer, op->start, &err) == 0 &&
	    inventory_up(w->inventory, e, op->jid, &err) == 0)
		return;
	note(op, true, "%s", err.text);
}

static void
do_remove(struct operation *op)
{
	struct workshop *w = op->shop;
	struct entry *e = inventory_find(w->inventory, op->name);
	struct error err;

	if (op->jid == 0 || e == NULL)
		return;
	error_clear(&err);
	if (inventory_removing(w->inventory, e, &err) != 0 ||
	    realise_remove(w->observer, op->name, op->jid, e->token,
	    &err) != 0) {
		note(op, true, "%s", err.text);
		op->still_up = true;
	}
}

/* SIGTERM to all processes, then up to stop.timeout. */
static bool
begin_term(struct operation *op)
{
	struct jail_kernel *k = op->shop->observer->kernel;
	long timeout = spec_int(op->stop, "stop.timeout");

	if (op->jid == 0 || k->backend->signal == NULL || timeout <= 0 ||
	    k->backend->signal(k, op->jid, SIGTERM) <= 0)
		return false;
	op->waiting = TERM;
	op->deadline = clock_ms() + timeout * 1000;
	op->poll_ms = 2;
	wake_in(op, op->poll_ms);
	return true;
}

static bool
begin_gone(struct operation *op)
{
	if (op->jid == 0 ||
	    realise_present(op->shop->observer, op->jid) != 1)
		return false;
	op->waiting = GONE;
	op->deadline = clock_ms() + GONE_TIMEOUT_MS;
	op->poll_ms = 1;
	wake_in(op, op->poll_ms);
	return true;
}

/* Undoing walks the list backwards, to the step before the first. */
static void
next_step(struct operation *op)
{
	op->command = 0;
	op->step += op->phase == UNDOING ? (size_t)-1 : 1;
}

/* Whether what is waited for is there, or will not be. */
static bool
waited_enough(struct operation *op)
{
	struct jail_kernel *k = op->shop->observer->kernel;

	if (op->waiting == TERM && k->backend->signal(k, op->jid, 0) <= 0)
		return true;
	if (op->waiting == GONE &&
	    realise_present(op->shop->observer, op->jid) != 1)
		return true;
	return clock_ms() >= op->deadline;
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
		if (!waited_enough(op)) {
			if (op->poll_ms < 50)
				op->poll_ms *= 2;
			wake_in(op, op->poll_ms);
			return;
		}
		op->waiting = NOTHING;
		next_step(op);
		advance(op);
		return;
	case NOTHING:
		advance(op);
		return;
	}
}

/* ------------------------------------------------------------ the walk */

/* Does the present step.  Returns whether something is waited for. */
static bool
do_step(struct operation *op)
{
	const char *param = hook_param(op);

	if (op->phase == UNDOING) {
		if (step_kind(op) == STEP_CREATE && op->created) {
			do_remove(op);
			return begin_gone(op);
		}
		return param != NULL && run_hook(op, param);
	}
	switch (step_kind(op)) {
	case STEP_HOST_HOOK:
	case STEP_JAIL_HOOK:
		return run_hook(op, param);
	case STEP_CREATE:
		do_create(op);
		return false;
	case STEP_SETTLE:
		do_settle(op);
		return false;
	case STEP_TERM:
		return begin_term(op);
	case STEP_REMOVE:
		do_remove(op);
		return false;
	case STEP_GONE:
		return begin_gone(op);
	}
	return false;
}

/* The jail is down: its entry is forgotten, or kept to be started again. */
static int
leave_inventory(struct operation *op, struct entry *e, struct error *err)
{
	struct inventory *inv = op->shop->inventory;

	if (op->forget || op->start != NULL)
		return inventory_gone(inv, e, err);
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
		note(op, true, "%s", err.text);
	o->ok = !op->failed && (op->start != NULL || o->error[0] == '\0');
	o->took_us = clock_us() - op->began_us;
	op->phase = ENDED;
	op->done(op->arg, op, o);
}

/* With no step of the start under way there is nothing to undo. */
static void
give_up(struct operation *op)
{
	note(op, true, "given up, because something else is wanted now");
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

/* A step failed: what was made is unmade, or the stop ends where it is. */
static void
turn_back(struct operation *op)
{
	op->command = 0;
	if (op->phase == STARTING) {
		op->phase = UNDOING;
	} else {
		op->still_up = op->jid != 0;
		op->phase = ENDED;
	}
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

static void
advance(struct operation *op)
{
	while (op->phase != ENDED) {
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

	if (op == NULL)
		return NULL;
	op->shop = w;
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
	wake_in(op, 0);
	return op;
}

void
operation_free(struct operation *op)
{
	if (op == NULL)
		return;
	if (op->waiting == HOOK && op->pid > 0) {
		children_forget(op->shop->children, op->pid);
		kill(-op->pid, SIGKILL);
		console_close(&op->shop->console, op->output, NULL, 0);
	}
	if (op->timer != NULL)
		event_free(op->timer);
	spec_free(op->stop);
	spec_free(op->start);
	free(op->name);
	free(op);
}

void
operation_cancel(struct operation *op, const struct spec *wanted)
{
	if (op->start == NULL || op->failed || op->phase == ENDED ||
	    (wanted != NULL && memcmp(wanted->digest, op->start->digest,
	    SPEC_DIGEST_SIZE) == 0))
		return;
	op->cancelled = true;
	if (op->phase != STARTING)
		return;
	give_up(op);
	if (op->waiting == HOOK)
		kill(-op->pid, SIGKILL);
}
