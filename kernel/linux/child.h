/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and jails are started by children that borrow their parent's
 * memory, as after vfork(2): the parent stands still until the child has
 * executed a program or has ended.  That costs the same however big the parent
 * is, and a child can say in plain variables why it failed.
 *
 * The functions named `*_child` run in such a child: they allocate nothing
 * and only return when they failed.
 */
#ifndef JA_LINUX_CHILD_H
#define JA_LINUX_CHILD_H

#include <sys/resource.h>
#include <sys/types.h>

#include <stdbool.h>

#include "kernel/error.h"
#include "control.h"
#include "request.h"
#include "rights.h"

struct child_start {
	uint64_t flags; /* in addition to CLONE_VM | CLONE_VFORK */
	int cgroup;	/* in which it begins, -1: its parent's */
	const struct rights_pass *pass; /* of a spawner, or NULL */
	int *id; /* CLONE_PIDFD or CLONE_PARENT_SETTID: filled in before the
		    child runs */
};

/*
 * Clones a child and lets it run `body`, which fills in *err when it fails;
 * the child then ends.  All signals are blocked in the child.  Returns its
 * pid, -1 with err when there is none.  When err->code is set, the child has
 * failed and its pid is to be reaped.
 */
pid_t child_run(const struct child_start *start,
    void (*body)(void *arg, struct error *err), void *arg, struct error *err);

/* Making a jail: the child becomes its init. */
struct create_job {
	const struct create_request *request;
	int proc; /* a directory of the host's procfs */
	int tree, release, parent; /* parent: -1, or a pidfd */
	int init;		   /* the init's program */
	struct child_start start;
	int procs[CONTROLS];	   /* controls_find: entered first */
	int pidfd;		   /* nested_child: the init that was made, */
	bool finished;		   /* which was not killed meanwhile */
};

void create_child(void *arg, struct error *err);

/*
 * A PID namespace can only be made by a process of the one above it.  So the
 * init of a jail in a jail is made by a child that is a process of the outer
 * one, and then ends: the outer init becomes the parent of the inner one.
 * It shares its parent's descriptors, and leaves the init's pidfd there, of
 * which F_GETOWN tells the pid as the parent sees it.
 */
void nested_child(void *arg, struct error *err);

/* Running a program in a jail. */
struct exec_job {
	int jail; /* pidfd of the jail's init */
	const char *dir, *user;
	const char *const *argv; /* NULL: the user's shell */
	const char **envp;	 /* account_login changes it */
	bool login;   /* jail.h, for a user whom only the jail knows */
	bool home;    /* the home (login) or `dir` is entered as the user */
	bool raw;     /* raw sockets are allowed */
	bool has_ids;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t group_count;
	int fd[3]; /* become 0, 1, 2 */
	int gate;  /* gate.h, or -1 */
	const pid_t *self;
	int procs[CONTROLS]; /* controls_find: entered first */
	int cgroup; /* the same of v2, or -1 */
};

void exec_child(void *arg, struct error *err);

/* Sending a signal to everything in the caller's PID namespace. */
struct signal_job {
	int sig;  /* that an init ignores; 0: only looks who is there */
	bool any; /* out: there were processes, inits aside */
};

void signal_child(void *arg, struct error *err);

/*
 * Moving everything in the caller's PID namespace, jails below included, into
 * the cgroups of a jail.  Processes that are there, or in those of jails below,
 * stay.
 */
struct move_job {
	const struct controls *controls;
	const char *path; /* of the jail's cgroups */
	unsigned made;	  /* controls_make */
	int procs[CONTROLS]; /* of these; -1: not to be entered */
};

void move_child(void *arg, struct error *err);

/*
 * child_pids.c: the processes of the caller's PID namespace, in a procfs of
 * its own.  A descriptor, -1 with err.  Then `each` is called for all processes
 * but the caller and, where `init` is not set, number 1, until it returns false:
 * 0, -1/errno.  What ended between the list and its call may have left a child
 * that the list has not: who must miss none looks again, PIDS_ROUNDS times at
 * most, until `list`, a digest of the numbers, is what it was before.
 */
#define PIDS_ROUNDS 64
int pids_open(struct error *err);
int pids_each(int proc, bool init, bool (*each)(void *arg, int proc,
    const char *name), void *arg, uint64_t *list);
/* Enough for any of their files unless a process is in thousands of groups. */
#define PIDS_TEXT 16384

/* Whether a process is there and is no zombie; `text`: its status. */
bool pids_lives(int proc, const char *name, char *text, size_t size);
/* A file of a process: its length, -1. */
int pids_read(int proc, const char *name, const char *file, char *text,
    size_t size);

/* Mounting and unmounting in the mount namespace of a jail. */
struct mount_job {
	const struct mount_request *request;
	int jail; /* pidfd of the jail's init */
	int tree; /* what is to be mounted, or -1: made here */
};

void mount_child(void *arg, struct error *err);

#endif
