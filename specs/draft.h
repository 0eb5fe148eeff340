/* SPDX-License-Identifier: BSD-2-Clause */
/* From what a jail is told to what a spec is packed of.  Private to specs/. */
#ifndef JA_DRAFT_H
#define JA_DRAFT_H

#include "param_names.h"
#include "scope.h"

/* Where jails are drafted, one after the other. */
struct drafter {
	struct scope scope;
	/* The draft: it borrows everything, until scope_end. */
	struct spec spec;
	const struct spec_param *param[P_COUNT]; /* of it, or NULL */
	const struct assign **said;		 /* its settings */
	size_t saids;
	/* Room for parameters and settings. */
	struct spec_param *params;
	size_t params_room, said_room;
	struct spec_agent agent; /* the defaults of all settings */
};

/* Where the draft was told a parameter; line 0: it was not. */
static inline struct spec_place
draft_place(const struct drafter *d, enum param_index i)
{
	return d->param[i] != NULL ? d->param[i]->place :
	    (struct spec_place){ 0 };
}

/* scope.errors is the caller's to set. */
void drafter_init(struct drafter *d);
void drafter_finish(struct drafter *d);

/*
 * Resolves the jail that the scope was begun with, drafts it and checks it as a
 * whole.  Nothing may be said about the jail but by scope_fault.  Returns -1
 * only when memory is out.
 */
int draft_make(struct drafter *d);
/*
 * As draft_make, with a scope of its own for a document that is the whole of a
 * jail: its assignments, sorted, refer to nothing and are one of a name.
 */
int draft_whole(struct drafter *d, const struct spec_doc *doc,
    const struct assign *const *sorted, size_t count);

#endif
