/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is alike in most jails is said once in a snapshot (snapshot.h).  Which
 * values these are is free, but for one agent they stay: with others, all jails
 * would have to be told anew.
 */
#ifndef JA_DEFAULTS_H
#define JA_DEFAULTS_H

#include "agent/sign/snapshot.h"

/*
 * Takes out of a running jail, of which all parameters are told, what is as the
 * defaults say.  The first jail makes them: of each parameter the default of the
 * parameter table (persist: true) or, where that has none, this jail's value.
 * -1 when memory is out.
 */
int defaults_take_out(struct snapshot_params *d, struct snapshot_jail *j);

/* The other way, for who reads a snapshot: all jails tell all parameters. */
int defaults_put_in(struct snapshot *s, struct error *err);

#endif
