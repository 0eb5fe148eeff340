/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text with its signature in one file, so that both change in one step: the
 * four lines of a minisign signature by the agent's key, whose trusted comment
 * says what the text is for, and the text.
 */
#ifndef JA_SEALED_H
#define JA_SEALED_H

#include "agent/sign/minisign.h"

/* What a pair that waits for its names has behind them (rotate.h). */
#define SEALED_NEXT ".next"

/*
 * Returns 0 with the text (to be freed, a NUL follows), 1 when there is no such
 * file, -1 when it is not genuine, or cannot be read.  The public key is as for
 * minisign_public_read; beside its file one may wait that is as good.  Without
 * one the signature is not looked at.
 */
int sealed_read(int dir, const char *file, size_t max, const char *public_key,
    const char *comment, char **text, size_t *len, struct error *err);

/* What such a file holds; allocated. */
char *sealed_make(const struct minisign_secret *secret, const char *comment,
    const char *text, size_t len, size_t *sealed_len, struct error *err);

#endif
