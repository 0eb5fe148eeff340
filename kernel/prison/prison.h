/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The prison engine: FreeBSD's jail(2) in user space.
 *
 * It owns a table of prisons (an LMDB environment, so that jails outlive the
 * process that made them) and answers jail_set, jail_get, jail_remove and
 * jail_attach as the recorded kernels do: ordered checks with the same errno
 * and errmsg.  What a prison *is* beyond its record is left to effects:
 * `model` has none, `linux` realises them with namespaces.
 *
 * Order of a creation, so that a kill at any point leaves no half jail:
 * checks, effects->create (a holder that waits for its release), commit of the
 * record, effects->created (the holder goes on).  A holder whose creator died
 * before the commit sees its pipe closed and ends; a record whose holder is
 * gone is dead to everybody who looks.  Removal commits the dying state first,
 * then kills; the record goes when the last process has.
 */
#ifndef JA_PRISON_H
#define JA_PRISON_H

#include <netinet/in.h>

#include "kernel/jail.h"
#include "kernel/params.h"

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
	const char *extra_list;	   /* texts of effects->extra_list, each with */
	size_t extra_list_len;	   /* its NUL */
	void *record;		   /* the engine's own */
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
	 * the end it is called again with the two exchanged.
	 */
	int (*update)(void *arg, const struct prison *before,
	    const struct prison *after, struct error *err);
	/*
	 * Takes out of copies of p->extra and p->extra_list what is not so any
	 * more of a living prison; *len becomes what is left.
	 */
	void (*extra_now)(void *arg, const struct prison *p, uint32_t *extra,
	    char *list, size_t *len);
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

struct prison_table;

/*
 * Opens (creates) the table in directory `dir`, which exists.  A table of
 * another boot is emptied when `boot` is not NULL.  The caller closes it.
 *
 * A process has at most one handle of a table, and no handle is used across
 * fork(2): in the child every call fails with ECHILD.  A table has one
 * generation; opening it with another one is an error while there are jails.
 * With opt->read_only all but prison_get and prison_params fail with EROFS,
 * and a table that does not exist reads as empty.
 */
struct prison_table *prison_open(const char *dir, const char *boot,
    const struct kernel_options *opt, const struct prison_effects *effects,
    void *effects_arg, struct error *err);
void prison_close(struct prison_table *t);

/* The calls of jail.h, and the advertised parameters. */
int prison_set(struct prison_table *t, struct iovec *iov, unsigned niov,
    int flags);
int prison_get(struct prison_table *t, struct iovec *iov, unsigned niov,
    int flags);
int prison_remove(struct prison_table *t, int jid);
int prison_attach(struct prison_table *t, int jid);
int prison_remove_jd(struct prison_table *t, int fd);
int prison_attach_jd(struct prison_table *t, int fd);
int prison_params(struct prison_table *t,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg);

/*
 * Looks a living prison up for a backend's own needs (spawn, signal, watch):
 * fills *p.  Returns 0, -1/errno (EINVAL: no such jail).
 */
int prison_find(struct prison_table *t, int jid, struct prison *p);

/*
 * Calls `each` for a prison and all its descendants (0: for all prisons),
 * parents first.  `each` returns 0 to go on; what else it returns is the
 * result.
 */
int prison_walk(struct prison_table *t, int jid,
    int (*each)(void *arg, const struct prison *p), void *arg);

/*
 * Processes: fills in *p for a pid (-1/ESRCH); whether one still exists, and
 * is a zombie; sending a signal to it and to no later one with its pid.
 * prison_proc_running is also what the engine uses without effects->running.
 */
int prison_proc_id(pid_t pid, struct prison_proc *p);
bool prison_proc_running(const struct prison_proc *p, bool *zombie);
int prison_proc_signal(const struct prison_proc *p, int sig);

enum jail_generation prison_generation(const struct prison_table *t);

/*
 * For replaying recordings: the table behind an open kernel whose `data`
 * points to a struct that begins with its `struct prison_table *`, as those of
 * `model` and `linux` do; the counters from which automatic jids (the next is
 * last + 1) and those of renumbered dying prisons (the next is lastdead - 1,
 * 0: the highest) go on; and giving back the references that prisons have
 * lost by defects of the recorded kernels.
 */
struct prison_table *prison_table_of(const struct jail_kernel *k);
int prison_set_counters(struct prison_table *t, int last, int lastdead);
int prison_drop_leaks(struct prison_table *t);

/*
 * A number that grows with each change of the table by anybody; comparing it
 * with an earlier one tells whether there is anything to look at.
 */
uint64_t prison_changes(struct prison_table *t);

#endif
