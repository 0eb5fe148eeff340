/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reconciler: one state machine a jail, driven by events, with the kernel
 * asked anew each time.  It is the same for the agent and for one-shot apply.
 */
#ifndef JA_RECONCILE_H
#define JA_RECONCILE_H

#include "agent/reconcile/bound.h"
#include "agent/reconcile/claims.h"
#include "agent/reconcile/host.h"
#include "agent/reconcile/limit.h"
#include "agent/reconcile/managed.h"
#include "agent/reconcile/taken.h"
#include "agent/reconcile/waves.h"
#include "agent/sign/snapshot.h"

/* Told of each deed: for messages, and for snapshots. */
typedef void reconcile_told_fn(void *arg, const struct managed *m,
    const struct action *a, const struct outcome *o);

struct reconcile_options {
	unsigned letters; /* LETTER_* */
	bool prune;
	bool healing;	/* the agent: tries again; apply: once */
	bool for_agent;	/* plan: that agent is the one to carry it out */
	unsigned parallel; /* operations at a time; 0: any number */
	struct limit max_restart;
	struct bound_plan *bound; /* only what it says; NULL: anything */
	reconcile_told_fn *told;
	void (*turned)(void *arg); /* states may have changed */
	/* A jail is blocked or in conflict, or is so for another reason. */
	void (*stuck)(void *arg, const struct managed *m);
	void *arg;
};

struct reconciler {
	struct workshop shop;
	struct reconcile_options opt;
	struct managed **jail; /* sorted by name */
	size_t count;
	TAILQ_HEAD(, managed) dirty, slots;
	TAILQ_HEAD(, managed) unrecorded; /* see unrecorded.h */
	size_t unrecorded_count;
	struct snapshot_params defaults; /* of all that are recorded */
	struct event *work; /* there are dirty ones */
	unsigned working; /* operations, whether they have a slot or not */
	unsigned long ranks; /* the last one that was given */
	unsigned long walk; /* number of order.c's newest walk */
	unsigned long visits, lefts; /* the same of stuck.c */
	unsigned long upons; /* the same of upon.c */
	/* While planning, when states are those that it leads to; else NULL. */
	const struct action *foreseen;
	bool rivals_asked; /* a single pass: they need not be any more */
	bool rivals_known; /* apply: who gets what several want is decided */
	unsigned long placed; /* number of the newest order of rivals.h */
	bool other_sets; /* have jails in the inventory */
	unsigned long queries; /* of claims.c, up to now */
	bool asking; /* the newest of them is under way */
	bool jid_asked; /* so is a question of taken.c */
	unsigned long run; /* of looks with nothing done: see rounds.h */
	/* As they were at the turn's beginning: */
	struct jail_roots roots;
	struct host_addresses addresses;
	struct taken taken;
	struct waves waves;
	struct claims claims;	 /* known only while nothing changes */
	size_t waiting; /* jails that wait for others */
	int64_t turn_us; /* how long one turn of the loop looks at jails */
	int unwatched; /* errno: the kernel tells nothing of some jail */
	bool changed; /* something to be seen in a snapshot happened */
	bool closing;
};

/* Events of a jail's machine. */
enum machine_event {
	EVENT_LOOK,  /* something may be different */
	EVENT_SPEC,  /* the desired state changed */
	EVENT_TIMER, /* the next try is due */
	EVENT_COUNT,
};

int reconciler_init(struct reconciler *r, const struct workshop *shop,
    const struct reconcile_options *opt, struct error *err);
void reconciler_free(struct reconciler *r);

/* Finds a jail; `make` adds it. */
struct managed *reconciler_jail(struct reconciler *r, const char *name,
    bool make);
const struct managed *reconciler_find(const struct reconciler *r,
    const char *name);

/*
 * Makes a machine of each jail of this set in the inventory; until somebody
 * says more they are wanted as they were last applied.
 */
int reconciler_adopt_inventory(struct reconciler *r);

/* The number of the first one whose name is behind that one. */
size_t reconciler_behind(const struct reconciler *r, const char *name);

/* While planning: what is foreseen for it up to now; else NULL. */
const struct action *reconciler_foreseen(const struct reconciler *r,
    const struct managed *m);

/* The jail shall be so; it shall not be.  The spec is taken over. */
int reconciler_want(struct reconciler *r, struct spec *s);
void reconciler_unwant(struct reconciler *r, struct managed *m);

/* Something may have changed about one jail, or about all. */
void reconciler_look(struct reconciler *r, struct managed *m);
void reconciler_look_all(struct reconciler *r);

/* Whether nothing is under way and nothing will be by itself. */
bool reconciler_settled(const struct reconciler *r);

/*
 * What would be done now about a jail: asks the kernel and plans.  The caller
 * frees *a with action_free.
 */
int reconciler_plan(struct reconciler *r, const struct managed *m,
    struct action *a);

/* The same; what the kernel says of it (live_digest) is told. */
int reconciler_plan_seen(struct reconciler *r, const struct managed *m,
    struct action *a, unsigned char seen[LIVE_DIGEST]);

/* The same in a parent that is known already (around.h). */
int reconciler_plan_in(struct reconciler *r, const struct managed *m,
    const struct plan_parent *parent, struct action *a);

/* The same if the running jail were ours, made of its spec as it is now. */
int reconciler_plan_adopted(struct reconciler *r, const struct managed *m,
    struct action *a);

/* The same if the jail were down, and were to come up. */
int reconciler_plan_anew(struct reconciler *r, const struct managed *m,
    struct action *a);

/* The user's order about a jail that is in force now, NULL: none. */
const struct standing_order *reconciler_standing(const struct reconciler *r,
    const struct managed *m);

/* Its machine is WAITING for `ms`, then it is looked at; or IDLE at once. */
void reconciler_wait(struct managed *m, int64_t ms);
void reconciler_wake(struct managed *m);

/* Tells the owner that states may have changed. */
void reconciler_turned(struct reconciler *r);
/* Forgets a jail that is neither wanted nor in the inventory. */
void reconciler_drop(struct reconciler *r, struct managed *m);

#endif
