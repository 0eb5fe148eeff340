/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only one jail can have at a time (an address, a jid, an interface) and
 * that moves from one jail to another: it is released before it is claimed.
 */
#ifndef JA_CLAIMS_H
#define JA_CLAIMS_H

#include <sys/queue.h>

#include "agent/plan/plan.h"

struct reconciler;
struct managed;

/* Of these a jail has what no other one can have. */
#define CLAIMS_PARAMS 4
extern const char *const claims_param[CLAIMS_PARAMS];

struct claim {
	const char *param; /* of claims_param */
	char *text;
	struct managed *holder;
	size_t number; /* they are asked for in this order */
	LIST_ENTRY(claim) place_link, held_link;
};
LIST_HEAD(claim_list, claim);

/* What managed jails have and are to give up; made when it is asked for. */
struct claims {
	struct claim_list *place; /* a claim's is that of its text */
	size_t places, count;
	size_t newest; /* number of the last one */
	bool known;
	struct managed *keeper;	 /* who refuses, by the newest answer; or NULL */
	struct managed *changed; /* to be looked at again, by changed_next */
};

/*
 * claims_changed is to be called whenever a jail, or what is wanted of it, has
 * changed or is just going to; claims_drop before it is forgotten.
 */
void claims_changed(struct reconciler *r, struct managed *m);
/* It is as it shall be: that is known before somebody asks about all of them. */
void claims_settled(struct reconciler *r, struct managed *m);
void claims_drop(struct reconciler *r, struct managed *m);
void claims_forget(struct claims *c);

/*
 * The table: claims_add returns -1 when memory is out; claims_remove takes away
 * all of a holder.  claims_next: the next claim to something that `m` wants, be
 * it its own; *at begins with 0.  NULL: there is no other one.
 */
int claims_add(struct claims *c, const char *param, const char *text,
    struct managed *holder);
void claims_remove(struct claims *c, struct managed *holder);
const struct claim *claims_next(const struct reconciler *r,
    const struct managed *m, size_t *at);

/* Makes them, or brings them up to date: 0, -1 when memory is out. */
int claims_find(struct reconciler *r);
/* Whether a spec asks for anything of the kind. */
bool claims_any(const struct spec *s);
/* Whether it still gives the jail what ip_hostname found for a parameter. */
bool claims_keeps_found(const struct spec *s, const char *param);

/*
 * What stands against carrying out `a` for `m` now: another jail still has
 * something that is claimed.  NULL: nothing, else the reason.  A holder that is
 * to be restarted goes down for it.  *blocked: the holder will not release it.
 * *release: jails wait for each other in a circle, and this one has to give up
 * its addresses first (claims_release).  In such a circle nobody waits for an
 * address that is the only one of both: it is shared until its holder changes.  So
 * it is when the holder keeps it after all.
 */
const char *claims_wait(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size, bool *blocked,
    bool *release);

/*
 * Why `a`, a restart, need not be begun for `m`: others keep what it claims.
 * NULL: they do not.  While planning (r->foreseen) any action may be asked for.
 */
const char *claims_refused(struct reconciler *r, struct managed *m,
    const struct action *a, char *buf, size_t size);

/* A search for holders; it begins with zeros. */
struct claims_search {
	size_t next; /* number of a claim: see claims_next */
	struct managed *skip; /* of this one no more is asked */
};

/* The next jail that still has something which `m` is to get.  NULL: none. */
struct managed *claims_holder(struct reconciler *r, const struct managed *m,
    struct claims_search *at);

/*
 * Whether what `m` waited for when order_change said so waits itself, however far
 * away, until `m` gives something up.
 */
bool claims_asked(struct reconciler *r, const struct managed *m);

/* Whether `a` may give the jail addresses that it had not. */
bool claims_addresses(const struct action *a);

/* Whether `a`, a modification, takes addresses away. */
bool claims_lose(const struct action *a);

/*
 * Makes of `a`, a modification, the part that takes away the addresses which
 * the jail is to lose.  It is of use while `a` is; free it with claims_free.
 * Returns 0, -1 when memory is out.
 */
int claims_release(const struct action *a, struct action *part);
/*
 * Makes of `a`, which does not come about, one that gives back what the jail has
 * lost of the addresses with which it was to run, and nobody else has; when all
 * are gone, its new ones.  Likewise; 1: there is nothing to give.
 */
int claims_restore(struct reconciler *r, const struct managed *m,
    const struct action *a, struct action *part);
void claims_free(struct action *part);

/* The value without interface, prefix and words, as kernels compare it. */
const char *claims_bare(const char *param, const char *text, char *buf,
    size_t size);
/* Whether a list, which may be NULL, has such a value. */
bool claims_has(const struct text_list *l, const char *param,
    const char *text);
bool claims_address(const struct change *c);

#endif
