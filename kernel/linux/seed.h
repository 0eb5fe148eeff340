/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mount namespaces that jails' ones are copied from.
 *
 * Both have an empty read-only tmpfs as their root and nothing of the host.
 * One has nothing else.  The other has a ready device file system at /dev,
 * which a jail that asks for mount.devfs moves into its own root: its nodes
 * are made once, and a jail's copy costs no more than a mount.
 */
#ifndef JA_LINUX_SEED_H
#define JA_LINUX_SEED_H

#include <stdbool.h>

#include "kernel/error.h"

struct seed {
	int plain, devices; /* mount namespaces */
	bool in_devices;    /* where the caller is */
};

/* Leaves the host's file systems for good.  Returns 0, -1 with err. */
int seed_make(struct seed *s, struct error *err);

/* Enters the one or the other. */
int seed_enter(struct seed *s, bool devices, struct error *err);

/* Enters one of them from elsewhere.  Returns 0, -1/errno. */
int seed_return(struct seed *s);

#endif
