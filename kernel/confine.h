/* SPDX-License-Identifier: BSD-2-Clause */
/* What a helper process gives up for ever once it has what it needs. */
#ifndef JA_CONFINE_H
#define JA_CONFINE_H

#include "error.h"

enum helper_kind {
	HELPER_READER, /* reads any file; writes none */
	HELPER_SIGNER, /* its own user's files only */
};

/*
 * Takes from the calling process the privileges that this kind of helper does
 * not need, as far as the system can; those that it lacks already are no
 * error.  No program started later gains any.
 */
int helper_confine(enum helper_kind kind, struct error *err);

#endif
