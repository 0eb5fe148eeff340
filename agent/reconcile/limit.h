/* SPDX-License-Identifier: BSD-2-Clause */
/* N or P%: how many of the managed jails something may concern at once. */
#ifndef JA_LIMIT_H
#define JA_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

struct limit {
	long value; /* -1: the usual one */
	bool percent;
};

/* Parses "3" or "20%"; -1 when it is neither. */
int limit_parse(const char *text, struct limit *l);

/*
 * The number that is meant.  The usual one is a share of `usual` percent, or 1
 * when that is more.
 */
size_t limit_number(const struct limit *l, size_t usual, size_t managed);

#endif
