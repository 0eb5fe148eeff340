/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the reconciler knows of one jail: what is wanted, in which state its
 * machine is, what it waits for.
 */
#ifndef JA_MANAGED_H
#define JA_MANAGED_H

#include <sys/queue.h>

#include "agent/reconcile/backoff.h"
#include "agent/reconcile/health.h"
#include "agent/reconcile/jail_state.h"
#include "agent/reconcile/operation.h"
#include "agent/reconcile/rollback.h"

struct reconciler;

/* What the machine of a jail is doing. */
enum machine {
	MACHINE_IDLE,
	MACHINE_WORKING, /* an operation is under way */
	MACHINE_WAITING, /* for the next try */
	MACHINE_COUNT,
};

/* The newest deed, for status. */
struct last_change {
	enum action_kind action;
	char *reason;
	struct text_list params;
	int64_t at; /* seconds since the epoch; 0: none yet */
	int64_t took_us;
};

/* How often something happened since a number was another one: see rounds.h. */
struct rounds {
	unsigned long since, count;
};

struct managed {
	struct reconciler *owner;
	TAILQ_ENTRY(managed) dirty_link;
	TAILQ_ENTRY(managed) slot_link;
	TAILQ_ENTRY(managed) record_link;
	bool unrecorded; /* in the queue of those to be recorded anew */
	bool dropped;	 /* only there to have that recorded */
	unsigned char seen[LIVE_DIGEST]; /* digest of what the kernel said */
	bool queued; /* for one of opt.parallel slots */
	bool turn;   /* it was the first of these: it is so again */
	bool to_stop; /* queued by act_stop */
	bool dirty;  /* in the queue of those to be looked at */
	bool waits;  /* for others to be up or down first */
	bool restarts_next; /* what it does then takes its dependants along */
	bool linked; /* it has or had a dependency or a parent */
	bool fresh; /* the desired state changed since the last look */
	bool forces; /* since then a stop without hooks was ordered */
	bool again; /* something happened during the operation */
	char *name;
	struct spec *desired; /* NULL: not wanted */
	struct rollback rollback; /* it may be an older one than is said */
	enum machine machine;
	enum jail_state state;
	char *reason; /* for the state */
	int jid;
	int watched; /* the jid of which the kernel tells; 0: none */

	struct operation *op;
	struct action doing; /* what op carries out */
	bool retried;	     /* the waiting is over: act now */
	bool done;	     /* acted on, not seen to be right since */
	bool done_part;	     /* but for a restart, which waits */
	struct event *retry;
	int64_t retry_at; /* ms; 0: none */
	struct backoff backoff; /* of what failed */
	struct backoff deaths;	/* of a jail that ended or fell ill */
	struct backoff drifts;	/* of one that others change */
	unsigned restarts; /* since the agent started */
	unsigned deeds;	   /* starts and changes that this process began */
	struct rounds looks; /* in r->run */
	struct health *health;	/* checks of the running jail; NULL: none */
	bool started;	   /* by this process */
	bool ill;	   /* WAITING to be restarted for its health */
	struct last_change last;

	bool unwanted;	   /* its absence is proven: see absence.h */
	bool acked;	   /* its removal was approved */
	struct text_list evicts; /* who may end with it: see lodgers.h */
	int64_t absent_at; /* end of the first scan without it, ms; 0: present */
	char *hold;	   /* why it is kept in spite of its absence */
	bool said;	   /* some scan said it */
	int64_t back_at;   /* ms, when its spec came back last */
	unsigned backs;	   /* how often it did with little time between */
	char *barred; /* the file that does, with no spec that can be used */
	bool by_hand;	   /* a user asked for a restart */
	bool follows;	   /* went down for another one's restart: comes back */
	bool stop_failed;  /* it could not be taken down when it was tried last */
	char *stop_error;  /* why, also when it is ready again; or NULL */
	bool waits_down;   /* until its dependants are down */
	unsigned made_way; /* how often: see stuck.c */
	bool waits_failed; /* one of them could not be stopped */
	bool in_wave;	   /* of restarts */
	bool wave_blocked; /* in that it is down and blocked */
	bool waits_far;	   /* for one that has to go down for another */
	struct managed *down_for; /* which waited last for it to go down */
	bool spared; /* it runs on when one that it depends on restarts */
	unsigned long rank; /* the order in which the specs were said */
	struct managed *waits_up; /* the last that had to be ready before */
	unsigned long place, placed; /* in the order of rivals.h; its number */
	bool counts; /* while planning: what it wants is not for others */
	bool yields, gets; /* see rivals.h */
	char *refused; /* the same: why nothing is done; NULL: it is */
	struct managed *rival; /* while planning: has what it wants */
	bool keeps_all; /* its applied spec is the wanted one: see claims.h */
	bool claims_change; /* it is among those that claims.h looks at again */
	struct managed *changed_next; /* of these */
	LIST_HEAD(, claim) has; /* what it is to give up */
	struct managed *waits_claim; /* the last that had something it claims */
	unsigned long checked; /* the newest walk of bound.c that met it */
	unsigned long query; /* the newest of claims.c that asked it */
	unsigned long visit, above, left; /* the newest of stuck.c */
	unsigned long walk; /* the newest walk of order.c that met it */
	struct managed *walk_from, *walk_next; /* of that walk */
	struct text_list was_upon; /* when its spec came: see upon.h */
	unsigned long upon; /* the newest walk of upon.c that met it */
	struct managed *upon_next; /* of that walk */
};

void managed_free(struct managed *m);
/* Frees and forgets all but the name. */
void managed_clear(struct managed *m);

/* Sets state and reason of a jail (formatted). */
void managed_state(struct reconciler *r, struct managed *m,
    enum jail_state state, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Whether all is done that apply could do: it runs as is said, or is down on
 * purpose.
 */
bool managed_converged(const struct managed *m);

/* The file that says it; NULL: none, or it is not known. */
const char *managed_file(const struct managed *m);

/* What it is to be; NULL: gone. */
const struct spec *managed_wanted(const struct managed *m);

/* The name of the jail in which one of that name is; false: in the host. */
bool managed_parent(const char *name, char *buf, size_t size);

/* What its file says: what is desired, or a spec in quarantine.  NULL: none. */
const struct spec *managed_said(const struct managed *m);
/* Why that is in quarantine, for people; NULL: it is not. */
const char *managed_quarantine(const struct managed *m, char *buf,
    size_t size);

/* What its health checks say; GOOD where there are none. */
enum health_verdict managed_health(const struct managed *m);

#endif
