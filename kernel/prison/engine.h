/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the engine: an open table, and one call in progress.
 *
 * Functions that return int and take a `struct op` give 0 or a positive errno
 * value.  Errors of the database and missing memory are kept in op->broken:
 * look-ups then find nothing, and the call ends with that error, with nothing
 * written.
 */
#ifndef JA_PRISON_ENGINE_H
#define JA_PRISON_ENGINE_H

#include <lmdb.h>

#include "arena.h"
#include "prison.h"
#include "record.h"

#define PRISON_PATH_MAX 1024
#define PRISON_JID_MAX 999999
#define PRISON_CHILDREN_MAX 999999

enum database {
	DB_META,     /* "meta": struct meta */
	DB_JAILS,    /* jid: record */
	DB_NAMES,    /* full name: jids */
	DB_CHILDREN, /* parent, ~serial: jid; the newest child comes first */
	DB_ADDRS,    /* family, single or not, address: jids */
	DB_BUSY,     /* jid: nothing; prisons that can end by themselves */
	DB_CPUSETS,  /* numbers below meta.cpusets that are free again */
	DB_DESCS,    /* descriptor id: struct desc_row */
	DB_COUNT
};

struct meta {
	uint32_t version, generation;
	int32_t lastprid, lastdeadid;
	int32_t cpusets; /* the next number that was never used */
	uint32_t twisted; /* a rename has left names that do not begin with
			     their parents' names */
	uint64_t serial;  /* the last one given */
	uint64_t descs;	  /* the last descriptor id given */
	char boot[64];
};

struct prison_table {
	MDB_env *env;
	MDB_dbi db[DB_COUNT];
	const struct prison_effects *effects;
	void *effects_arg;
	char *dir;
	int dir_fd;	 /* works in a jail too, where dir does not */
	pid_t owner;	 /* the process that may use it */
	int claim;	 /* a lock that says that it has it open, or -1 */
	int begun;	 /* begun.h, or -1 */
	int keep;	 /* of the call: the same file, locked, or -1 */
	time_t tried;	 /* monotonic second of begun_recover, 0: never */
	uint64_t seen;	 /* the last commit that is its own or was asked for */
	bool read_only;
	int generation;
	int self;	 /* the jail that the caller is in; 0: the host */
	uint64_t self_serial;
	char root[PRISON_PATH_MAX]; /* the root of that jail; "" for "/" */
	bool inside; /* the process itself has that root */
};

/* A process list to be killed after the commit. */
struct pending {
	struct pending *next;
	struct record *prison;
	struct list procs;
};

struct op {
	struct prison_table *t;
	MDB_txn *txn;
	bool write;
	bool stale; /* reading found something that must be written */
	int broken;
	struct arena arena;
	struct record **cache; /* hash of loaded records by jid */
	size_t cache_size, cache_used;
	struct record **dirty;
	size_t dirty_count, dirty_room;
	struct meta meta;
	bool meta_dirty;
	bool wrote; /* what LMDB commits has a number */
	struct pending *kills;
	struct begun_left *left; /* begun.c: what could not be undone */
	bool has_message;
	char message[JAIL_ERRMSG_MAX];
};

/* Sets the text for errmsg; returns `code`. */
int op_fail(struct op *op, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The calling process is in a prison now: paths and names start there. */
void prison_entered(struct prison_table *t, const struct record *r);
/* It has not come in after all. */
void prison_leave(struct prison_table *t, int jid);

/* store.c: records and indexes */
int store_open(struct prison_table *t, const char *boot,
    const struct kernel_options *opt, struct error *err);
void store_close(struct prison_table *t);
int store_begin(struct op *op, bool write);
/* Writes and commits unless the call is broken.  Returns an errno value. */
int store_commit(struct op *op);
/* Ends a call in any case: gives back what it has, written or not. */
void store_abort(struct op *op);
/* Makes the map larger, after MDB_MAP_FULL. */
int store_grow(struct prison_table *t);

/* Loads a record; NULL when there is none.  Jid 0 is the host. */
struct record *record_get(struct op *op, int jid);
/* A new record with the next serial number; not yet in the table. */
struct record *record_new(struct op *op);
/* Enters a new record (its jid and parent are set). */
void record_insert(struct op *op, struct record *r);
/* Says that a record was changed, or is gone. */
void record_changed(struct op *op, struct record *r);
/* Changes the number of a record; its children follow. */
void record_renumber(struct op *op, struct record *r, int jid);
/* Brings the indexes up to date with all changed records. */
void store_flush(struct op *op);
void store_broken(struct op *op, int rc);

/* Index look-ups: arrays of jids in the arena. */
struct jids {
	int32_t *jid;
	size_t count;
};
void jids_by_name(struct op *op, const char *name, struct jids *out);
/* Direct children, the newest first. */
void jids_children(struct op *op, int parent, struct jids *out);
/* At most `max` of those that can end by themselves. */
void jids_busy(struct op *op, size_t max, struct jids *out);
/*
 * Calls `each` for the prisons that have the address in their own list:
 * those with one address (`single`) or those with more, until it returns true.
 */
bool jids_by_address(struct op *op, size_t size, bool single,
    const void *address, bool (*each)(void *arg, int jid), void *arg);
/* The smallest jid above `jid`, 0 when there is none. */
int jid_after(struct op *op, int jid);
int jid_last(struct op *op);
/* The lowest free cpuset number, and giving one back. */
int cpuset_take(struct op *op);
void cpuset_give(struct op *op, int id);

#endif
