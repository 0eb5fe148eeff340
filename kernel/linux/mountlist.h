/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parameter `mount`: what is mounted in a jail's mount namespace.  Nothing
 * is mounted on the host, and all goes with the jail.
 */
#ifndef JA_LINUX_MOUNTLIST_H
#define JA_LINUX_MOUNTLIST_H

#include "linux.h"

/* Mounts all that a new jail has, in order.  Returns 0, -1 with err. */
int mountlist_make(struct linux_kernel *lk, const struct prison *p,
    struct error *err);

/* prison_effects.tell: the jail's mountinfo, when its mounts are to change. */
int mountlist_tell(void *lk, const struct prison *before,
    const struct prison *after, char **text, struct error *err);

/*
 * Unmounts and mounts in the running jail what differs, from what is mounted
 * there now; when that fails, it is done in part.  With after->unsure, which
 * is what was told before, any part of the change from `after` to `before` was
 * made, and is taken back.  Returns 0, -1 with err.
 */
int mountlist_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, struct error *err);

/* prison_effects.extra_now: what somebody has unmounted is taken out. */
void mountlist_now(void *lk, const struct prison *p, uint32_t *extra,
    char *list, size_t *len);

#endif
