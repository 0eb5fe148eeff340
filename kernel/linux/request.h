/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the opener asks of its spawner.  A request is one message: a struct
 * below, then for some a block of texts, each with its NUL.  The spawner
 * answers each request by one reply.
 */
#ifndef JA_LINUX_REQUEST_H
#define JA_LINUX_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/account.h"
#include "kernel/error.h"
#include "kernel/jail.h"
#include "net.h"

enum request_type {
	REQUEST_CREATE = 1,
	REQUEST_EXEC,
	REQUEST_SIGNAL,
	REQUEST_HOSTNAME,
	REQUEST_MOUNT,
	REQUEST_ADDRESSES,
	REQUEST_FORGET,
	REQUEST_JOIN,
	REQUEST_INTERFACE,
	REQUEST_LIMIT,
	REQUEST_UNLIMIT,
};

/* The file systems that a jail can have from the beginning. */
#define MOUNT_DEVFS 0x1
#define MOUNT_FDESCFS 0x2
#define MOUNT_PROCFS 0x4

/*
 * The cgroups of a jail.  One that shares a network has one by which it is
 * restricted to its addresses; without any address it can do without on a host
 * that has no cgroups: its network is empty.
 */
struct cgroup_name {
	struct cgroup_line line;
	uint32_t restricted, optional;
};

#define HOSTNAME_TEXT 65 /* the most that Linux takes, with its NUL */

/*
 * REQUEST_CREATE: makes a jail and its init, which waits for its release.
 * Descriptors: the tree that becomes its root (`inside`: the init of the jail
 * in which `path` is that tree), the release pipe's reading end, and the
 * parent's init (pidfd) if there is one.  The reply's value is the pid of the
 * init, a child of the opener, or with a parent a child of that.
 */
struct create_request {
	uint32_t type;
	uint32_t mounts;  /* MOUNT_* */
	uint32_t own_net; /* else the parent's network */
	uint32_t loopback; /* of the own network: up */
	uint32_t restricted; /* to these addresses: */
	struct net_addresses addresses; /* `line` is there in any case */
	uint32_t keep_names; /* the host's names, else those below */
	uint32_t inside;   /* the opener is in a jail, which has `path` */
	char title[JAIL_NAME_MAX + 8];
	char path[1024]; /* for messages, and for `inside` */
	char hostname[HOSTNAME_TEXT], domainname[HOSTNAME_TEXT];
};

/*
 * REQUEST_EXEC: runs a program in a jail.  Descriptors: the jail's init
 * (pidfd), then 0, 1, 2 of the program, and its gate if there is one (gate.h).
 * Texts: dir, user ("" for none),
 * argv (none: the user's shell), envp.
 */
struct exec_request {
	uint32_t type;
	uint32_t argc, envc;
	uint32_t text_len;
	uint32_t login, home; /* exec_job's */
	uint32_t raw; /* raw sockets are allowed */
	struct cgroup_name cgroup;
	uint32_t has_ids; /* uid, gid and groups count; `user` is "" */
	uint32_t uid, gid;
	uint32_t group_count;
	uint32_t groups[ACCOUNT_GROUPS_MAX];
};

/* REQUEST_SIGNAL: descriptor: the jail's init (pidfd). */
struct signal_request {
	uint32_t type;
	int32_t sig;
};

/* REQUEST_HOSTNAME: descriptors: the jail's init (pidfd), prison.keep. */
struct hostname_request {
	uint32_t type;
	char hostname[HOSTNAME_TEXT], domainname[HOSTNAME_TEXT];
};

/*
 * REQUEST_MOUNT: mounts a file system in a jail, or unmounts what is there.
 * Descriptors: the jail's init (pidfd), prison.keep or the init once more, for
 * FSLINUX_BIND the tree.
 */
struct mount_request {
	uint32_t type;
	uint32_t unmount;
	uint32_t kind, flags; /* enum fslinux_kind, FSLINUX_* */
	uint32_t options_len;
	char options[256]; /* KEY, NUL, VALUE, NUL, ... */
	char place[1024]; /* in the jail */
};

/*
 * REQUEST_ADDRESSES: other addresses for a restricted jail.  Descriptor:
 * prison.keep.
 */
struct addresses_request {
	uint32_t type;
	struct net_addresses before, after;
};

/* REQUEST_FORGET: the restricted jail has ended. */
struct forget_request {
	uint32_t type;
	struct net_addresses addresses;
};

/* REQUEST_JOIN: moves the opener itself into the cgroup of a jail. */
struct join_request {
	uint32_t type;
	struct cgroup_name cgroup;
};

/*
 * REQUEST_INTERFACE: moves an interface into a jail, or all back.  Descriptor:
 * the jail's init (pidfd).
 */
struct interface_request {
	uint32_t type;
	char name[16]; /* "": all back */
};

/*
 * REQUEST_LIMIT: limits what a jail may use.  Descriptor: the jail's init
 * (pidfd).
 */
struct limit_request {
	uint32_t type;
	struct cgroup_line line;
	struct jail_limits limits;
};

/* REQUEST_UNLIMIT: the jail, which has cgroups with limits, has ended. */
struct unlimit_request {
	uint32_t type;
	struct cgroup_line line;
};

struct reply {
	int32_t error; /* errno, 0: done */
	int32_t value; /* a pid, a count, or 0 */
	int32_t reap;  /* a child that only has to be waited for, or 0 */
	char text[ERROR_TEXT_MAX - 64];
};

#endif
