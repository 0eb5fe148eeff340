/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a jail in another one may have, and what becomes of it when the other
 * one is changed (jail_set(2); jail-semantics 2.8, 2.11).  Both the prison
 * engine and who plans go by it.
 */
#ifndef JA_NESTED_RULES_H
#define JA_NESTED_RULES_H

#include <stdbool.h>

enum nested_rule {
	NESTED_FREE,	 /* anything, whatever the parent has */
	NESTED_AT_LEAST, /* a number: not below the parent's; raised with it */
	NESTED_BELOW,	 /* a number: below the parent's; lowered with it */
	NESTED_SAME,	 /* anything; the parent's whenever that is set */
	NESTED_RIGHT,	 /* 1 only if the parent has 1; lost with it */
	NESTED_OPEN,	 /* 1 whatever the parent has; lost with it, too */
	NESTED_FACILITY, /* not JAIL_SYS_DISABLE only if the parent's is not */
	NESTED_AMONG,	 /* addresses: those of a parent that has a list */
};

/* The rule for a parameter of jail_set(2), by its positive name. */
enum nested_rule nested_rule(const char *param);

/* Whether jail_set(2) takes the value, said of a number, below such a parent. */
bool nested_fits(enum nested_rule rule, long value, long parent);

/*
 * What becomes of a value when the parent's is set; `depth` is 1 for its
 * children, 2 for theirs.
 */
long nested_after(enum nested_rule rule, long value, long parent, int depth);

#endif
