/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that jail_get(2) returns (jail-semantics 3.2). */
#ifndef JA_PRISON_GET_H
#define JA_PRISON_GET_H

#include "engine.h"
#include "options.h"

/* A call of jail_get(2): who asks about what. */
struct get_call {
	struct op *op;
	struct options opts;
	int flags;
	int desc;
	struct record *my;     /* the caller's prison, or that of AT_DESC */
	struct record *target; /* what was found */

	/* What it has of the effects' own parameters, once that was asked. */
	bool extra_known;
	uint32_t extra;
	struct list extra_list;
	/* Likewise its names: NULL until that was asked. */
	const char *hostname, *domainname;
};

/*
 * Puts the value of an option into its buffer, or its length when it has
 * none.  0; EINVAL when the buffer has not the right size; ENOENT when there
 * is no such value.
 */
int get_value(struct get_call *g, struct option *o);

#endif
