/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/slots.h"

#include "agent/reconcile/step.h"

void
slots_init(struct slots *s, unsigned most, void (*left)(void *arg), void *arg)
{
	*s = (struct slots){ .most = most, .left = left, .arg = arg };
	TAILQ_INIT(&s->queue);
}

bool
slots_any(const struct slots *s)
{
	return s->most == 0 || s->taken < s->most;
}

bool
slots_next(struct slots *s)
{
	struct operation *op = TAILQ_FIRST(&s->queue);

	if (op == NULL || !slots_any(s))
		return false;
	slot_leave(op);
	slot_take(op);
	op_wake_in(op, 0);
	return true;
}

void
slot_take(struct operation *op)
{
	op->counts = true;
	op->shop->slots.taken++;
}

bool
slot_wait(struct operation *op)
{
	struct slots *s = &op->shop->slots;

	if (slots_any(s)) {
		slot_take(op);
		return false;
	}
	op->waiting = SLOT;
	TAILQ_INSERT_TAIL(&s->queue, op, slot_link);
	return true;
}

static void
give_back(struct operation *op)
{
	op->shop->slots.taken -= op->counts;
	op->counts = false;
}

void
slot_lend(struct operation *op)
{
	struct slots *s = &op->shop->slots;

	give_back(op);
	s->left(s->arg);
}

void
slot_leave(struct operation *op)
{
	if (op->waiting != SLOT)
		return;
	TAILQ_REMOVE(&op->shop->slots.queue, op, slot_link);
	op->waiting = NOTHING;
}

void
slot_end(struct operation *op)
{
	slot_leave(op);
	give_back(op);
}
