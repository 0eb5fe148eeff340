/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The work on one jail: resolve.c merges its blocks, substitute.c replaces
 * references.  Private to specs/jailconf/.
 */
#ifndef JA_CONF_RESOLVE_H
#define JA_CONF_RESOLVE_H

#include "jailconf.h"

struct resolver {
	struct conf_jails *jails;
	struct spec_errors *errors;
	struct conf_jail *jail; /* the present one */
	const struct conf_block **pattern; /* those with defaults, in order */
	size_t patterns;
	unsigned depth;		/* of references in references */
	size_t work;		/* comparisons of names that were made */
	size_t bytes;		/* of replaced texts */
	bool stopped;		/* a limit was exceeded */
};

/*
 * Comparisons that all jails together may take: ten thousand jails with forty
 * parameters each take a tenth.  About a second.
 */
#define CONF_WORK_MAX 100000000
/* Bytes of all values after references are replaced. */
#define CONF_VALUES_MAX (64 * 1024 * 1024)

/* Marks the jail as failed and tells why. */
void conf_jail_fault(struct resolver *r, struct spec_place place,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Counts work; false when there was too much. */
bool conf_work(struct resolver *r, size_t amount);

/* Replaces the references in all parameters of the present jail. */
int conf_substitute(struct resolver *r);

#endif
