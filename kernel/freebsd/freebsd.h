/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend "freebsd": jail(2)'s system calls of the running kernel.  What a
 * kernel has is probed, never told from its version.  Numbers that are newer
 * than the headers of FreeBSD 14 are given here; they are part of the binary
 * interface and do not change.
 */
#ifndef JA_FREEBSD_H
#define JA_FREEBSD_H

#include <sys/param.h>
#include <sys/event.h>
#include <sys/jail.h>
#include <sys/uio.h>

#include "kernel/jail.h"

/* FreeBSD 15: syscalls.master */
#define SYSCALL_JAIL_ATTACH_JD 597
#define SYSCALL_JAIL_REMOVE_JD 598

/* FreeBSD 15: kqueue(2) */
#ifndef EVFILT_JAIL
#define EVFILT_JAIL (-14)
#define NOTE_JAIL_CHILD 0x80000000
#define NOTE_JAIL_SET 0x40000000
#define NOTE_JAIL_REMOVE 0x10000000
#define NOTE_JAIL_MULTI 0x08000000
#endif

struct freebsd_kernel {
	bool descriptors; /* jail descriptors: FreeBSD 15 */
	int queue;	  /* kqueue with EVFILT_JAIL; -1: no such filter */
};

/* params.c: jail_backend.params */
int freebsd_params(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg);

/* spawn.c: jail_backend.spawn */
pid_t freebsd_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err);

/* signal.c: jail_backend.signal */
int freebsd_signal(struct jail_kernel *k, int jid, int sig);

/* limits.c: jail_backend.limitable, limits, limit */
int freebsd_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why);
int freebsd_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err);
int freebsd_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err);

/* events.c: a queue, or -1; jail_backend.events, watch, next */
int freebsd_queue(void);
int freebsd_events(struct jail_kernel *k);
int freebsd_watch(struct jail_kernel *k, int jid);
int freebsd_next(struct jail_kernel *k);

#endif
