/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DragonFly's jails as values.  Nothing in this folder makes a system call
 * about jails: it is built, and tested, on every system.
 */
#ifndef JA_DRAGONFLY_JAIL_H
#define JA_DRAGONFLY_JAIL_H

#include <sys/types.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include "kernel/jail.h"
#include "kernel/params.h"

/* jail.list has 1024 bytes for a jail, which no longer lists fit into. */
#define DRAGONFLY_ADDRESSES 32
/* Names of nodes have five digits; the kernel would cut longer ones. */
#define DRAGONFLY_JID_MAX 99999

struct dragonfly_jail {
	int jid;
	char name[JAIL_NAME_MAX];
	char hostname[256];
	char path[1024];
	struct in_addr ip4[DRAGONFLY_ADDRESSES];
	struct in6_addr ip6[DRAGONFLY_ADDRESSES];
	size_t ip4_count, ip6_count;
	unsigned capabilities; /* bit i: that of dragonfly_params[i] */
	bool persist, dying;
	pid_t holder;	       /* 0: none */
	uint64_t holder_start; /* process_start() of it */
	bool doubtful; /* its line in jail.list may be of somebody's making */
};

/* params.c: what a jail of DragonFly can be told */

enum dragonfly_kind {
	DRAGONFLY_CAPABILITY, /* sysctl jail.JID.NODE, one bit */
	DRAGONFLY_FIXED,      /* has one value, and takes that */
	DRAGONFLY_SYSV,	      /* a view of allow.sysvipc */
	DRAGONFLY_MODE,	      /* ip4, ip6: reads disable, takes new as well */
	DRAGONFLY_JID,
	DRAGONFLY_NAME,
	DRAGONFLY_PATH,
	DRAGONFLY_HOSTNAME,
	DRAGONFLY_IP4,
	DRAGONFLY_IP6,
	DRAGONFLY_PERSIST,
	DRAGONFLY_DYING,
};

struct dragonfly_param {
	struct jail_param_info info;
	enum dragonfly_kind kind;
	const char *node; /* of a capability */
	bool inverse;	  /* the bit forbids what the parameter allows */
	int fixed;
};

/* Sorted by name. */
extern const struct dragonfly_param dragonfly_params[];
extern const size_t dragonfly_param_count;

/*
 * Finds a parameter; *on is false when the name is a boolean's negative form.
 * NULL: no such parameter.
 */
const struct dragonfly_param *dragonfly_param(const char *name, bool *on);

/* The bit in `capabilities`. */
unsigned dragonfly_bit(const struct dragonfly_param *p);

/* The bit of allow.sysvipc. */
unsigned dragonfly_sysv_bit(void);

/*
 * The node's name, "jail.JID.NODE", and the value that it takes for a
 * capability that is wanted on or off.  Returns that value, -1 when the name
 * does not fit.
 */
int dragonfly_node(const struct dragonfly_param *p, int jid, bool on,
    char *buf, size_t size);

#endif
