/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be mounted in a jail: `mount` and the files of `mount.fstab`. */
#ifndef JA_MOUNTS_H
#define JA_MOUNTS_H

#include "agent/plan/observe.h"

#define MOUNTS_FSTAB_MAX (256 * 1024) /* bytes of one file */

/*
 * Appends the lines in the order in which they are mounted, in the form of
 * fstab_print, with canonical paths: `path` is that of the jail's root, and
 * what is bound is looked up.  Says what this system cannot mount.  A file
 * that others could write is refused like a spec.  Returns 0, -1 with err,
 * which names the line.
 */
int mounts_read(const struct observer *o, struct jail_roots *roots,
    const struct spec *s, const char *path, struct text_list *out,
    struct error *err);

/*
 * Whether a target on the host is reached without a link that a jail could
 * have made: `path` is the jail's root.  What is not there passes; mount(8)
 * says so.
 */
int mounts_check_target(const struct observer *o, struct jail_roots *roots,
    const char *target, const char *path, struct error *err);

/* The same for a jail whose canonical path is not known yet. */
int mounts_of_spec(const struct observer *o, const struct spec *s,
    struct text_list *out, struct error *err);

#endif
