/* SPDX-License-Identifier: BSD-2-Clause */
/* --require-signed: the keys that must have signed the specs. */
#ifndef JA_REQUIRED_H
#define JA_REQUIRED_H

#include "agent/command/command.h"
#include "agent/sign/minisign.h"

#define REQUIRED_MAX 16

struct required {
	struct minisign_public key[REQUIRED_MAX];
	size_t keys; /* 0: unsigned specs count, too */
};

/* Adds a key, a file or its line; returns an exit status. */
int required_take(struct required *r, const struct command *c,
    const char *text);

/*
 * Where signed specs were accepted once, unsigned ones do not count any more:
 * -1 when there are no keys and STATEDIR/accepted is there.
 */
int required_check(const struct required *r, const struct context *ctx,
    struct error *err);

#endif
