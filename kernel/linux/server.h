/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of the spawner: what it has, and its parts. */
#ifndef JA_LINUX_SERVER_H
#define JA_LINUX_SERVER_H

#include <sys/types.h>

#include "child.h"
#include "control.h"
#include "message.h"
#include "net.h"
#include "request.h"
#include "rights.h"
#include "seed.h"
#include "stack.h"

struct server {
	int sock;
	int init;  /* the program of a jail's init, sealed */
	int pid_ns, uts_ns; /* the host's */
	int proc; /* the host's procfs, to look at new mounts */
	int null; /* a /dev/null on a read-only file system of our own */
	struct seed seed;
	struct rights_pass pass;
	struct net net;
	struct controls controls;
	struct stack stack;
	pid_t opener;
	char *message; /* the request being served */
	size_t len;
	int fds[MESSAGE_FDS];
	pid_t *starting; /* shared with the opener: see spawner.h */
	pid_t reap;	 /* a child that the opener is to wait for, or 0 */
};

/*
 * Clones a child of the opener in the PID namespace of the process `target`
 * (pidfd), and lets it run `body`.  Returns the pid; -1 with err: a child that
 * has failed is the opener's.
 */
pid_t server_run_in(struct server *s, int target,
    const struct child_start *how, void (*body)(void *arg, struct error *err),
    void *arg, struct error *err);

/* Always returns -1. */
int server_refuse(struct error *err);

static inline bool
server_line_valid(const struct cgroup_line *l)
{
	return l->depth > 0 && l->depth <= PRISON_DEPTH;
}

/*
 * serve_limit.c: the cgroups that a program of a jail enters: *cgroup in which
 * it begins, or -1, and `procs`.  The caller closes them.  0, -1 with err.
 */
int server_cgroups(struct server *s, const struct cgroup_name *name,
    int *cgroup, int procs[CONTROLS], struct error *err);
int serve_limit(struct server *s, struct error *err);
int serve_unlimit(struct server *s, struct error *err);

#endif
