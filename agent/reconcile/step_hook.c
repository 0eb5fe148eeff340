/* SPDX-License-Identifier: BSD-2-Clause */
/* Running programs: commands of hooks, and what makes things on the host. */
#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/reconcile/claims.h"
#include "agent/reconcile/hook.h"
#include "agent/reconcile/mask.h"
#include "agent/reconcile/step.h"

static void
run_failed(struct operation *op, int status)
{
	char tail[512], why[sizeof tail + 64], *shown;

	console_close(&op->shop->console, op->output, tail, sizeof tail);
	shown = mask_secrets(op->shop->vault, op->stop, op->start, tail);
	op_note(op, !op_goes_on(op), "%s: %s",
	    op->label != NULL ? op->label : "", hook_why(status,
	    op->timed_out, shown != NULL ? shown : "", why, sizeof why));
	free(shown);
}

static void
run_ended(void *arg, pid_t pid, int status)
{
	struct operation *op = arg;

	(void)pid;
	evtimer_del(op->timer);
	op->waiting = NOTHING;
	op->pid = 0;
	if (status != 0)
		run_failed(op, status);
	else
		console_close(&op->shop->console, op->output, NULL, 0);
	op->then(op, status == 0);
	op_advance(op);
}

/* An agent that comes after this one finds it, and ends it. */
static int
hook_noted(void *arg, pid_t pid, struct error *err)
{
	struct operation *op = arg;

	return inventory_hook(op->shop->inventory, op->name, pid, err);
}

bool
step_await(struct operation *op, child_exit_fn *ended)
{
	long timeout = spec_int(op_spec(op), "exec.timeout");

	if (children_add(op->shop->children, op->pid, ended, op) != 0)
		return false;
	op->waiting = HOOK;
	op->timed_out = false;
	if (timeout != 0)
		op_wake_in(op, timeout > 0 ? timeout * 1000 : 0);
	return true;
}

/* Has it watched until it ends.  Returns whether it must be waited for. */
static bool
await(struct operation *op, bool (*then)(struct operation *, bool))
{
	op->then = then;
	if (step_await(op, run_ended))
		return true;
	console_close(&op->shop->console, op->output, NULL, 0);
	op->pid = 0;
	return false;
}

/*
 * The log's path without symbolic links.  Those that a jail's processes could
 * change are refused: of any jail, since one jail's root may be in another's.
 */
static int
canonical_log(struct operation *op, const char *log, char *buf, size_t size,
    struct error *err)
{
	const char *base = strrchr(log, '/');
	struct jail_roots roots = { 0 };
	char dir[PATHS_MAX], to[PATHS_MAX];
	int rc;

	if (log[0] != '/' || strlen(log) >= sizeof dir)
		return error_set(err, EINVAL, "exec.consolelog: %s: must be "
		    "an absolute path", log);
	snprintf(dir, sizeof dir, "%.*s", (int)(base - log), log);
	rc = canonical_source(op->shop->observer, &roots,
	    dir[0] != '\0' ? dir : "/", to, sizeof to, err);
	jail_roots_forget(&roots);
	if (rc != 0)
		return error_wrap(err, "exec.consolelog");
	if ((size_t)snprintf(buf, size, "%s%s", strcmp(to, "/") == 0 ? "" : to,
	    base) >= size)
		return error_sys(err, ENAMETOOLONG, "exec.consolelog: %s", log);
	return 0;
}

/*
 * Where a program writes.  Root inside can make of exec.consolelog what cannot
 * be written; that must not keep the jail from being stopped.
 */
static int
open_output(struct operation *op, bool in_jail, struct error *err)
{
	struct workshop *w = op->shop;
	const char *dir = w->paths->console;
	const char *log = in_jail ?
	    spec_text(op_spec(op), "exec.consolelog") : NULL;
	char path[2 * PATHS_MAX];
	int fd = -1;

	if (log == NULL || canonical_log(op, log, path, sizeof path, err) == 0)
		fd = console_open(&w->console, dir, op->name,
		    log != NULL ? path : NULL, &op->output, err);
	if (fd != -1 || log == NULL || op->phase != STOPPING)
		return fd;
	console_say(dir, op->name, err->text);
	return console_open(&w->console, dir, op->name, NULL, &op->output,
	    err);
}

