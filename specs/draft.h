/* SPDX-License-Identifier: BSD-2-Clause */
/* From what a scope holds to what a spec is packed of.  Private to specs/. */
#ifndef JA_DRAFT_H
#define JA_DRAFT_H

#include "scope.h"

/* Where jails are drafted, one after the other. */
struct drafter {
	struct scope scope;
	struct spec_param *param; /* room for a draft */
	size_t room;
	struct spec_agent agent; /* the defaults of all settings */
};

/* scope.errors is the caller's to set. */
void drafter_init(struct drafter *d);
void drafter_finish(struct drafter *d);

/*
 * Resolves the jail that the scope was begun with, checks it as a whole, and
 * fills a draft that borrows everything, until scope_end.  Nothing may be said
 * about the jail but by scope_fault.  Returns -1 only when memory is out.
 */
int draft_make(struct drafter *d, struct spec *draft);

#endif
