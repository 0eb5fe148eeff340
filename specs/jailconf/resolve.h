/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work on one jail: resolve.c merges its blocks, substitute.c replaces
 * references.  Private to specs/jailconf/.
 */
#ifndef JA_CONF_RESOLVE_H
#define JA_CONF_RESOLVE_H

#include <string.h>

#include "jailconf.h"

/*
 * Comparisons that all jails together may take: ten thousand jails with forty
 * parameters each take half.  About a second.
 */
#define CONF_WORK_MAX 20000000
/* A short text counts as one, a long one by its length. */
#define CONF_TEXT_WORK(text) (1 + strlen(text) / 16)
#define CONF_BUCKETS 4096
/* Bytes of all values after references are replaced. */
#define CONF_VALUES_MAX (64 * 1024 * 1024)

struct resolver {
	struct conf_jails *jails;
	struct spec_errors *errors;
	struct conf_jail *jail; /* the present one */
	const struct conf_block **pattern; /* those with defaults, in order */
	size_t patterns;
	/* The parameters of the jail by what they are called without any "no":
	   1 and the place of the newest; the others follow by its `chain`. */
	unsigned bucket[CONF_BUCKETS];
	unsigned depth;		/* of references in references */
	size_t work;		/* comparisons of names that were made */
	size_t bytes;		/* of replaced texts */
	bool stopped;		/* a limit was exceeded */
};

/* Marks the jail as failed and tells why. */
void conf_jail_fault(struct resolver *r, struct spec_place place,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Counts work; false when there was too much. */
bool conf_work(struct resolver *r, size_t amount);

/*
 * The parameter of the present jail that a name means, or with `exactly` the
 * one that is called so; NULL: there is none, or r->stopped.
 */
struct conf_param *conf_find(struct resolver *r, const char *name,
    bool exactly);

/* Replaces the references in all parameters of the present jail. */
int conf_substitute(struct resolver *r);

#endif
