/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans in files: JSON with what `plan --json` shows, for what it was made, and
 * to what each action is bound (bound.h); FILE.minisig beside it when the state
 * directory has a key.
 */
#ifndef JA_SAVED_PLAN_H
#define JA_SAVED_PLAN_H

#include "agent/command/pass.h"

struct saved_plan {
	char path[PATHS_MAX], kernel[32]; /* what it was made for */
	unsigned letters;
	bool prune, below;
	struct bound_plan bound;
};

/* Writes what was foreseen for the pass.  0, -1 with err. */
int saved_plan_write(const struct context *ctx, const struct pass_options *opt,
    struct pass *p, const struct action *actions, const char *file,
    struct error *err);

/*
 * Reads and, when the state directory has a public key, verifies.  0, -1 with
 * err.
 */
int saved_plan_read(const struct context *ctx, const char *file,
    struct saved_plan *plan, struct error *err);
void saved_plan_free(struct saved_plan *plan);

#endif
