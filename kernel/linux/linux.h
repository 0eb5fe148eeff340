/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux backend: the prison engine, realised with namespaces.
 *
 * Each jail has its own mount, PID, UTS and IPC namespace, held by a small
 * init that is PID 1 of the jail.  Jails outlive whoever made them: their
 * table is in a run directory, their init belongs to nobody.
 */
#ifndef JA_LINUX_LINUX_H
#define JA_LINUX_LINUX_H

#include <sys/resource.h>

#include "kernel/jail.h"
#include "kernel/prison/prison.h"
#include "control.h"
#include "spawner.h"

/* A jail whose init is watched. */
struct watched {
	int jid;
	int pidfd;
	int mounts; /* its list of mounts; -1: nothing is mounted there */
};

/* events.c; the descriptors are -1 until events are asked for. */
struct events {
	int epoll, inotify;
	struct watched *watched; /* sorted by jid */
	size_t count, room;
	size_t mounts;		 /* how many lists of mounts there are */
	bool found;		 /* a reason for being readable */
};

/* Inits that this process made and has not reaped, sorted. */
struct inits {
	pid_t *pid;
	size_t count, room;
};

/* Programs of jails, children of the opener, that were not seen reaped. */
struct spawned {
	pid_t *pid;
	size_t count, room;
};

/* The pipe to an init that waits for the commit of its jail. */
struct release {
	struct release *next;
	pid_t pid;
	int fd;
};

struct linux_kernel {
	struct prison_table *table; /* first: prison_table_of */
	char *dir; /* of the table */
	bool read_only;
	bool hasty;
	struct spawner spawner;
	struct events events;
	struct inits inits;
	struct spawned spawned;
	struct release *releases;
	struct controls controls; /* what limits.c knows of them */
	bool controls_known;
	int uts;     /* the UTS namespace that this process is in, or -1 */
	int inside;  /* the init of the jail that this process is in, or -1 */
	size_t inside_root; /* bytes of the path of that jail's root */
};

/* effects.c */
extern const struct prison_effects linux_effects;

/* inits.c: what has ended is reaped by the first one who looks. */
int inits_add(struct inits *s, pid_t pid);
/* The init has ended: reaps it if it is ours.  Whether it is gone. */
bool inits_reap(struct inits *s, pid_t pid, int pidfd);
void inits_finish(struct inits *s);

/*
 * spawned.c: a jail's init ends when all its processes have been waited for,
 * and the children of the opener are its own to wait for.
 */
void spawned_add(struct spawned *s, pid_t pid);
/* Whether there are some that have ended and wait to be reaped. */
bool spawned_wait(struct spawned *s);
void spawned_finish(struct spawned *s);

/* run.c: programs and signals */
pid_t linux_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err);
int linux_signal(struct jail_kernel *k, int jid, int sig);
/*
 * Whether the jail with that init has processes: 1, 0, -1 with err.  They get
 * `sig`, unless it is 0.
 */
int linux_busy(struct linux_kernel *lk, const struct prison_proc *init,
    int sig, struct error *err);

/* events.c */
void events_init(struct events *e);
void events_finish(struct events *e);
int linux_events(struct jail_kernel *k);
int linux_watch(struct jail_kernel *k, int jid);
int linux_next(struct jail_kernel *k);

#endif
