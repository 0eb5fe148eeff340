/* SPDX-License-Identifier: BSD-2-Clause */
/* What jails may use at most: jail_backend.limitable, limits, limit. */
#ifndef JA_LINUX_LIMITS_H
#define JA_LINUX_LIMITS_H

#include "linux.h"

int linux_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why);
int linux_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err);
int linux_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err);

/* Removes the cgroups of a jail that has ended. */
void limits_forget(struct linux_kernel *lk, const struct prison *p);

void limits_finish(struct linux_kernel *lk);

#endif
