/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What root inside a jail may do: about what a FreeBSD jail's root may.
 *
 * Two barriers.  Capabilities: the bounding set is reduced to jail_rights, so
 * that no program of a jail ever has more (CAP_NET_RAW where a jail with a
 * network of its own has allow.raw_sockets).  A system call filter: refuses what
 * would give new capabilities (user namespaces) and what no jail needs; it is
 * inherited, and nobody can take it off.
 *
 * The spawner itself clones namespaces and mounts, and its children inherit
 * its filter, so the filter leaves mount(2), setns(2) and clone(2) of
 * namespaces other than user namespaces to the capabilities: all of them
 * demand CAP_SYS_ADMIN, which is outside of the bounding set, and no user
 * namespace can be made or entered in which to have it.  A stricter filter for
 * each process would cost 40 to 55 us at every creation and every exec
 * (measured with 10 to 60 rules as a binary tree; 120 us as a list).
 */
#ifndef JA_LINUX_RIGHTS_H
#define JA_LINUX_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/error.h"

/*
 * A secret that lets the spawner make two calls that its filter refuses
 * otherwise: clone3(2), by which a process begins in its jail's cgroup, and
 * bpf(2).  The kernel does not look at these words, which are arguments behind
 * those of the calls; the filter does.  Programs never see them: execve(2)
 * gives them new memory and clears the registers, and before it nobody can
 * look into the spawner's children.
 */
struct rights_pass {
	uint64_t word[3]; /* arguments 3, 4 and 5 */
};

/* A new secret.  Returns 0, -1 with err. */
int rights_pass_make(struct rights_pass *pass, struct error *err);

/* Whether the caller goes on cloning jails, or is one of a jail's itself. */
enum rights_filter { FILTER_SPAWNER, FILTER_JAILED };

/*
 * Limits what the caller's next programs may have; its own permitted
 * capabilities stay.  Returns 0, -1 with err.
 */
int rights_bound(struct error *err);

/*
 * Takes raw sockets from the caller's next programs, unless `allowed`, which
 * is for jails with a network stack of their own.  Returns 0, -1 with err.
 */
int rights_raw(bool allowed, struct error *err);

/* Gives up all capabilities beyond a jail's.  Returns 0, -1 with err. */
int rights_drop(bool raw_sockets, struct error *err);

/*
 * Installs the filter.  Needs CAP_SYS_ADMIN; no_new_privs stays off.  `pass`
 * is that of a spawner, else NULL.
 */
int rights_filter(enum rights_filter which, const struct rights_pass *pass,
    struct error *err);

#endif
