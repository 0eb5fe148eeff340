/* SPDX-License-Identifier: BSD-2-Clause */
/* What a prison is outside its record, and what makes it so. */
#ifndef JA_PRISON_EFFECTS_H
#define JA_PRISON_EFFECTS_H

#include <netinet/in.h>

#include "kernel/error.h"
#include "kernel/jail.h"

#define PRISON_EXTRA_MAX 16
#define PRISON_DEPTH 128 /* of jails in jails: a full name has 255 bytes */

enum prison_state { PRISON_ALIVE = 1, PRISON_DYING = 2 };

/* A process; `id` tells it from another one that got the same pid later. */
struct prison_proc {
	int32_t pid;
	uint64_t id;
};

/*
 * A decoded record as effects see it.  Names and paths are the host's view.
 * Pointers are valid during the call only.
 */
struct prison {
	int jid;
	int parent; /* 0: the host */
	uint64_t serial; /* never given twice in the life of the table */
	/* The serials from the outermost jail to this one. */
	uint64_t line[PRISON_DEPTH];
	uint32_t depth;
	enum prison_state state;
	char name[JAIL_NAME_MAX]; /* full, dotted */
	char path[1024];	  /* canonical */
	bool persist;
	int vnet, host, ip4, ip6; /* JAIL_SYS_* as they act: ip4 new = a list */
	char hostname[256], domainname[256];
	const struct in_addr *ip4_addr;
	const struct in6_addr *ip6_addr;
	size_t ip4_count, ip6_count;
	bool ip4_saddrsel, ip6_saddrsel;
	bool raw_sockets; /* allow.raw_sockets */
	struct prison_proc holder; /* pid 0: none */
	uint32_t extra;		   /* bit i: effects->extra[i] is on */
	uint32_t extra_again;	   /* and the call that changes it says so */
	bool names_again;	   /* likewise: it says hostname or domainname */
	const char *unsure;	   /* what was told when an update of it began that was
				      cut off somewhere; NULL: it is as it says */
	const char *extra_list;	   /* texts of effects->extra_list, each with */
	size_t extra_list_len;	   /* its NUL */
	void *record;		   /* the engine's own */
	/* Whoever helps with an update has this open until it is done, or -1. */
	const int *keep;
	const struct prison_proc *procs; /* registered by attach */
	size_t proc_count;
};

/*
 * What makes a prison real.  Every member may be NULL.  Functions that return
 * int give 0, or -1 with errno set and a message for errmsg in `err`.
 */
struct prison_effects {
	/* Booleans of this system; a later call may say again what is on. */
	const char *const *extra;
	size_t extra_count; /* at most PRISON_EXTRA_MAX */
	/* One more, with a list of texts, which can be changed later; or NULL. */
	const char *extra_list;

	/* Makes the prison; fills in p->holder, which waits for `created`. */
	int (*create)(void *arg, struct prison *p, const struct prison *parent,
	    struct error *err);
	/* The record is committed: let the holder go on, and stay. */
	void (*created)(void *arg, const struct prison *p);
	/* The creation failed after `create`: undo it. */
	void (*abandon)(void *arg, const struct prison *p);
	/*
	 * Values of a living prison change; called before the commit, for those
	 * below it whose addresses or names follow, too.  If the call fails in
	 * the end it is called again with the two exchanged; where itself
	 * failed, or was killed (then by the next one that writes), with
	 * after->unsure, if it did what a look cannot tell.
	 */
	int (*update)(void *arg, const struct prison *before,
	    const struct prison *after, struct error *err);
	/*
	 * Before such an update: what is to be known to take it back, and what
	 * a look cannot tell then; a text, to be freed.
	 */
	int (*tell)(void *arg, const struct prison *before,
	    const struct prison *after, char **text, struct error *err);
	/*
	 * Takes out of copies of p->extra and p->extra_list what is not so any
	 * more of a living prison; *len becomes what is left.
	 */
	void (*extra_now)(void *arg, const struct prison *p, uint32_t *extra,
	    char *list, size_t *len);
	/*
	 * Puts what a living prison has now, which may be others' doing, into
	 * copies of p->hostname and p->domainname, which have room as there.
	 */
	void (*names_now)(void *arg, const struct prison *p, char *hostname,
	    char *domainname);
	/* Kills all processes of a prison that was marked dying. */
	void (*kill)(void *arg, const struct prison *p,
	    const struct prison_proc *procs, size_t nprocs);
	/* The record of a prison, which has no process any more, is deleted. */
	void (*gone)(void *arg, const struct prison *p);
	/* Moves the calling process into the prison. */
	int (*attach)(void *arg, const struct prison *p, struct error *err);
	/*
	 * How many processes a prison has that did not attach themselves, -1
	 * when that cannot be told.  Asked when nothing else keeps it alive.
	 */
	int (*busy)(void *arg, const struct prison *p);
	/*
	 * The holder ends with the last of those processes, or (`ends` false)
	 * stays whatever they do, as it does at first.
	 */
	void (*ends)(void *arg, const struct prison *p, bool ends);
	/* Whether a process exists; `zombie` tells if it only waits to be
	   reaped. */
	bool (*running)(void *arg, const struct prison_proc *proc, bool *zombie);
	/*
	 * Whether a holder that is running has begun to end, so that nothing
	 * can run in its jail any more.  It may take as long as others leave
	 * what it waits for.
	 */
	bool (*leaving)(void *arg, const struct prison_proc *holder);
};

#endif
