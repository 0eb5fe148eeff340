/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks of jails, as the opener asks its spawner for them. */
#ifndef JA_LINUX_NETWORK_H
#define JA_LINUX_NETWORK_H

#include "linux.h"

/*
 * Whether a jail has a network of its own: when it is to have no addresses at
 * all, an empty one keeps it from the host's abstract local sockets too.
 */
bool network_is_own(const struct prison *p);

/* Whether a jail has a cgroup, by which its sockets are restricted. */
bool network_is_restricted(const struct prison *p);

void network_line(const struct prison *p, struct cgroup_line *l);

/* What the request says about the network. */
void network_fill(struct create_request *r, const struct prison *p);

/* The cgroups of a jail, for processes that go in. */
void network_name(const struct prison *p, struct cgroup_name *name);

/*
 * Whether programs in a jail may make raw sockets: those of a jail that shares
 * a network would read and send what is its neighbours'.
 */
bool network_is_raw(const struct prison *p);

/* What a program that is run in a jail begins with: the two above. */
void network_rights(const struct prison *p, struct exec_request *r);

/* Other addresses, or another choice of them.  Returns 0, -1 with err. */
int network_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, struct error *err);

/* Forgets a jail that has ended, or was not made. */
void network_forget(struct linux_kernel *lk, const struct prison *p);

/* Moves an interface into the jail; brings all back from one that ends. */
int linux_interface(struct jail_kernel *k, int jid, const char *name,
    struct error *err);
void network_return(struct linux_kernel *lk, const struct prison *p, int init);

/* As jail_backend.secluded. */
bool linux_secluded(struct jail_kernel *k, int jid);

/* Moves this process into the cgroups of a jail.  Returns 0, -1 with err. */
int network_join(struct linux_kernel *lk, const struct prison *p,
    struct error *err);

#endif
