/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail has on the host, with the journal: what was there before is left
 * alone, and what several jails have goes with the last of them.
 */
#ifndef JA_HOST_H
#define JA_HOST_H

#include "agent/plan/plan.h"
#include "agent/reconcile/operation.h"
#include "agent/reconcile/things.h"

/*
 * Makes a thing, which is journalled before; `name` is its thing_name.  What the
 * host has already, and what somebody else makes at that moment, is left to
 * it.  An address that the entry has with another prefix, or other words, is made
 * anew; one that others have, too, is journalled as it is there.  Returns 0, 1
 * when a program has to be run (as thing_make), -1 with err.
 */
int host_make(struct workshop *w, struct entry *e, enum thing kind,
    const char *name, char ***argv, struct error *err);

/*
 * Unmakes a thing of the entry, unless another jail has it, too: an address
 * also without an alias of its own, and also a jail of somebody else.  Returns
 * as thing_unmake; the journal is told by the caller.
 */
int host_unmake(struct workshop *w, const struct entry *e, enum thing kind,
    const char *name, char ***argv, struct error *err);

/*
 * Limits a running jail to what the spec says; the journal knows that there are
 * limits before they are.  host_unlimit: what is left of those of a jail that
 * has ended goes.  0, -1 with err.
 */
int host_limit(struct workshop *w, struct entry *e, const struct spec *s,
    int jid, struct error *err);
int host_unlimit(struct workshop *w, struct entry *e, const struct spec *s,
    struct error *err);

/* What was done to the aliases of a running jail, by name. */
struct host_change {
	struct text_list added;
	struct text_list replaced; /* by one of `added`, or the host's own */
};

void host_change_free(struct host_change *c);

/*
 * The aliases of a running jail: makes those that the spec asks for in
 * addition, and notes that in *c; on failure all is taken back.
 */
int host_add_aliases(struct workshop *w, struct entry *e,
    const struct spec *s, struct host_change *c, struct error *err);
/* Takes that back; goes on after a failure.  0, -1 with err. */
int host_take_back(struct workshop *w, struct entry *e,
    const struct host_change *c, struct error *err);
/* Unmakes those that the spec does not ask for. */
int host_keep_aliases(struct workshop *w, struct entry *e,
    const struct spec *s, struct error *err);

/* The addresses of the host's interfaces, as they were when first asked for. */
struct host_addresses {
	struct text_list text; /* INTERFACE|ADDRESS, sorted */
	bool known;
	bool told; /* host_forget is called when one may have changed */
};

void host_forget(struct host_addresses *a);
/* Another turn of the loop: who is not told looks again. */
void host_turn(struct host_addresses *a);

/*
 * plan_jail, told of aliases that the host has not any more, and of those that
 * a change has left which was cut off (`e`: the jail's entry, or NULL).  None is
 * missing where there is nothing real behind the kernel, or where the host cannot
 * tell.
 */
int host_decide(const struct observer *o, struct host_addresses *a,
    const struct entry *e, struct plan_input *in, struct action *out);

#endif
