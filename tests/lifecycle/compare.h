/* SPDX-License-Identifier: BSD-2-Clause */
/* What compare.c and log.c share. */
#ifndef JA_COMPARE_H
#define JA_COMPARE_H

#include "lifecycle.h"

struct comparison {
	struct replay *r;
	bool quiet; /* nothing is printed, no difference is used up */
	bool same;
};

/* Whether two texts are the same, jids apart: "$web" stands for a number. */
bool same_text(struct replay *r, const char *want, const char *got);

/* Notes a difference, unless it is a known one. */
void differs(struct comparison *c, const char *field, const char *want,
    const char *got);

/* log.c */
void compare_log(struct comparison *c, const json_t *want, const char *got);

#endif
