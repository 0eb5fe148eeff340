/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A directory whose spec files are links through `..data`, itself a link that is
 * exchanged, as Kubernetes writes it: what is behind `..data` belongs together.
 */
#ifndef JA_LINKS_H
#define JA_LINKS_H

#include <stdbool.h>

#include "kernel/error.h"

#define LINKS_NAME "..data"

/* Whether the name itself is a link through `..data`. */
bool links_lead(int dirfd, const char *name);

/* Whether the caller knows a spec file of that name, below the top. */
typedef bool links_has_fn(void *arg, const char *name);
/*
 * Whether all spec files that are behind `..data` in the directory `dir`, below
 * the top ("": the top itself), are known: links are made one by one.  Returns
 * 0, -1 with the reason, without the directory's name.
 */
int links_complete(int dirfd, const char *dir, bool below, links_has_fn *has,
    void *arg, struct error *err);

/*
 * Whether the agent would take the directory for the set that it announces, with
 * a MANIFEST or by links; what is wrong in a file is not looked at.  Returns 0
 * (also when that is no directory), -1 with the reason; *whole tells
 * whether it counts as a whole.
 */
int whole_check(const char *dir, bool below, bool *whole, struct error *err);

#endif
