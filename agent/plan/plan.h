/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The plan: what to do about one jail, and why.  Pure: desired, last applied
 * and live state go in, an action comes out; no I/O, no clock, no globals.
 */
#ifndef JA_PLAN_H
#define JA_PLAN_H

#include "agent/plan/action.h"
#include "agent/plan/observe.h"

/* jail(8)'s letters: what is allowed. */
#define LETTER_C 1u
#define LETTER_M 2u
#define LETTER_R 4u

/* As they are given to commands: "cmr". */
const char *letters_text(unsigned letters, char buf[4]);

struct plan_input {
	const char *name;
	const struct spec *desired; /* NULL: not wanted */
	const struct spec *applied; /* last applied by the agent, or NULL */
	const struct live *live;    /* NULL: no living jail of that name */
	const char *jid_of; /* which living jail has the jid that is wanted */
	const struct plan_parent *parent; /* NULL: the host, or not known */
	const char *live_error;	    /* the living jail could not be read */
	const char *path;	    /* desired path, canonical; NULL: see path_error */
	const char *path_error;	    /* what canonical_path said */
	bool path_later; /* it is not there yet, and a hook may make it */
	const struct text_list *mounts; /* by mounts_read; NULL: see mounts_error */
	const char *mounts_error;
	/* Aliases that the host has not: of what is wanted, of what was applied. */
	const struct text_list *lost, *had;
	/* Those that it has of a change that was cut off, and nobody asks for. */
	const struct text_list *spare;
	/*
	 * `desired` with the values of its secrets, NULL when it has none; why
	 * they cannot be had; what is known of them (vault_seals), now and when
	 * the spec was applied.
	 */
	const struct spec *revealed;
	const char *secret_error;
	const struct text_list *seals, *applied_seals;
	/* What ip_hostname found for the jail; NULL or empty: not known. */
	const struct text_list *found;
	const char *backend;	    /* name of the kernel's backend */
	const struct jail_params *params;
	const char *boot; /* now */
	/* What the inventory knows of it. */
	bool managed;	     /* there is an entry */
	const char *unfinished; /* "creation" or "removal" that never ended */
	bool down;	     /* it was stopped in good order */
	bool left;	     /* something of it is still on the host */
	bool replaced; /* not wanted, and gone: see owner_replaced */
	const char *token;   /* entry's mark */
	const char *old_boot; /* boot in which it was made */
	int old_jid;
	const char *old_path; /* the kernel's word then; NULL: not known */
	const char *renamed; /* what somebody calls it now; NULL: nothing else */
	const char *other_set; /* set of the entry when it is not ours */
	bool adopting; /* what if the living jail were the agent's own? */
	const char *unhealthy; /* what its health checks say; NULL: nothing */
	/* A user's order about it (standing.h), as a text; NULL: none. */
	const char *paused, *stopped;
	unsigned letters;
	bool prune;   /* what is not wanted may be removed */
	bool healing; /* agent.heal is honoured, as an agent does; users make it */
};

/* Returns 0, -1 when memory is out.  The caller frees the action. */
int plan_jail(const struct plan_input *in, struct action *out);

/* Whether the living jail is the one that the inventory entry speaks of. */
bool live_is_ours(const struct plan_input *in);

/*
 * diff.c: appends the differences between what is wanted and what is (or was
 * last applied, where the kernel cannot tell) to the action.
 */
int diff_jail(const struct plan_input *in, struct action *out,
    struct error *err);

/* How a difference is dealt with in a parameter that the kernel shows. */
enum change_how change_how_live(const char *backend, const char *name,
    enum param_access access, const struct param_def *def);

/*
 * Where nothing differs, but the spec is another one than was applied: settings
 * of the agent itself, or an applied spec that was lost.  There is nothing to do
 * but to take the spec over.  Part of diff_jail.
 */
int diff_agent(const struct plan_input *in, struct action *out,
    struct error *err);

/*
 * rules.c: what this system cannot honour.  Returns NULL when all is well, else
 * a complete message in buf, which names parameter, value and reason.
 */
const char *rules_refuse(const struct spec *s, const char *backend,
    const struct jail_params *params, char *buf, size_t size);

#endif
