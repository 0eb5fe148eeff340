/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/plan/limits.h"
#include "agent/plan/mounts.h"
#include "agent/reconcile/host.h"
#include "agent/reconcile/realise.h"
#include "agent/reconcile/step.h"

/* How long the last process of a removed jail is waited for. */
#define GONE_TIMEOUT_MS 5000

bool
step_begin(struct operation *op)
{
	struct error err;

	error_clear(&err);
	if (inventory_preparing(op->shop->inventory, op->shop->set, op->start,
	    &err) != 0 || step_begins(op, NULL, &err) != 0)
		op_note(op, true, "%s", err.text);
	return false;
}

/* A kernel's helper that had died is there again the next time. */
static int
create(struct operation *op, const struct text_list *mounts,
    struct error *err)
{
	const struct observer *o = op->shop->observer;
	struct spec *made;
	const struct spec *s = vault_reveal(op->shop->vault, step_given(op),
	    &made);
	int rc;

	if (s == NULL)
		return error_sys(err, ENOMEM, "%s", op->name);
	rc = realise_create(o, s, mounts, op->token, &op->jid, err);
	if (rc != 0 && err->code == EPIPE) {
		error_clear(err);
		rc = realise_create(o, s, mounts, op->token, &op->jid, err);
	}
	vault_hide(made);
	return rc;
}

/* Hooks may have made it, or what leads there, since it was planned. */
static int
check_path(const struct operation *op, struct error *err)
{
	struct jail_roots roots = { 0 };
	char path[1024];
	int rc = canonical_path(op->shop->observer, &roots,
	    spec_text(op->start, "path"), path, sizeof path, err);

	jail_roots_forget(&roots);
	return rc;
}

bool
step_create(struct operation *op)
{
	struct workshop *w = op->shop;
	struct text_list mounts = { 0 };
	struct entry *e;
	struct error err;

	error_clear(&err);
	if (inventory_creating(w->inventory, w->set, op->start, &e,
	    &err) == 0) {
		memcpy(op->token, e->token, sizeof op->token);
		op->created = check_path(op, &err) == 0 &&
		    mounts_of_spec(w->observer, op->start, &mounts,
		    &err) == 0 && create(op, &mounts, &err) == 0;
	}
	if (!op->created)
		op_note(op, true, "%s", err.text);
	text_list_free(&mounts);
	return false;
}

/* Before anything runs in the jail. */
bool
step_limit(struct operation *op)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct jail_limits l;
	struct error err;

	error_clear(&err);
	if (limits_of(op->start, &l) && host_limit(op->shop, e, op->start,
	    op->jid, &err) != 0)
		op_note(op, true, "%s", err.text);
	return false;
}

bool
step_unlimit(struct operation *op)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct error err;

	error_clear(&err);
	if (host_unlimit(op->shop, e, op_spec(op), &err) != 0)
		op_note(op, false, "%s", err.text);
	return false;
}

bool
step_settle(struct operation *op)
{
	struct workshop *w = op->shop;
	struct entry *e = inventory_find(w->inventory, op->name);
	struct error err;

	error_clear(&err);
	if (e == NULL)
		error_set(&err, ENOENT, "%s: not in the inventory", op->name);
	else if (realise_path(w->observer, op->jid, e, &err) == 0 &&
	    realise_settle(w->observer, op->start, op->jid, e, &err) == 0 &&
	    inventory_up(w->inventory, e, op->jid, &err) == 0)
		return false;
	op_note(op, true, "%s", err.text);
	return false;
}

bool
step_halt(struct operation *op)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct error err;

	if (op->jid == 0 || e == NULL || e->stage == ENTRY_REMOVING)
		return false;
	error_clear(&err);
	op->whole = e->stage == ENTRY_UP;
	if (inventory_removing(op->shop->inventory, e, &err) != 0)
		op_note(op, true, "%s", err.text);
	return false;
}

/* Should that fail, the jail is restarted without need; no more. */
void
step_unhalt(struct operation *op)
{
	struct entry *e = inventory_find(op->shop->inventory, op->name);
	struct error ignored;

	error_clear(&ignored);
	if (op->whole && e != NULL && e->stage == ENTRY_REMOVING)
		(void)inventory_up(op->shop->inventory, e, e->jid, &ignored);
}

bool
step_remove(struct operation *op)
{
	struct workshop *w = op->shop;
	struct entry *e = inventory_find(w->inventory, op->name);
	struct error err;

	if (op->jid == 0 || e == NULL)
		return false;
	error_clear(&err);
	if ((e->stage != ENTRY_REMOVING &&
	    inventory_removing(w->inventory, e, &err) != 0) ||
	    realise_remove(w->observer, op->jid, e, &err) != 0) {
		op_note(op, true, "%s", err.text);
		op->still_up = true;
	}
	return false;
}

/*
 * How often one asks, ms.  Each time costs some 0.1 ms: when there are many,
 * each asks less often, so the loop has time for others.
 */
#define POLL_MOST_MS 50
#define POLLING_FEW 16

void
step_wait(struct operation *op)
{
	int64_t most = POLL_MOST_MS * (1 + op->shop->polling / POLLING_FEW);
	int64_t left = op->deadline - clock_ms();

	if (op->poll_ms < most)
		op->poll_ms *= 2;
	op_wake_in(op, op->poll_ms < left || left < 1 ? op->poll_ms : left);
}

/* Begins to wait for what step_waited tells. */
static bool
wait_for(struct operation *op, int waiting, int64_t most_ms)
{
	op->waiting = waiting;
	op->deadline = clock_ms() + most_ms;
	op->poll_ms = 1;
	op->shop->polling++;
	op_wake_in(op, op->poll_ms);
	return true;
}

bool
step_term(struct operation *op)
{
	struct jail_kernel *k = op->shop->observer->kernel;
	long timeout = spec_int(op->stop, "stop.timeout");

	if (op->jid == 0 || k->backend->signal == NULL || timeout <= 0 ||
	    k->backend->signal(k, op->jid, SIGTERM) <= 0)
		return false;
	slot_lend(op);
	return wait_for(op, TERM, timeout * 1000);
}

bool
step_gone(struct operation *op)
{
	if (op->jid == 0 ||
	    realise_present(op->shop->observer, op->jid) != 1)
		return false;
	return wait_for(op, GONE, GONE_TIMEOUT_MS);
}

bool
step_waited(struct operation *op)
{
	struct jail_kernel *k = op->shop->observer->kernel;

	if (op->waiting == TERM && (op_cut_off(op) ||
	    k->backend->signal(k, op->jid, 0) <= 0))
		return true;
	if (op->waiting == GONE &&
	    realise_present(op->shop->observer, op->jid) != 1)
		return true;
	return clock_ms() >= op->deadline;
}

bool
step_destroy(struct operation *op)
{
	if (!op->created)
		return false;
	step_remove(op);
	return step_gone(op);
}
