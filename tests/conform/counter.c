/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counter of automatic jids of a kernel that nothing can set: jails are
 * made and removed until it stands where recorded jids are not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conform.h"

#define PAUSE_EVERY 1000

static void
wait_until_empty(struct conform *c)
{
	const struct timespec nap = { 0, 1000000 };

	for (int i = 0; i < 5000 && !case_host_is_empty(c); i++)
		nanosleep(&nap, NULL);
}

int
counter_advance(struct conform *c, int first)
{
	const struct jail_backend *b = c->k->backend;
	int jid = 0;

	for (int made = 1; jid < first || jid >= JIDS_END; made++) {
		struct iovec iov[] = { { (char[]){ "persist" }, 8 },
			{ NULL, 0 } };

		jid = b->set(c->k, iov, 2, JAIL_CREATE);
		if (jid < 0 || b->remove(c->k, jid) != 0) {
			fprintf(stderr, "conform: making jails until "
			    "automatic jids have six digits: %s\n",
			    strerror(errno));
			return -1;
		}
		/* Removed jails go one by one, later. */
		if (made % PAUSE_EVERY == 0)
			wait_until_empty(c);
	}
	wait_until_empty(c);
	return 0;
}
