/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/jail_state.h"

const char *const jail_state_word[STATE_COUNT] = {
	[STATE_READY] = "ready",
	[STATE_MATCHING] = "matching",
	[STATE_PROGRESSING] = "progressing",
	[STATE_FAILED] = "failed",
	[STATE_HELD] = "held",
	[STATE_PAUSED] = "paused",
	[STATE_STOPPED] = "stopped",
	[STATE_BLOCKED] = "blocked",
	[STATE_QUARANTINED] = "quarantined",
	[STATE_CONFLICT] = "conflict",
	[STATE_INVALID] = "invalid",
	[STATE_DYING] = "dying",
	[STATE_UNMANAGED] = "unmanaged",
};
