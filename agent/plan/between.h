/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was done between two signed states, as the actions that a plan would
 * have had: pure, from the snapshots alone.
 */
#ifndef JA_BETWEEN_H
#define JA_BETWEEN_H

#include "agent/plan/plan.h"
#include "agent/sign/snapshot.h"

struct between {
	struct action *action; /* of jails that differ, by name */
	size_t count;
	/*
	 * What differs of the states themselves: name, from and to of each.  What
	 * differs in any case (sequence, previous, root, taken) does not count.
	 */
	struct action states;
};

/*
 * `b` is to be freed with between_free.  A jail that was made, or ended, in
 * between is CREATE or REMOVE; one that has another jid RESTART; one with other
 * parameters MODIFY; of one that differs otherwise the reason of NONE tells.
 */
int between(const struct snapshot *from, const struct snapshot *to,
    struct between *b, struct error *err);
void between_free(struct between *b);

#endif
