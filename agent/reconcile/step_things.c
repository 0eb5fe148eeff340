/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making and unmaking things on the host.  The journal has each before it is
 * made and until it is gone; what was there before is left alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/host.h"
#include "agent/reconcile/step.h"

static struct entry *
entry_of(const struct operation *op)
{
	return inventory_find(op->shop->inventory, op->name);
}

/* ------------------------------------------------- one mount, several jails */

static void
join(struct operation *op)
{
	op->mounting = op->shop->mounting;
	op->shop->mounting = op;
}

void
step_mounted(struct operation *op)
{
	struct operation **at = &op->shop->mounting;

	while (*at != NULL && *at != op)
		at = &(*at)->mounting;
	if (*at == NULL)
		return;
	*at = op->mounting;
	op->mounting = NULL;
	for (struct operation *o = op->shop->mounting; o != NULL;
	    o = o->mounting)
		if (o->waiting == MOUNT)
			op_wake_in(o, 0);
}

/*
 * Jails with the same path may have the same mount, which is made by the first
 * and unmade by the last.  Which that is, and whether it is there, is only known
 * while no program is at it.  Those that run one, with the thing's name as their
 * label, and those that wait for one to end are the workshop's list.  Returns
 * whether it has to be waited for.
 */
static bool
mount_wait(struct operation *op, const char *name)
{
	for (const struct operation *o = op->shop->mounting; o != NULL;
	    o = o->mounting)
		if (o != op && o->waiting == HOOK && o->label != NULL &&
		    thing_same(o->label, name)) {
			join(op);
			op->waiting = MOUNT;
			return true;
		}
	return false;
}

static bool
run(struct operation *op, const char *name, char **argv,
    bool (*then)(struct operation *, bool))
{
	bool wait = step_run(op, name, (const char *const *)argv, then);

	if (wait)
		join(op);
	return wait;
}

static bool
made(struct operation *op, bool ok)
{
	step_mounted(op);
	if (ok)
		op->command++;
	return ok;
}

static bool
make_one(struct operation *op, enum thing kind, const char *text)
{
	char *name = thing_name(kind, text), **argv = NULL;
	struct error err;
	bool wait = false;
	int rc;

	error_clear(&err);
	if (name != NULL && mount_wait(op, name)) {
		free(name);
		return true;
	}
	if (name == NULL)
		rc = error_sys(&err, ENOMEM, "%s", text);
	else if ((rc = thing_check(op->shop->observer, op->start, kind, text,
	    &err)) == 0)
		rc = host_make(op->shop, entry_of(op), kind, name, &argv,
		    &err);
	if (rc > 0)
		wait = run(op, name, argv, made);
	else if (rc < 0)
		op_note(op, true, "%s: %s", name != NULL ? name : "alias",
		    err.text);
	free(argv);
	free(name);
	return wait;
}

bool
step_make(struct operation *op)
{
	enum thing kind = start_steps[op->step].thing;
	struct error err;

	if (op->command == 0) {
		text_list_free(&op->things);
		error_clear(&err);
		if (things_wanted(op->shop->observer, step_given(op), kind,
		    &op->things, &err) != 0) {
			op_note(op, true, "%s", err.text);
			return false;
		}
	}
	while (op->command < op->things.count && !op->failed) {
		if (make_one(op, kind, op->things.text[op->command]))
			return true;
		if (!op->failed)
			op->command++;
	}
	return false;
}

/* The thing of the kind that was made last, but `skip`; NULL: no more. */
static const char *
last_thing(const struct entry *e, enum thing kind, size_t skip)
{
	for (size_t i = e->made.count; i-- > 0;)
		if (thing_text(kind, e->made.text[i]) != NULL && skip-- == 0)
			return e->made.text[i];
	return NULL;
}

static void
forget(struct operation *op, const char *name)
{
	struct error err;

	error_clear(&err);
	if (inventory_unmade(op->shop->inventory, entry_of(op), name,
	    &err) == 0)
		return;
	op_note(op, false, "%s", err.text);
	op->command++;
}

/* A program that fails may yet find it gone, and one that succeeds not. */
static bool
unmade(struct operation *op, bool ok)
{
	enum thing kind = op_step(op)->thing;
	const char *name = last_thing(entry_of(op), kind, op->command);
	struct error err;

	step_mounted(op);
	error_clear(&err);
	if (thing_there(kind, thing_text(kind, name), &err) == 0)
		forget(op, name);
	else
		op->command++;
	return ok;
}

/* What cannot be unmade stays in the journal, and the rest is gone on with. */
static bool
unmake_one(struct operation *op, enum thing kind, const char *name)
{
	char **argv = NULL;
	struct error err;
	bool wait = false;
	int rc;

	if (mount_wait(op, name))
		return true;
	error_clear(&err);
	rc = host_unmake(op->shop, entry_of(op), kind, name, &argv, &err);
	if (rc > 0)
		wait = run(op, name, argv, unmade);
	if (rc == 0)
		forget(op, name);
	if (rc < 0)
		op_note(op, false, "%s: %s", name, err.text);
	if (rc < 0 || (rc > 0 && !wait))
		op->command++;
	free(argv);
	return wait;
}

bool
step_unmakes(const struct operation *op)
{
	const struct entry *e = entry_of(op);

	return e != NULL && last_thing(e, op_step(op)->thing, 0) != NULL;
}

bool
step_unmake(struct operation *op)
{
	enum thing kind = op_step(op)->thing;
	const struct entry *e = entry_of(op);
	const char *name;

	while (e != NULL && (name = last_thing(e, kind, op->command)) != NULL)
		if (unmake_one(op, kind, name))
			return true;
	return false;
}
