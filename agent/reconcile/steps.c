/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/steps.h"

#define PLAIN(k) { .kind = k }
#define HOST(name, undone_by) \
	{ .kind = STEP_HOST_HOOK, .param = name, .undo = undone_by }
#define JAIL(name) { .kind = STEP_JAIL_HOOK, .param = name }
#define MAKE(what) { .kind = STEP_MAKE, .thing = what }
#define UNMAKE(what) { .kind = STEP_UNMAKE, .thing = what }
#define EACH(name, ...) \
	{ .kind = STEP_EACH, .param = name, .words = { __VA_ARGS__ } }

const struct step start_steps[] = {
	PLAIN(STEP_BEGIN),
	PLAIN(STEP_LOOKUP),
	HOST("exec.prepare", "exec.release"),
	MAKE(THING_ALIAS4),
	MAKE(THING_ALIAS6),
	MAKE(THING_MOUNT),
	HOST("exec.prestart", "exec.poststop"),
	PLAIN(STEP_CREATE),
	PLAIN(STEP_LIMIT),
	HOST("exec.created", NULL),
	/* Both are given back by the kernel when the jail ends. */
	EACH("zfs.dataset", "/sbin/zfs", "jail", "%j", "%v"),
	EACH("vnet.interface", "/sbin/ifconfig", "%v", "vnet", "%j"),
	JAIL("exec.start"),
	JAIL("command"),
	HOST("exec.poststart", NULL),
	PLAIN(STEP_SETTLE),
};
const size_t start_count = sizeof start_steps / sizeof *start_steps;

const struct step stop_steps[] = {
	PLAIN(STEP_HALT),
	HOST("exec.prestop", NULL),
	JAIL("exec.stop"),
	PLAIN(STEP_TERM),
	PLAIN(STEP_REMOVE),
	PLAIN(STEP_GONE),
	PLAIN(STEP_UNLIMIT),
	HOST("exec.poststop", NULL),
	UNMAKE(THING_MOUNT),
	UNMAKE(THING_ALIAS6),
	UNMAKE(THING_ALIAS4),
	HOST("exec.release", NULL),
};
const size_t stop_count = sizeof stop_steps / sizeof *stop_steps;

const size_t stop_begun = 3;
const size_t stop_by_force = 4;
const size_t stop_after_removal = 6;

_Static_assert(sizeof stop_steps / sizeof *stop_steps == 12,
    "the numbers above are indices into stop_steps");
