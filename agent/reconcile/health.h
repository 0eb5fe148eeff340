/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Health checks (agent.health): a command in the jail, again and again.  Until
 * it has succeeded once nothing is known of the jail; `retries` failures in a
 * row make it unhealthy, one success makes it healthy.
 */
#ifndef JA_HEALTH_H
#define JA_HEALTH_H

#include "agent/reconcile/operation.h"

enum health_verdict { HEALTH_UNKNOWN, HEALTH_GOOD, HEALTH_BAD };

/* The judgement.  Pure: the caller brings the clock.  All zero: just begun. */
struct health_count {
	enum health_verdict verdict;
	int failures;	 /* in a row, that count */
	int64_t counted; /* when the last of them was, ms */
	int64_t pause;	 /* between two checks while nothing is known, ms */
};

/*
 * A check ended at `now`; checks began at `began`.  Returns milliseconds until
 * the next one.  While nothing is known they come sooner than each interval,
 * so that who waits does not wait longer than needed; failures count once an
 * interval all the same, and not before the start period is over.
 */
int64_t health_count(struct health_count *c, const struct spec_health *s,
    bool ok, int64_t began, int64_t now);

struct health;

typedef void health_changed_fn(void *arg);

/*
 * Begins to check a running jail; the first check is made at once.  The spec is
 * copied.  `changed` is called after each change of the verdict, and of what
 * failed.  Returns NULL when memory is out.
 */
struct health *health_new(struct workshop *w, const struct spec *s, int jid,
    health_changed_fn *changed, void *arg);
/* Ends the checks; one that runs is killed.  NULL is fine. */
void health_free(struct health *h);

/* Whether it checks that jail as the spec asks for. */
bool health_is_for(const struct health *h, const struct spec *s, int jid);

enum health_verdict health_verdict(const struct health *h);
/* "agent.health.exec failed 3 times: exit status 1: ...", or what is awaited. */
const char *health_text(const struct health *h);

#endif
