/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jail descriptors (jail-semantics 4.4).  A descriptor is an open file
 * DIR/desc.ID that holds its number and keeps a shared flock(2): the lock
 * ends with the last copy of the descriptor in whatever process, so an owning
 * one is known to be closed when the lock can be had.
 */
#ifndef JA_PRISON_DESC_H
#define JA_PRISON_DESC_H

#include "engine.h"

/*
 * Makes a descriptor of a prison; with `own` closing it removes the prison.
 * Returns it, or -1 with errno.
 */
int desc_make(struct op *op, struct record *r, bool own);

/*
 * The living prison of a descriptor.  0, or EBADF, EINVAL (not a jail's),
 * ENOENT (its prison is dead); with a message for errmsg.
 */
int desc_find(struct op *op, int fd, struct record **r);

/* Whether a descriptor that owns the prison was closed. */
bool desc_owner_closed(struct op *op, const struct record *r);

#endif
