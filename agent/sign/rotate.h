/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another signing key.  The new pair waits in KEY.next until the statement that
 * both keys have signed (statement.h) is on the disk: that is the moment of the
 * change.  What is left, a later signer does if this one is killed.
 */
#ifndef JA_ROTATE_H
#define JA_ROTATE_H

#include "agent/sign/signer.h"

struct minisign_secret;

/*
 * Changes the key behind snapshot `newest`, whose file has this digest (zeros
 * without any), as far as the moment of the change.  It may have come, too, when
 * this fails: rotate_finish, which has to follow, finds that out.
 */
int rotate_key(const struct signer_options *o, int dir,
    const struct minisign_secret *old, uint64_t newest,
    const unsigned char digest[DIGEST_SIZE], struct error *err);

/*
 * Ends a change that was cut short: finishes it, or takes back what had been
 * prepared.  Nothing to do is well.
 */
int rotate_finish(const struct signer_options *o, int dir, struct error *err);

#endif
