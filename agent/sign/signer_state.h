/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the signer is told of the state: each jail when it has changed, then
 * what is said of all of them, which asks for a snapshot.
 */
#ifndef JA_SIGNER_STATE_H
#define JA_SIGNER_STATE_H

#include "agent/base/bytes.h"
#include "agent/base/copies.h"
#include "agent/sign/snapshot.h"

/*
 * The data of SIGNER_JAIL: the name, the JSON, empty when it is gone, what the
 * tree has for it, and what becomes of the copy of its applied spec.  The jail
 * lacks what is as the defaults say.
 */
int signer_jail_encode(struct bytes_out *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, bool gone, enum copies_what copy,
    struct error *err);

/* The data of SIGNER_WRITE: all but jails, root, sequence and previous. */
void signer_heading_encode(struct bytes_out *b, const struct snapshot *s);
/* s is to be freed with snapshot_free. */
int signer_heading_decode(const void *data, size_t len, struct snapshot *s,
    struct error *err);

/*
 * All of a state at once, for who can wait: SIGNER_FORGET_JAILS, SIGNER_JAIL for
 * each, SIGNER_WRITE.
 */
int signer_send_state(int fd, const struct snapshot *s, struct error *err);

#endif
