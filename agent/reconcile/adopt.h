/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adoption: a jail that somebody else made, and that a spec wants, becomes the
 * agent's own without a restart (design: promise strict-ownership).
 */
#ifndef JA_ADOPT_H
#define JA_ADOPT_H

#include "agent/reconcile/reconcile.h"

/*
 * Why the jail cannot be adopted: -1 with err, 0 when it can.  It has to run
 * and to be so that no difference from its spec needs a restart; what is not
 * known, since the kernel does not keep it (hooks), counts as the spec says.
 * `with_parent`: the jail around it is going to be adopted before.
 */
int adopt_refused(struct reconciler *r, const struct managed *m,
    bool with_parent, struct error *err);

/*
 * Journals and marks it.  Other differences are dealt with at the next look.
 * Returns its jid, -1 with err.
 */
int adopt(struct reconciler *r, struct managed *m, struct error *err);

#endif
