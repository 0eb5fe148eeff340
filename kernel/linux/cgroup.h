/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroups of jails: ROOT/jailagent/TABLE/..., in cgroup v2, by which the
 * sockets of a jail are known, and in whatever hierarchy has the controllers
 * that limit what it may use (control.h).
 *
 * TABLE is the path of the table with ':' for '/'.  A jail's directory is named
 * by its serial, the number that is never given twice; a jid can pass to
 * another jail while its first one is dying.  The directories belong to root,
 * and no jail sees them.
 */
#ifndef JA_LINUX_CGROUP_H
#define JA_LINUX_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/error.h"
#include "kernel/prison/prison.h"

#define CGROUP_TOP "jailagent"
#define CGROUP_LEAF "own" /* has processes where its parent has limits */
#define CGROUP_KEY_SIZE 256
#define CGROUP_PATH_SIZE (CGROUP_KEY_SIZE + 21 * PRISON_DEPTH + 32)

/* The serials of a jail and of those around it, the outermost first. */
struct cgroup_line {
	uint32_t depth;
	uint64_t serial[PRISON_DEPTH];
};

/* "1/2/3": the first `depth` of them. */
void cgroup_line_path(const struct cgroup_line *l, uint32_t depth,
    char path[CGROUP_PATH_SIZE]);

/*
 * Calls `each` for every mounted hierarchy of cgroups, v2 or v1 with the
 * options of its mount, until it returns true.  Returns 0, -1 with err.
 */
int cgroup_mounts(bool (*each)(void *arg, bool v2, const char *options,
    const char *path), void *arg, struct error *err);

/* The top of the v2 hierarchy, wherever it is mounted; -1 with err. */
int cgroup_root(struct error *err);

/* The name for a table with a canonical path.  Returns 0, -1 with err. */
int cgroup_key(const char *path, char key[CGROUP_KEY_SIZE], struct error *err);

/* The directory of a table; `make`: made when it is not there.  -1/errno. */
int cgroup_table(int root, const char *key, bool make);

/* Removes it, and `jailagent` itself, as far as they are empty. */
void cgroup_table_remove(int root, const char *key);

/*
 * The paths below are relative to a directory of the caller's and have no
 * links: a cgroup, and those above it.  Descriptors, or 0; -1/errno.
 */

/* Makes what is missing of it. */
int cgroup_need(int dir, const char *path);

/*
 * A new one.  What is left there of another jail (of a table that was deleted)
 * is emptied and removed first.
 */
int cgroup_make(int dir, const char *path);

int cgroup_open(int dir, const char *path);

/* The number by which BPF knows it. */
int cgroup_id(int cgroup, uint64_t *id);

/* Moves a process into a cgroup. */
int cgroup_enter(int cgroup, long pid);

/*
 * Returns 0, also when there is none, -1/errno (EBUSY: it has cgroups below it,
 * or processes, which did not end within two seconds).
 */
int cgroup_remove(int dir, const char *path);

/* Removes those above the path, up to the first that is not empty. */
void cgroup_prune(int dir, const char *path);

/* Kills what is in it. */
void cgroup_kill(int cgroup);

/* A file of a cgroup: the whole text is written at once; read: its length. */
int cgroup_write(int cgroup, const char *name, const char *text);
int cgroup_read(int cgroup, const char *name, char *text, size_t size);

#endif
