/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals to the processes of a jail and of those below it.  The kernel has no
 * call for that: processes are listed until a list shows no new one.  Between a
 * list and the signal a pid may pass to another process; that is a window of
 * microseconds in a number space that the kernel walks through in order.
 */
#include "freebsd.h"

#include <sys/sysctl.h>
#include <sys/user.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LISTS_MAX 64	/* a jail that forks faster than this is not caught */
#define LIST_SPARE 64	/* processes that may appear while listing */

/* A growing set of small records; zero-initialise, free `at`. */
struct set {
	void *at;
	size_t count, room;
};

struct kin {
	int jid, parent;
	bool in;
};

struct told {
	pid_t pid;
	struct timeval start;
};

static void *
add(struct set *s, size_t size)
{
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 64 : s->room * 2;
		void *grown = reallocarray(s->at, room, size);

		if (grown == NULL)
			return NULL;
		s->at = grown;
		s->room = room;
	}
	return (char *)s->at + s->count++ * size;
}

/* All jails with their parents, dying ones included. */
static int
list_jails(struct set *jails)
{
	int last = 0, jid, parent;
	char keys[3][8] = { "lastjid", "jid", "parent" };

	for (;;) {
		struct iovec iov[] = {
			{ keys[0], 8 }, { &last, sizeof last },
			{ keys[1], 4 }, { &jid, sizeof jid },
			{ keys[2], 7 }, { &parent, sizeof parent },
		};
		struct kin *one;

		last = jail_get(iov, nitems(iov), JAIL_DYING);
		if (last < 0)
			return errno == ENOENT ? 0 : -1;
		one = add(jails, sizeof *one);
		if (one == NULL)
			return -1;
		*one = (struct kin){ last, parent, false };
	}
}

static bool
is_in(const struct set *jails, int jid)
{
	const struct kin *kin = jails->at;

	for (size_t i = 0; i < jails->count; i++)
		if (kin[i].jid == jid)
			return kin[i].in;
	return false;
}

/* Marks a jail and what is below it.  Returns -1/EINVAL if it is not there. */
static int
mark_family(struct set *jails, int jid)
{
	struct kin *kin = jails->at;
	bool found = false, more = true;

	for (size_t i = 0; i < jails->count; i++)
		if (kin[i].jid == jid)
			found = kin[i].in = true;
	while (found && more) {
		more = false;
		for (size_t i = 0; i < jails->count; i++)
			if (!kin[i].in && kin[i].parent != 0 &&
			    is_in(jails, kin[i].parent))
				more = kin[i].in = true;
	}
	if (!found)
		errno = EINVAL;
	return found ? 0 : -1;
}

/* The table of processes; the caller frees it.  NULL/errno. */
static struct kinfo_proc *
list_processes(size_t *count)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PROC };
	struct kinfo_proc *kp = NULL, *grown;
	size_t len = 0;

	for (int tries = 0; tries < 8; tries++) {
		if (sysctl(mib, nitems(mib), NULL, &len, NULL, 0) != 0)
			break;
		len += LIST_SPARE * sizeof *kp;
		grown = realloc(kp, len);
		if (grown == NULL)
			break;
		kp = grown;
		if (sysctl(mib, nitems(mib), kp, &len, NULL, 0) == 0) {
			*count = len / sizeof *kp;
			if (*count > 0 &&
			    kp->ki_structsize == (int)sizeof *kp)
				return kp;
			errno = ENOTSUP; /* laid out in another way */
			break;
		}
		if (errno != ENOMEM)
			break;
	}
	free(kp);
	return NULL;
}

static bool
was_told(const struct set *told, const struct kinfo_proc *kp)
{
	const struct told *t = told->at;

	for (size_t i = 0; i < told->count; i++)
		if (t[i].pid == kp->ki_pid &&
		    timercmp(&t[i].start, &kp->ki_start, ==))
			return true;
	return false;
}

/* One list: signals what is new.  Returns how many there were, -1/errno. */
static int
signal_new(const struct set *jails, struct set *told, int sig)
{
	size_t count;
	struct kinfo_proc *kp = list_processes(&count);
	int new = 0;

	if (kp == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct told *t;

		if (kp[i].ki_stat == SZOMB || kp[i].ki_jid == 0 ||
		    !is_in(jails, kp[i].ki_jid) || was_told(told, &kp[i]))
			continue;
		t = add(told, sizeof *t);
		if (t == NULL) {
			new = -1;
			break;
		}
		*t = (struct told){ kp[i].ki_pid, kp[i].ki_start };
		if (sig == 0 || kill(kp[i].ki_pid, sig) == 0)
			new++;
	}
	free(kp);
	return new;
}

int
freebsd_signal(struct jail_kernel *k, int jid, int sig)
{
	struct set jails = { NULL, 0, 0 }, told = { NULL, 0, 0 };
	int count = 0, new = -1;

	(void)k;
	if (list_jails(&jails) == 0 && mark_family(&jails, jid) == 0) {
		for (int i = 0; i < LISTS_MAX; i++) {
			new = signal_new(&jails, &told, sig);
			if (new <= 0)
				break;
			count += new;
			if (sig == 0)
				break;
		}
	}
	free(jails.at);
	free(told.at);
	return new < 0 ? -1 : count;
}
