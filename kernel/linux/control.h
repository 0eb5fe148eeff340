/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits by the controllers of cgroups, in version 2 of their interface and in
 * version 1, whichever has the controller on this host.  See cgroups(7), and
 * admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel's documentation.
 *
 * In v1 a jail with limits has a directory, in which its processes are, with
 * those of the jails below it that have none.  In v2 a cgroup that hands
 * controllers down has no processes itself: they are in its leaf `own`.
 */
#ifndef JA_LINUX_CONTROL_H
#define JA_LINUX_CONTROL_H

#include "cgroup.h"
#include "kernel/jail.h"

enum { CONTROL_CPU, CONTROL_MEMORY, CONTROL_PIDS, CONTROLS };

struct control {
	int top; /* of the hierarchy that has the controller; -1: none has */
	bool v2;
};

struct controls {
	struct control of[CONTROLS];
	char key[CGROUP_KEY_SIZE]; /* of the table */
};

/* Looks where they are mounted; what cannot be found out is not there. */
void controls_open(struct controls *c, const char *key);
void controls_close(struct controls *c);

/* Whether v2 limits, so that all cgroups of jails there are in one tree. */
bool controls_tree(const struct controls *c);

/* As jail_backend.limitable. */
int controls_can(const struct controls *c, enum jail_limit which, bool with,
    struct error *why);

/* "jailagent/TABLE/1/2", of the first `depth` of the line. */
void controls_path(const struct controls *c, const struct cgroup_line *l,
    uint32_t depth, char path[CGROUP_PATH_SIZE]);

/* Whether there is anything of a jail. */
bool controls_exist(const struct controls *c, const struct cgroup_line *l);

/* The limits of a jail, those of others around it apart. */
int controls_read(const struct controls *c, const struct cgroup_line *l,
    struct jail_limits *limits, struct error *err);

/*
 * Makes the cgroups that these limits need, and in v2 the leaf.  *made: bit i
 * for each controller whose cgroup the jail has now.
 */
int controls_make(const struct controls *c, const struct cgroup_line *l,
    const struct jail_limits *limits, unsigned *made, struct error *err);

/* Writes limits to the cgroups that are there. */
int controls_write(const struct controls *c, const struct cgroup_line *l,
    const struct jail_limits *limits, struct error *err);

/* Removes what is left of a jail that has no processes any more. */
void controls_remove(const struct controls *c, const struct cgroup_line *l);
/* The same of one whose line is new: whoever is in it is no jail's. */
void controls_clean(const struct controls *c, const struct cgroup_line *l);

/*
 * Opens the cgroup.procs by which a process gets into the cgroups of a jail, or
 * of the nearest one around it that has some; -1 where there is none.  `v2`:
 * those of v2, too, if the process does not begin there.
 */
void controls_find(const struct controls *c, const struct cgroup_line *l,
    bool v2, int procs[CONTROLS]);
void controls_let_go(int procs[CONTROLS]);

/* The calling process, or `pid`, enters them.  0, -1 with err. */
int controls_enter(const int procs[CONTROLS], long pid, struct error *err);

/*
 * Of the text of /proc/PID/cgroup: whether the process is in the path or below
 * it, in the hierarchy of a controller.
 */
bool controls_inside(const struct controls *c, int control, const char *text,
    const char *path);

#endif
