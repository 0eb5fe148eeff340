/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroups (v2) of jails: ROOT/jailagent/TABLE/SERIAL.  They only tell which
 * sockets are a jail's; no limits are set, no controllers are needed.
 *
 * TABLE is the path of the table with ':' for '/'.  SERIAL is the jail's number
 * that is never given twice; a jid can pass to another jail while its first
 * one is dying.  The directories belong to root, and no jail sees them.
 */
#ifndef JA_LINUX_CGROUP_H
#define JA_LINUX_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

#define CGROUP_KEY_SIZE 256

/* The top of the hierarchy, wherever it is mounted; -1 with err. */
int cgroup_root(struct error *err);

/* The name for a table with a canonical path.  Returns 0, -1 with err. */
int cgroup_key(const char *path, char key[CGROUP_KEY_SIZE], struct error *err);

/* The directory of a table; `make`: made when it is not there.  -1/errno. */
int cgroup_table(int root, const char *key, bool make);

/* Removes it, and `jailagent` itself, as far as they are empty. */
void cgroup_table_remove(int root, const char *key);

/*
 * A new cgroup for a jail, and its number.  One that is left of another jail
 * (of a table that was deleted) is emptied and removed first.  -1/errno.
 */
int cgroup_make(int table, uint64_t serial, uint64_t *id);

/* The cgroup of a jail and its number, -1/errno. */
int cgroup_open(int table, uint64_t serial, uint64_t *id);

/* Moves a process into a cgroup.  -1/errno. */
int cgroup_enter(int cgroup, long pid);

/*
 * Returns 0, also when there is none, -1/errno (EBUSY: it has processes, which
 * did not end within two seconds).
 */
int cgroup_remove(int table, uint64_t serial);

#endif
