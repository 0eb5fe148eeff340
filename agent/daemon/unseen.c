/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/unseen.h"

/* How long it has to stay the second time, doubled up to the most. */
#define STAYS_MS 5000
#define MOST_MS 60000
/* When it had been told as there for so long, its next return is the first. */
#define WELL_MS 600000

static int64_t
stays(unsigned returns)
{
	int64_t ms = STAYS_MS;

	if (returns == 0)
		return 0;
	while (--returns > 0 && ms < MOST_MS)
		ms *= 2;
	return ms < MOST_MS ? ms : MOST_MS;
}

bool
unseen_scanned(struct unseen *u, bool missing, int64_t now)
{
	bool before = u->told;

	if (missing) {
		if (!before && now - u->told_back >= WELL_MS)
			u->returns = 0;
		u->told = true;
		u->back_at = 0;
		return !before;
	}
	if (!before)
		return false;
	if (u->back_at == 0)
		u->back_at = now + stays(u->returns++);
	if (now < u->back_at)
		return false;
	u->told = false;
	u->back_at = 0;
	u->told_back = now;
	return true;
}

int64_t
unseen_due(const struct unseen *u, int64_t now)
{
	return u->back_at == 0 ? 0 : u->back_at > now ? u->back_at - now : 1;
}
