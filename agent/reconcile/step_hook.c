/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/reconcile/hook.h"
#include "agent/reconcile/step.h"

static void
hook_failed(struct operation *op, const char *why)
{
	char tail[512];
	const char *param = op_param(op);
	const struct text_list *l = spec_list(op_spec(op), param);

	console_close(&op->shop->console, op->output, tail, sizeof tail);
	op_note(op, !op_goes_on(op), "%s: %s: %s%s%s", param,
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
	if (!op->failed || op_goes_on(op))
		op->command++;
	op_advance(op);
}

/* An agent that comes after this one finds it, and ends it. */
static int
hook_noted(void *arg, pid_t pid, struct error *err)
{
	struct operation *op = arg;

	return inventory_hook(op->shop->inventory, op->name, pid, err);
}

/* Starts the present command.  Returns whether it must be waited for. */
static bool
hook_begin(struct operation *op, const char *param, const char *command)
{
	const struct spec *s = op_spec(op);
	struct hook h = {
		.kernel = op->shop->observer->kernel,
		.spec = s,
		.command = command,
		.in_jail = op->phase != UNDOING &&
		    op_kind(op) == STEP_JAIL_HOOK,
		.jid = op->jid,
		.started = hook_noted, .arg = op,
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
		op_note(op, !op_goes_on(op), "%s: %s: %s", param, command,
		    err.text);
		return false;
	}
	if (background || children_add(op->shop->children, op->pid,
	    hook_ended, op) != 0) {
		console_close(&op->shop->console, op->output, NULL, 0);
		op->pid = 0;
		return false;
	}
	op->waiting = HOOK;
	op->timed_out = false;
	if (timeout > 0)
		op_wake_in(op, timeout * 1000);
	return true;
}

bool
step_hook(struct operation *op)
{
	const char *param = op_param(op);
	const struct text_list *l = param == NULL ? NULL :
	    spec_list(op_spec(op), param);

	/* A kernel without processes (model) has nothing to run. */
	if (op->shop->observer->kernel->backend->spawn == NULL || l == NULL)
		return false;
	while (op->command < l->count) {
		if (hook_begin(op, param, l->text[op->command]))
			return true;
		if (op->failed && !op_goes_on(op))
			return false;
		op->command++;
	}
	return false;
}
