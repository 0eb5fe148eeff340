/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mount.devfs, mount.fdescfs and mount.procfs in a running jail.  Which of them
 * a jail has is fixed at its creation (mounts.h); what somebody has unmounted
 * since can be mounted again.
 */
#ifndef JA_LINUX_MOUNTFIXED_H
#define JA_LINUX_MOUNTFIXED_H

#include "linux.h"

/* Which of MOUNT_* are mounted as a whole, of those in `mounts`. */
uint32_t mountfixed_now(const char *mountinfo, uint32_t mounts);

/*
 * Mounts anew what of `mounts`, which the jail was made with, is not there, or
 * not as a whole.  Returns 0, -1 with err.
 */
int mountfixed_again(struct linux_kernel *lk, const struct prison *p,
    uint32_t mounts, struct error *err);

#endif
