/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_get(2): which jail is asked about, and the values of it. */
#ifndef JA_DRAGONFLY_ANSWER_H
#define JA_DRAGONFLY_ANSWER_H

#include "jail.h"

/*
 * Finds the jail that the list's lastjid, jid or name means, among `jails`,
 * which are in any order.  Dying ones count with JAIL_DYING only.  NULL with
 * errno, and the kernel's text in errmsg.
 */
const struct dragonfly_jail *answer_find(struct iovec *iov, unsigned niov,
    int flags, const struct dragonfly_jail *jails, size_t count);

/*
 * Puts the jail's values into the list; sizes as jail_get(2) wants them, a NULL
 * value asks for the size.  Returns the jid, -1/errno.
 */
int answer_fill(struct iovec *iov, unsigned niov,
    const struct dragonfly_jail *j);

#endif