/* What cleans up after a jail that has ended gets the jid that it had. */
static int
jid_of_gone(const struct operation *op)
{
	const struct entry *e = op->phase != STOPPING ? NULL :
	    inventory_find(op->shop->inventory, op->name);

	return e != NULL ? e->jid : 0;
}

/*
 * Starts a program.  Returns whether it must be waited for.  Those that the
 * spec says get its secrets; one that cannot be had must not keep a jail from
 * being stopped, so the command runs without it.
 */
static bool
begin(struct operation *op, const char *label, struct hook *h,
    bool (*then)(struct operation *, bool))
{
	const struct spec *s = op_spec(op);
	struct error err;
	bool background = false;

	error_clear(&err);
	free(op->label);
	op->label = strdup(label);
	h->kernel = op->shop->observer->kernel;
	h->spec = s;
	h->vault = op->shop->vault;
	h->jid = op->jid != 0 || h->in_jail ? op->jid : jid_of_gone(op);
	h->started = hook_noted;
	h->arg = op;
	if (h->argv == NULL && vault_check(op->shop->vault, s, &err) != 0)
		console_say(op->shop->paths->console, op->name, err.text);
	error_clear(&err);
	h->output = open_output(op, h->in_jail, &err);
	op->pid = h->output == -1 ? -1 : hook_start(h, &background, &err);
	if (h->output != -1)
		close(h->output);
	if (op->pid == -1 || background) {
		console_close(&op->shop->console, op->output, NULL, 0);
		if (op->pid == -1)
			op_note(op, !op_goes_on(op), "%s: %s", label,
			    err.text);
		op->pid = 0;
		return false;
	}
	return await(op, then);
}

bool
step_run(struct operation *op, const char *label, const char *const *argv,
    bool (*then)(struct operation *op, bool ok))
{
	struct hook h = { .command = argv[0], .argv = argv };

	return begin(op, label, &h, then);
}

/* The next one of a list, unless a failure ends it. */
static bool
next_of_list(struct operation *op, bool ok)
{
	if (ok || op_goes_on(op))
		op->command++;
	return ok;
}

/* Runs one of a parameter's values.  Returns whether something is waited for. */
static bool
run_command(struct operation *op, const char *param, const char *command)
{
	struct hook h = { .command = command, .in_jail =
	    op->phase != UNDOING && op_step(op)->kind == STEP_JAIL_HOOK };
	size_t size = strlen(param) + 2 + strlen(command) + 1;
	char *label = malloc(size);
	bool wait;

	if (label != NULL)
		snprintf(label, size, "%s: %s", param, command);
	wait = begin(op, label != NULL ? label : param, &h, next_of_list);
	free(label);
	return wait;
}

/* Where the kernel's interface does what elsewhere ifconfig(8) does. */
static bool
gives_interface(const struct operation *op, const char *param)
{
	return strcmp(param, "vnet.interface") == 0 &&
	    op->shop->observer->kernel->backend->interface != NULL;
}

/*
 * Says which other jail of the agent's has an interface, or "".  That is no reason
 * not to try: hooks may have made another one of that name.
 */
static const char *
say_holder(const struct operation *op, const char *name, char *buf, size_t size)
{
	const struct inventory *inv = op->shop->inventory;

	buf[0] = '\0';
	for (size_t i = 0; i < inv->count; i++) {
		const struct entry *e = inv->entry[i];

		if (e->stage == ENTRY_UP && e->applied != NULL &&
		    strcmp(e->name, op->name) != 0 && claims_has(spec_list(
		    e->applied, "vnet.interface"), "vnet.interface", name))
			snprintf(buf, size, " (the jail %s has one)", e->name);
	}
	return buf;
}

