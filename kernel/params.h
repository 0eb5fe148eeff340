/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parameter table: everything that a jail can be told, described once in
 * params.def.  Parser, validator, engine, diff, printer, schema and manual
 * page read this table.
 */
#ifndef JA_PARAMS_H
#define JA_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_type {
	PARAM_BOOL,	/* presence when set, int 0/1 when read */
	PARAM_INT,	/* 4 bytes */
	PARAM_ULONG,	/* sizeof(unsigned long) */
	PARAM_JAILSYS,	/* int: disable 0, new 1, inherit 2 */
	PARAM_STRING,	/* text with its NUL */
	PARAM_KEYVALUE, /* text of K=V lines; NAME.K addresses one line */
	PARAM_IP4,	/* array of 4-byte addresses, network order */
	PARAM_IP6,	/* array of 16-byte addresses */
	PARAM_LIST,	/* list of texts: each with its NUL, one after another */
};

/* Who may set it: security.jail.param's RD, RDTUN, RW. */
enum param_access { PARAM_RD, PARAM_RDTUN, PARAM_RW };

/* What a difference between spec and running jail calls for. */
enum param_class {
	PARAM_LIVE,	/* jail_set(2) on the running jail */
	PARAM_RESTART,	/* fixed at creation */
	PARAM_USERLAND, /* made on the host around the jail: mounts, aliases */
	PARAM_WORKLOAD, /* decides what runs inside: a restart */
	PARAM_HOOK,	/* used the next time it is run */
	PARAM_ORDER,	/* concerns the agent alone (depend) */
};

/* Where a name comes from. */
enum param_kind {
	PARAM_KERNEL, /* jail_set(2) takes it */
	PARAM_PSEUDO, /* jail(8), and so the agent, does it */
};

/*
 * What a system that is not FreeBSD makes of a value.  `only` lists the
 * canonical values that it honours, separated by blanks; NULL: all, "": none.
 * `why` is the rest of the sentence "NAME: VALUE is refused: ...".
 */
struct param_rule {
	const char *only;
	const char *why;
};

#define GEN_13 0x1
#define GEN_15 0x2
#define GEN_ALL (GEN_13 | GEN_15)

struct param_def {
	const char *name;
	enum param_type type;
	enum param_kind kind;
	enum param_access access;
	enum param_class class;
	unsigned generations;	/* GEN_*: kernels that have it */
	size_t size;		/* bytes of a value, of one array element, or the
				   most bytes of a text, NUL included */
	long min, max;		/* PARAM_INT; PARAM_JAILSYS: min 1: no disable */
	const char *dflt;	/* canonical text of a new jail's value; NULL: the
				   parent's, or chosen by the kernel */
	struct param_rule linux_rule;
	struct param_rule dragonfly;
	const char *help;	/* one sentence */
};

/* What a running kernel advertises (security.jail.param). */
struct jail_param_info {
	const char *name;
	enum param_type type;
	enum param_access access;
	size_t size;
};

/* The table, sorted by name, and its length. */
extern const struct param_def param_table[];
extern const size_t param_count;

/*
 * Finds the definition of a name in its positive form, NULL if there is none.
 * "meta.K" and "env.K" find "meta" and "env".
 */
const struct param_def *param_find(const char *name);

/* Whether there are parameters below a name ("allow.mount", "host"). */
bool param_group(const char *name);

/*
 * Parameters that the table lacks, because a module of the running kernel
 * brought them (kernel_learn): param_find finds them too, with the type that
 * the kernel tells.  They are added before anything is parsed and before other
 * processes are made, and stay.  param_add: 0, -1 when memory is out; what is
 * known already is nothing.  param_added: the i-th, NULL behind the last.
 */
int param_add(const struct jail_param_info *info);
const struct param_def *param_added(size_t i);
const struct param_def *param_find_added(const char *name);

/* The place of a definition in the table; param_count for added ones. */
static inline unsigned
param_index(const struct param_def *def)
{
	return def >= param_table && def < param_table + param_count ?
	    (unsigned)(def - param_table) : (unsigned)param_count;
}

/*
 * The known name most like `name` (edit distance at most 3, and less than
 * half of its length), or NULL.
 */
const char *param_nearest(const char *name);

/*
 * Edit distance of two names; `limit` when it is not less, or one of them is
 * longer than 64 bytes.
 */
size_t name_distance(const char *a, const char *b, size_t limit);

/* "boolean", "integer": the word for a type in messages. */
const char *param_type_name(enum param_type type);

/*
 * Writes the negative spelling of a boolean ("nopersist",
 * "allow.mount.nozfs"): "no" in front of the last component.
 * Returns buf, NULL if it does not fit.
 */
char *param_negative(const char *name, char *buf, size_t size);

#endif
