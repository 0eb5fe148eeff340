/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/steps.h"

#define HOST(name, undone_by) { STEP_HOST_HOOK, name, undone_by }
#define JAIL(name) { STEP_JAIL_HOOK, name, NULL }

const struct step start_steps[] = {
	HOST("exec.prepare", "exec.release"),
	HOST("exec.prestart", "exec.poststop"),
	{ STEP_CREATE, NULL, NULL },
	HOST("exec.created", NULL),
	JAIL("exec.start"),
	JAIL("command"),
	HOST("exec.poststart", NULL),
	{ STEP_SETTLE, NULL, NULL },
};
const size_t start_count = sizeof start_steps / sizeof *start_steps;

const struct step stop_steps[] = {
	HOST("exec.prestop", NULL),
	JAIL("exec.stop"),
	{ STEP_TERM, NULL, NULL },
	{ STEP_REMOVE, NULL, NULL },
	{ STEP_GONE, NULL, NULL },
	HOST("exec.poststop", NULL),
	HOST("exec.release", NULL),
};
const size_t stop_count = sizeof stop_steps / sizeof *stop_steps;

const size_t stop_by_force = 3;
const size_t stop_after_removal = 5;

_Static_assert(sizeof stop_steps / sizeof *stop_steps == 7,
    "stop_by_force and stop_after_removal are indices into stop_steps");
