/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_hostname: the addresses of host.hostname become the jail's. */
#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "agent/plan/hostname.h"
#include "agent/reconcile/lookup.h"
#include "agent/reconcile/step.h"

const struct spec *
step_given(const struct operation *op)
{
	return op->given != NULL ? op->given : op->start;
}

/* What an earlier start found does not count any more. */
static int
take(struct operation *op, struct text_list *found, struct error *err)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);

	if (e == NULL)
		return error_set(err, ENOENT, "not in the inventory");
	op->given = hostname_spec(op->start, found, err);
	return op->given == NULL ? -1 :
	    inventory_found(op->shop->inventory, e, found, err);
}

static void
lookup_ended(void *arg, pid_t pid, int status)
{
	struct operation *op = arg;
	struct text_list found = { 0 };
	struct error err;
	int rc;

	(void)pid;
	(void)status; /* what it did not say it did not find */
	evtimer_del(op->timer);
	op->waiting = NOTHING;
	op->pid = 0;
	op->command++;
	error_clear(&err);
	rc = lookup_read(op->answer, &found, &err);
	op->answer = -1;
	if (op->timed_out)
		rc = error_set(&err, ETIMEDOUT, "it took longer than "
		    "exec.timeout");
	if (rc != 0)
		op_note(op, true, "ip_hostname: the addresses of %s cannot be "
		    "looked up: %s", spec_text(op->start, "host.hostname"),
		    err.text);
	else if (take(op, &found, &err) != 0)
		op_note(op, true, "%s", err.text);
	text_list_free(&found);
	op_advance(op);
}

/* Nobody will wait for it. */
static void
give_up(struct operation *op)
{
	if (op->pid > 0)
		kill(-op->pid, SIGKILL);
	op->pid = 0;
	if (op->answer != -1)
		close(op->answer);
	op->answer = -1;
}

/* A kernel without processes (model) has no network either. */
bool
step_lookup(struct operation *op)
{
	struct workshop *w = op->shop;
	struct error err;

	if (op->command > 0 || !hostname_wanted(op->start) ||
	    w->observer->kernel->backend->spawn == NULL)
		return false;
	error_clear(&err);
	op->output = 0;
	op->pid = lookup_start(spec_text(op->start, "host.hostname"),
	    hostname_family(op->start, &w->observer->params), &op->answer,
	    &err);
	if (op->pid != -1 && inventory_hook(w->inventory, op->name, op->pid,
	    &err) == 0) {
		if (step_await(op, lookup_ended))
			return true;
		error_sys(&err, ENOMEM, "lookup");
	}
	op_note(op, true, "ip_hostname: %s", err.text);
	give_up(op);
	return false;
}
