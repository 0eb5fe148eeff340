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
#include "spawner.h"
#include "submounts.h"

/* A jail whose init is watched. */
struct watched {
	int jid;
	int pidfd;
};

/* events.c; the descriptors are -1 until events are asked for. */
struct events {
	int epoll, inotify;
	struct watched *watched; /* sorted by jid */
	size_t count, room;
	uint64_t seen;		 /* prison_changes that are known about */
};

/* Inits that this process made and has not reaped, sorted. */
struct inits {
	pid_t *pid;
	size_t count, room;
};

struct linux_kernel {
	struct prison_table *table; /* first: prison_table_of */
	char *dir; /* of the table */
	bool read_only;
	struct spawner spawner;
	struct submounts submounts;
	struct events events;
	struct inits inits;
	int release; /* to the init of the jail being created, or -1 */
};

/* effects.c */
extern const struct prison_effects linux_effects;

/* inits.c: what has ended is reaped by the first one who looks. */
int inits_add(struct inits *s, pid_t pid);
/* The init has ended: reaps it if it is ours.  Whether it is gone. */
bool inits_reap(struct inits *s, pid_t pid, int pidfd);
void inits_finish(struct inits *s);

/* run.c: programs and signals */
pid_t linux_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err);
int linux_signal(struct jail_kernel *k, int jid, int sig);

/* events.c */
void events_init(struct events *e);
void events_finish(struct events *e);
int linux_events(struct jail_kernel *k);
int linux_watch(struct jail_kernel *k, int jid);
int linux_next(struct jail_kernel *k);
/* Around a call that changes the table: its own echo is no event. */
uint64_t events_before(const struct linux_kernel *lk);
void events_after(struct linux_kernel *lk, uint64_t before);

#endif
