/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where things are.
 *
 *   STATEDIR/applied/NAME.yaml   the spec that NAME was last given, as a copy
 *   STATEDIR/good/HASH           what spec files last held without an error
 *   STATEDIR/accepted            which signed specs were accepted (accepted.h)
 *   STATEDIR/orders.json         what users said of jails (standing.h)
 *   STATEDIR/rollback/           specs to go back to (rollback.h)
 *   STATEDIR/snapshots/N.json    signed states, N.json.minisig beside each
 *   STATEDIR/key, key.pub        the agent's signing key
 *   STATEDIR/seal                key of digests over secrets (vault.h) and of
 *                                what is written here (stamp.h)
 *   STATEDIR/stamps              that all of that has them
 *   STATEDIR/signing             held by whoever has the key in use
 *   RUNDIR/HASH/                 of one STATEDIR (HASH: 16 hex digits of the
 *                                BLAKE2b of its canonical path), mode 0700:
 *       head       which snapshot was written last
 *       lock       held by the agent; holds its pid
 *       control    its socket
 *       removals   those of the last ten minutes (window.h)
 *       applied/   the specs that jails were last given (applied.h)
 *       journal    who made what since the newest snapshot (inventory.h)
 *       outdated/  marks of files in STATEDIR/good (kept.h)
 *       console/   output of hooks
 */
#ifndef JA_PATHS_H
#define JA_PATHS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"

#define PATHS_MAX 1024

struct paths {
	char state[PATHS_MAX];	   /* STATEDIR, canonical */
	char run[PATHS_MAX];	   /* RUNDIR/HASH */
	char applied[PATHS_MAX], copies[PATHS_MAX]; /* of the applied ones */
	char good[PATHS_MAX], orders[PATHS_MAX];
	char snapshots[PATHS_MAX], accepted[PATHS_MAX], rollback[PATHS_MAX];
	char key[PATHS_MAX], public_key[PATHS_MAX], seal[PATHS_MAX];
	char stamps[PATHS_MAX];
	char head[PATHS_MAX], lock[PATHS_MAX], control[PATHS_MAX];
	char signing[PATHS_MAX];
	char journal[PATHS_MAX], removals[PATHS_MAX];
	char outdated[PATHS_MAX], console[PATHS_MAX];
};

/*
 * Fills in the names.  `state` NULL: the system's default.  The run directory
 * is the system's for root, else below XDG_RUNTIME_DIR or /tmp.  Nothing is
 * made; of a STATEDIR that does not exist yet the existing part is resolved.
 */
int paths_init(struct paths *p, const char *state, struct error *err);

/*
 * Makes the directories: STATEDIR and snapshots 0755, since snapshots and the
 * public key are for everybody, all others 0700.  Those that are there must
 * belong to root or to us and be writable by nobody else.
 */
int paths_make(const struct paths *p, struct error *err);

/*
 * DIR/NAME with a suffix, the file that belongs to a jail.  A name so long that
 * the file's could be too long is cut, with "~" and a hash of the whole behind.
 */
void paths_of_jail(char *buf, size_t size, const char *dir, const char *name,
    const char *suffix);

/* The directory watched when none is named. */
const char *paths_default_specs(void);

/*
 * Takes the lock of a STATEDIR and writes the pid into it.  Returns a
 * descriptor to be kept open, -1 when somebody holds it (err->code EBUSY,
 * *holder is the pid) or on error.
 */
int paths_lock(const struct paths *p, long *holder, struct error *err);

/*
 * Takes the lock `signing`, which ends with the process: an agent's signer may
 * outlive it, and two that write the same files would spoil them.  Waits until
 * clock_ms() is `until`.  Returns a descriptor to be kept open, or -1.
 */
int paths_lock_signing(const char *file, int64_t until, struct error *err);

/*
 * The pid of the agent that holds the lock, 0 if none does.  Not for the
 * process that holds it: the lock is lost when any descriptor of it is closed.
 */
long paths_lock_holder(const struct paths *p);

#endif
