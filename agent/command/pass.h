/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One pass over a directory of specs without an agent: plan and apply.  It uses
 * the agent's reconciler, so both decide and act alike.
 */
#ifndef JA_PASS_H
#define JA_PASS_H

#include "agent/command/required.h"
#include "agent/read/scan_kept.h"
#include "agent/reconcile/reconcile.h"

struct pass_options {
	const char *path; /* a directory, or a file */
	const char *as;   /* plan: the directory whose set it would be */
	unsigned letters, parallel;
	bool prune;
	bool below; /* with the directories below `path` */
	bool write; /* apply: takes the lock, changes things */
	bool for_agent; /* plan: an agent is there, which would do it */
	const struct text_list *held; /* by it: names and reasons by turns */
	bool keep;  /* plan -o: it is bound to the secrets that specs name */
	const struct required *required; /* keys; NULL: none */
	struct bound_plan *bound; /* apply: only what it says, or NULL */
	reconcile_told_fn *told;
	void *arg;
};

struct pass {
	struct event_base *base;
	struct jail_kernel *kernel;
	struct observer observer;
	struct inventory inventory;
	struct vault vault;
	struct standing standing;
	struct children *children;
	struct reconciler reconciler;
	struct spec_set specs;
	struct scan scan; /* where they are signed: the last one */
	struct text_list outdated; /* files of which last good texts were */
	const struct spec_errors *errors;
	char set[PATHS_MAX];
	int lock;
	bool has_reconciler;
};

/*
 * Reads specs, kernel and inventory.  `path` NULL: the inventory alone.  Errors
 * in files are in pass->errors and do not fail.  The caller closes it
 * also after a failure.
 */
int pass_open(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err);

/*
 * pass_signed.c: the specs when keys are required, with the numbers of those
 * that are new on record when something is to be done.
 */
int pass_load_signed(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, struct error *err);

/*
 * pass_kept.c: removes the last good texts that are older than what is about to
 * be applied in their place, once it is known what is.  -1: memory is out.
 */
int pass_outdate(struct pass *p, const struct context *ctx,
    const struct pass_options *opt);
/*
 * Then, when that was done: sends what took their place (SIGNER_KEEP).  Not 0:
 * what `send` returned.
 */
int pass_keep(struct pass *p, const struct context *ctx,
    const struct pass_options *opt, kept_send_fn *send, void *arg);

/* The name of the set that a path belongs to: PATHS_MAX bytes. */
int pass_set(const struct pass_options *opt, char *set, struct error *err);

/* Carries out what is to be done; returns when nothing is under way. */
void pass_run(struct pass *p);
void pass_close(struct pass *p);

/*
 * An invalid file may be about any jail: while there is one nothing is removed.
 * Returns whether it would have been, so that it is to be told.
 */
bool pass_keep_all(struct pass *p);
#define KEEPS_ALL "nothing is removed while a file is invalid"

/* Prints the errors of the files to standard error; returns how many. */
size_t pass_print_errors(const struct pass *p);

#endif
