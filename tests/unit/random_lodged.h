/* SPDX-License-Identifier: BSD-2-Clause */
/* Somebody else's jails in those of a random set. */
#ifndef TEST_RANDOM_LODGED_H
#define TEST_RANDOM_LODGED_H

#include "random_sets.h"

struct lodged {
	uint32_t dice; /* others than those of the set */
	int jid[SETS_JAILS]; /* 0: none */
};

static inline const char *
lodger_name(unsigned i)
{
	static char name[64];

	snprintf(name, sizeof name, "%s.o", set_names[i]);
	return name;
}

static inline void
lodge(struct world *w, struct lodged *l, unsigned one_in)
{
	for (unsigned i = 0; i < SETS_JAILS; i++)
		if (dice(&l->dice, one_in) == 0 && l->jid[i] == 0 &&
		    kernel_jid(w, set_names[i]) != 0) {
			l->jid[i] = kernel_make(w, lodger_name(i));
			sets_forget_past = true;
			assert_true(l->jid[i] > 0);
		}
}

/* Nobody ended one. */
static inline void
same_lodged(struct world *w, const struct lodged *l, const char *yaml,
    uint32_t seed)
{
	for (unsigned i = 0; i < SETS_JAILS; i++)
		if (l->jid[i] != 0 && kernel_jid(w, lodger_name(i)) !=
		    l->jid[i])
			blame(yaml, "seed %u: %s of somebody else is gone: %s",
			    seed, lodger_name(i), w->deeds);
}

static inline void
lodged_leave(struct world *w, struct lodged *l)
{
	for (unsigned i = 0; i < SETS_JAILS; i++) {
		if (l->jid[i] != 0)
			kernel_kill(w, lodger_name(i));
		l->jid[i] = 0;
	}
}

#endif