static void
give_interface(struct operation *op, const char *name)
{
	struct jail_kernel *k = op->shop->observer->kernel;
	char holder[JAIL_NAME_MAX + 32];
	struct error err = { 0 };

	if (k->backend->interface(k, op->jid, name, &err) != 0)
		op_note(op, true, "vnet.interface: %s%s", err.text,
		    say_holder(op, name, holder, sizeof holder));
}

/* Runs the program of a step for one value. */
static bool
run_words(struct operation *op, const char *param, const char *value)
{
	const struct step *step = op_step(op);
	const char *argv[STEP_WORDS];
	char jid[16], holder[JAIL_NAME_MAX + 32], label[900];

	if (gives_interface(op, param)) {
		give_interface(op, value);
		return false;
	}
	snprintf(jid, sizeof jid, "%d", op->jid);
	snprintf(label, sizeof label, "%s: %.500s%s", param, value,
	    strcmp(param, "vnet.interface") == 0 ?
	    say_holder(op, value, holder, sizeof holder) : "");
	for (size_t i = 0; i < STEP_WORDS; i++) {
		argv[i] = step->words[i];
		if (argv[i] == NULL)
			break;
		if (strcmp(argv[i], "%j") == 0)
			argv[i] = jid;
		else if (strcmp(argv[i], "%v") == 0)
			argv[i] = value;
	}
	return step_run(op, label, argv, next_of_list);
}

static bool
each(struct operation *op, bool (*run)(struct operation *, const char *,
    const char *))
{
	const char *param = op_param(op);
	const struct text_list *l = param == NULL ? NULL :
	    spec_list(op_spec(op), param);

	/* A kernel without processes (model) has nothing to run. */
	if (op->shop->observer->kernel->backend->spawn == NULL || l == NULL)
		return false;
	while (op->command < l->count) {
		if (run(op, param, l->text[op->command]))
			return true;
		if (op->failed && !op_goes_on(op))
			return false;
		op->command++;
	}
	return false;
}

/* Tells the next agent, where it would have something to undo. */
int
step_begins(struct operation *op, const char *undo, struct error *err)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	const struct spec *s = op->start;
	bool undoes = undo != NULL ? spec_list(s, undo)->count > 0 :
	    spec_list(s, "exec.poststop")->count > 0 ||
	    spec_list(s, "exec.release")->count > 0;

	return !undoes || e == NULL ||
	    op->shop->observer->kernel->backend->spawn == NULL ? 0 :
	    inventory_begins(op->shop->inventory, e, undo, err);
}

/*
 * Of the hooks that clean up: those of a start that it never began, and those
 * that an agent which was killed had run to their end.
 */
static bool
need_not_run(const struct operation *op, const struct entry *e)
{
	bool taken_up = op->phase == STOPPING &&
	    op->step >= stop_after_removal && op->jid == 0;

	return e != NULL && op_param(op) != NULL &&
	    ((taken_up && entry_ran(e, op_param(op))) ||
	    ((taken_up || op->phase == UNDOING) &&
	    !entry_began(e, op_param(op))));
}

/* Should that fail they run again if the agent is killed before the end. */
static void
note_ran(struct operation *op, struct entry *e)
{
	const char *param = op_param(op);
	struct error ignored;

	error_clear(&ignored);
	if (e != NULL && (op->phase == UNDOING || (op->phase == STOPPING &&
	    op->step >= stop_after_removal)) && param != NULL &&
	    op->shop->observer->kernel->backend->spawn != NULL &&
	    spec_list(op_spec(op), param)->count > 0)
		(void)inventory_ran(op->shop->inventory, e, param, &ignored);
}

bool
step_hook(struct operation *op)
{
	const char *undo = op->phase == STARTING ? op_step(op)->undo : NULL;
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct error err;

	error_clear(&err);
	if (undo != NULL && step_begins(op, undo, &err) != 0) {
		op_note(op, true, "%s", err.text);
		return false;
	}
	if (need_not_run(op, e))
		return false;
	if (each(op, run_command))
		return true;
	note_ran(op, e);
	return false;
}

bool
step_each(struct operation *op)
{
	return each(op, run_words);
}
