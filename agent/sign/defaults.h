/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is alike in most jails is said once in a snapshot (snapshot.h).  Which
 * values these are is free, but they stay: with others, all jails would have to
 * be written anew.
 */
#ifndef JA_DEFAULTS_H
#define JA_DEFAULTS_H

#include "agent/sign/snapshot.h"
#include "kernel/call.h"

/* Forgets those that this kernel does not have. */
void defaults_keep(struct snapshot_params *d, const struct jail_params *kernel);

/*
 * Takes out of a running jail, of which all parameters are told, what is as the
 * defaults say.  A parameter that these lack is added to them first, with the
 * default of the parameter table (persist: true) or, where that has none, with
 * this jail's value.
 * -1 when memory is out.
 */
int defaults_take_out(struct snapshot_params *d, struct snapshot_jail *j);

/* The other way, for who reads a snapshot: all jails tell all parameters. */
int defaults_put_in(struct snapshot *s, struct error *err);

#endif
