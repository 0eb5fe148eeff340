/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * agent: what a spec tells about how the agent treats its jail.  What the
 * settings are called, and what they may be, is said in settings.c.
 */
#ifndef JA_SPEC_AGENT_H
#define JA_SPEC_AGENT_H

#include "kernel/value.h"

enum restart_policy { RESTART_ALLOW, RESTART_NEVER };
enum heal_policy { HEAL_ALWAYS, HEAL_NEVER };
enum remove_policy { REMOVE_REMOVE, REMOVE_KEEP };

struct spec_health {
	char *exec; /* NULL: none */
	long interval_ms, timeout_ms, start_period_ms;
	int retries;
	bool heal; /* an unhealthy jail is restarted */
};

/* What the jail may use at most; 0: no limit. */
struct spec_limits {
	long cpu; /* percent of one processor */
	long memory, swap; /* bytes */
	int processes;
};

/* The network of a vnet jail that the agent makes; NULL, 0: not asked for. */
struct spec_network {
	char *bridge;
	char *address; /* with prefixes; comma-separated */
	char *gateway; /* one of a family; comma-separated */
	int mtu;
};

struct spec_agent {
	enum restart_policy restart;
	enum heal_policy heal;
	enum remove_policy on_remove;
	bool protect, rollback, follow_depend;
	char *paused; /* the reason; NULL: not paused */
	long retry_initial_ms, retry_max_ms, retry_reset_ms;
	struct spec_health health;
	struct spec_limits limits;
	struct spec_network network;
	struct text_list labels;      /* KEY=VALUE, sorted by KEY */
	struct text_list environment; /* KEY=VALUE, sorted by KEY */
	struct text_list secrets;     /* KEY=FILE of environment: !secret FILE */
};

#endif
