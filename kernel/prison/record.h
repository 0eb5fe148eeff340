/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the table keeps of a prison.  Texts and lists are never changed in
 * place: they are replaced, so that `was` can point to the earlier ones.
 */
#ifndef JA_PRISON_RECORD_H
#define JA_PRISON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "prison.h"

#define RECORD_VERSION 2 /* 1: without extra_list */
#define HOST_SERIAL 1 /* of the host's own record */

enum prison_flag {
	PR_PERSIST = 0x1,
	PR_HOST = 0x2,	    /* has host.* values of its own */
	PR_IP4_USER = 0x4,  /* restricted by its own list */
	PR_IP6_USER = 0x8,
	PR_VNET = 0x10,
	PR_IP4_SADDRSEL = 0x20,
	PR_IP6_SADDRSEL = 0x40,
	PR_IP4 = 0x80,	    /* restricted, here or by an ancestor */
	PR_IP6 = 0x100,
	PR_REVIVED = 0x200, /* generation 13: alive again without a user */
	PR_ENDS = 0x400,    /* its holder ends with the last process */
};

enum sysv_kind { SYSV_MSG, SYSV_SEM, SYSV_SHM, SYSV_KINDS };

struct list {
	void *data;
	uint32_t count;
};

/* The keys under which the indexes know a record. */
struct record_keys {
	bool stored, busy;
	int32_t jid, parent;
	uint64_t serial;
	char name[JAIL_NAME_MAX];
	struct list ip4, ip6; /* addresses that can clash */
};

struct record {
	int32_t jid, parent;
	uint64_t serial; /* unique in the life of the table */
	uint32_t state, flags;
	int32_t children_max, children_cur;
	int32_t securelevel, enforce_statfs, devfs_ruleset, osreldate, cpuset;
	uint64_t allow;
	uint64_t sysv[SYSV_KINDS]; /* serial of the owner of the objects; 0:
				      the prison has none */
	uint64_t hostid;
	uint32_t extra;
	uint32_t leaks; /* references that are never given back */
	int32_t holder_pid;
	uint64_t holder_id;

	/*
	 * Full name.  Bytes behind its end count: the kernel's names are
	 * fixed buffers, and its renames of nested prisons look behind the
	 * end (jail-semantics 2.10).
	 */
	char name[JAIL_NAME_MAX];
	const char *path, *hostname, *domainname, *hostuuid, *osrelease;
	const char *meta, *env;
	/* in_addr, in6_addr, prison_proc, uint64_t ids of owning descriptors */
	struct list ip4, ip6, procs, owners;
	struct list extra_list; /* bytes: the texts of effects->extra_list */

	/* Not stored.  had_*: as the record was read. */
	struct list had_ip4, had_ip6;
	const char *had_hostname, *had_domainname;
	bool dirty, gone, settling;
	bool changed; /* by this call, which is not committed */
	bool on_holder; /* only processes of its holder keep it alive */
	struct record_keys was;
};

/* Bytes of a record; *data belongs to the arena.  0, -1 when memory is out. */
int record_encode(struct arena *a, const struct record *r, void **data,
    size_t *len);
/* NULL when the bytes are not a record of this version, or memory is out. */
struct record *record_decode(struct arena *a, const void *data, size_t len);

void record_keys(const struct record *r, struct record_keys *keys);

#endif
