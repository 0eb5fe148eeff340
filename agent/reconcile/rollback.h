/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going back (agent.rollback): a changed spec that keeps failing is put in
 * quarantine, and the last one before it with which the jail was ready is wanted
 * again until the spec changes or a user asks for a restart.
 *
 * STATEDIR/rollback/NAME.yaml is the spec to go back to; NAME.bad names the
 * digest in quarantine and why, so that no agent that comes later tries it;
 * NAME.ready names the digest with which the jail's health was good, NAME.tries
 * the one that failed last, and how often.
 * A spec with other secrets is another spec.
 */
#ifndef JA_ROLLBACK_H
#define JA_ROLLBACK_H

#include "agent/base/paths.h"
#include "agent/read/vault.h"
#include "kernel/error.h"

#define ROLLBACK_TRIES 3 /* failures after which a spec is bad */

/* Of one jail.  All zero: nothing is known yet. */
struct rollback {
	bool read;	   /* the files were */
	struct spec *good; /* to go back to; NULL: none */
	struct spec *bad;  /* what its file says, in quarantine; NULL: none */
	unsigned char digest[SPEC_DIGEST_SIZE]; /* of what is in quarantine */
	char *why;	   /* NULL: nothing is */
	bool ready_read;   /* `ready` was looked for; zeros: none is known */
	unsigned char ready[SPEC_DIGEST_SIZE];
	unsigned failures; /* of the spec that is wanted now */
	bool tries_read;   /* with those that an earlier agent has met */
	bool proved;	   /* the jail was well with it for long */
};

void rollback_free(struct rollback *b);

/*
 * The health checks of the jail say that it is ready with `s`; whether they ever
 * did, or `s` asks for none, so that a jail that is up was ready.
 */
void rollback_ready(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *s);
bool rollback_was_ready(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *s);

/* Another spec is wanted now: what failed before is not its fault. */
void rollback_anew(struct rollback *b);

/*
 * A file says `s`, which is taken over.  Returns the spec that is to be wanted:
 * `s`, which ends a quarantine of another one, or a copy of the good one; NULL
 * when memory is out.  `was` is what the jail was ready with until now, NULL: it was not.
 */
struct spec *rollback_choose(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *was, struct spec *s);

/*
 * A secret changed.  Returns what is to be wanted instead, when what is in
 * quarantine names it; NULL: nothing else than before.
 */
struct spec *rollback_secret(struct rollback *b, const struct paths *p,
    const struct vault *v, const char *file);

/*
 * `wanted` failed: once more, or (`final`) so that trying again is no use.
 * Returns the good spec, to be wanted now; NULL: there is none, or not yet.
 */
struct spec *rollback_failed(struct rollback *b, const struct paths *p,
    const struct vault *v, const struct spec *wanted, const char *why,
    bool final);

/* Ends a quarantine: returns the spec that was in it, NULL if there is none. */
struct spec *rollback_end(struct rollback *b, const struct paths *p,
    const char *name);

/* The jail is gone for good. */
void rollback_forget(struct rollback *b, const struct paths *p,
    const char *name);

#endif
