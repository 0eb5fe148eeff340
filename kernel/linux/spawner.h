/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spawner: a small process, forked when the kernel is opened, that makes
 * jails and starts programs in them.
 *
 * It has the host's privileges but none of its files: its mount namespace has
 * an empty read-only file system as its only root, which each jail's mount
 * namespace is a copy of.  Its children are made with CLONE_PARENT, so they
 * are children of the opener.  It ends with its opener; jails do not.
 */
#ifndef JA_LINUX_SPAWNER_H
#define JA_LINUX_SPAWNER_H

#include <sys/resource.h>
#include <sys/types.h>

#include "request.h"

struct spawner {
	pid_t opener;	     /* who may use it */
	pid_t pid;	     /* -1: it does not run */
	int sock;
	pid_t *starting;     /* shared with it: the child that starts just now */
	struct rlimit files; /* RLIMIT_NOFILE of the programs it starts */
	char key[CGROUP_KEY_SIZE]; /* of the table's cgroup */
};

/*
 * Starts it and waits until it is ready; `files` and `key` are set.  Returns
 * 0, -1 with err.
 */
int spawner_start(struct spawner *s, struct error *err);

/* Ends it and waits for it, if the caller has started it. */
void spawner_stop(struct spawner *s);

/*
 * One request and its reply.  Returns the reply's value, -1 with err.
 * A spawner that has died is started again.  A process that was made but could
 * not start its program is reaped.
 */
int spawner_call(struct spawner *s, const void *request, size_t len,
    const int *fds, size_t nfds, struct error *err);

/*
 * Has it clear something away, as far as that can be.  One that had died before is
 * asked again, since nobody else would do so later.
 */
void spawner_clear(struct spawner *s, const void *request, size_t len);

/* As spawner_call, for REQUEST_EXEC with its four descriptors and a gate, if asked. */
int spawner_exec(struct spawner *s, const void *request, size_t len,
    const int fds[4], const struct jail_exec *x, struct error *err);

#endif
