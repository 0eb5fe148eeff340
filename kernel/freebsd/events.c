/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events about jails: EVFILT_JAIL of kqueue(2), FreeBSD 15.  A jail tells of
 * itself and of its direct children, so each one is watched by itself.
 */
#include "freebsd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define OWN_JAIL 0 /* as ident: the jail, or host, that the caller is in */

static int
subscribe(int queue, int jid, unsigned notes)
{
	struct kevent change;

	EV_SET(&change, (uintptr_t)jid, EVFILT_JAIL, EV_ADD | EV_CLEAR, notes,
	    0, NULL);
	return kevent(queue, &change, 1, NULL, 0, NULL);
}

/* A kernel without the filter refuses it: then there are no events. */
int
freebsd_queue(void)
{
	int queue = kqueue();

	if (queue < 0)
		return -1;
	if (fcntl(queue, F_SETFD, FD_CLOEXEC) == 0 &&
	    subscribe(queue, OWN_JAIL, NOTE_JAIL_CHILD) == 0)
		return queue;
	close(queue);
	return -1;
}

int
freebsd_events(struct jail_kernel *k)
{
	const struct freebsd_kernel *fk = k->data;

	return fk->queue;
}

int
freebsd_watch(struct jail_kernel *k, int jid)
{
	const struct freebsd_kernel *fk = k->data;

	if (fk->queue < 0)
		return 0;
	return subscribe(fk->queue, jid,
	    NOTE_JAIL_CHILD | NOTE_JAIL_SET | NOTE_JAIL_REMOVE);
}

/*
 * An event about children says the new one's jid, unless there were several:
 * then all are to be looked at, as when it also says something of the jail.
 */
int
freebsd_next(struct jail_kernel *k)
{
	const struct freebsd_kernel *fk = k->data;
	const struct timespec now = { 0, 0 };
	struct kevent e;

	if (fk->queue < 0 || kevent(fk->queue, NULL, 0, &e, 1, &now) != 1)
		return -1;
	if ((e.fflags & NOTE_JAIL_CHILD) == 0)
		return (int)e.ident;
	if (e.fflags == NOTE_JAIL_CHILD && e.data > 0)
		return (int)e.data;
	return 0;
}
