/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events: the end of a watched jail's init (its pidfd becomes readable), changes
 * of the table by others (its file is written), and of what is mounted in jails
 * that have mounts, behind one epoll descriptor.
 */
#include <sys/epoll.h>
#include <sys/inotify.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "linux.h"
#include "process.h"
#include "sys.h"

#define TABLE_FILE "table.mdb"
#define TABLE_EVENT 0 /* no jail has jid 0 */
#define MOUNTS_EVENT (-1)

void
events_init(struct events *e)
{
	e->epoll = e->inotify = -1;
}

void
events_finish(struct events *e)
{
	for (size_t i = 0; i < e->count; i++) {
		close(e->watched[i].pidfd);
		close_fd(&e->watched[i].mounts);
	}
	free(e->watched);
	e->watched = NULL;
	e->count = e->room = 0;
	close_fd(&e->epoll);
	close_fd(&e->inotify);
}

static int
listen_to(struct events *e, int fd, uint32_t what, int jid)
{
	struct epoll_event ev = { .events = what };

	ev.data.u64 = (uint64_t)(unsigned)jid;
	return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev);
}

int
linux_events(struct jail_kernel *k)
{
	struct linux_kernel *lk = k->data;
	struct events *e = &lk->events;
	char path[PATH_MAX];

	if (e->epoll >= 0)
		return e->epoll;
	snprintf(path, sizeof path, "%s/" TABLE_FILE, lk->dir);
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (e->epoll < 0 || e->inotify < 0 ||
	    inotify_add_watch(e->inotify, path, IN_MODIFY) < 0 ||
	    listen_to(e, e->inotify, EPOLLIN, TABLE_EVENT) != 0) {
		close_fd(&e->epoll);
		close_fd(&e->inotify);
		return -1;
	}
	return e->epoll;
}

/* The place of a jid in the sorted array, or where it belongs. */
static size_t
place_of(const struct events *e, int jid)
{
	size_t low = 0, high = e->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->watched[middle].jid < jid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_watched(const struct events *e, size_t at, int jid)
{
	return at < e->count && e->watched[at].jid == jid;
}

/* proc(5): a process's list of mounts tells by EPOLLPRI that it changed. */
static void
watch_mounts(struct events *e, struct watched *w, const struct prison *p)
{
	char path[64];

	if (p->extra == 0 && p->extra_list_len == 0)
		return;
	snprintf(path, sizeof path, "/proc/%d/mountinfo", p->holder.pid);
	w->mounts = open(path, O_RDONLY | O_CLOEXEC);
	if (w->mounts >= 0 && listen_to(e, w->mounts, EPOLLPRI,
	    MOUNTS_EVENT) == 0)
		e->mounts++;
	else
		close_fd(&w->mounts);
}

static int
insert(struct events *e, size_t at, int jid, int pidfd)
{
	if (e->count == e->room) {
		size_t room = e->room > 0 ? 2 * e->room : 16;
		struct watched *more;

		more = realloc(e->watched, room * sizeof *more);
		if (more == NULL)
			return -1;
		e->watched = more;
		e->room = room;
	}
	memmove(e->watched + at + 1, e->watched + at,
	    (e->count - at) * sizeof *e->watched);
	e->watched[at] = (struct watched){ jid, pidfd, -1 };
	e->count++;
	return 0;
}

/* Ends the watch; the pidfd stays open and is the caller's. */
static int
take_out(struct events *e, size_t at)
{
	int pidfd = e->watched[at].pidfd;

	if (e->watched[at].mounts >= 0)
		e->mounts--;
	close_fd(&e->watched[at].mounts);
	epoll_ctl(e->epoll, EPOLL_CTL_DEL, pidfd, NULL);
	e->count--;
	memmove(e->watched + at, e->watched + at + 1,
	    (e->count - at) * sizeof *e->watched);
	return pidfd;
}

int
linux_watch(struct jail_kernel *k, int jid)
{
	struct linux_kernel *lk = k->data;
	struct events *e = &lk->events;
	struct prison p;
	size_t at;
	int fd;

	if (linux_events(k) < 0 || prison_find(lk->table, jid, &p) != 0)
		return -1;
	fd = process_open(&p.holder);
	if (fd < 0)
		return -1;
	at = place_of(e, jid);
	/* A jid that was used before: the earlier jail's watch has no use. */
	if (is_watched(e, at, jid))
		close(take_out(e, at));
	if (insert(e, at, jid, fd) != 0) {
		close_fd(&fd);
		return -1;
	}
	if (listen_to(e, fd, EPOLLIN, jid) == 0) {
		watch_mounts(e, &e->watched[at], &p);
		return 0;
	}
	fd = take_out(e, at);
	close_fd(&fd);
	return -1;
}

static void
drain(int inotify)
{
	_Alignas(struct inotify_event) char buf[4096];

	while (read(inotify, buf, sizeof buf) > 0)
		;
}

/* The init of a watched jail has ended. */
static bool
jail_ended(struct linux_kernel *lk, int jid)
{
	struct events *e = &lk->events;
	size_t at = place_of(e, jid);
	siginfo_t info;
	int fd;

	if (!is_watched(e, at, jid))
		return false;
	fd = take_out(e, at);
	/* Its pid is only known to the record, which may be gone already. */
	info.si_pid = 0;
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG | WNOWAIT |
	    __WALL) == 0 && info.si_pid != 0)
		inits_reap(&lk->inits, info.si_pid, fd);
	close_fd(&fd);
	return true;
}

/* The jid of what is to be told, 0: of any jail; -1: nothing is left. */
static int
next_event(struct linux_kernel *lk)
{
	struct epoll_event ev;

	while (lk->events.epoll >= 0 &&
	    epoll_wait(lk->events.epoll, &ev, 1, 0) == 1) {
		int jid = (int)ev.data.u64;

		lk->events.found = true;
		if (jid == TABLE_EVENT)
			drain(lk->events.inotify);
		if (jid == MOUNTS_EVENT || (jid == TABLE_EVENT &&
		    prison_changed(lk->table)))
			return 0;
		if (jid != TABLE_EVENT && jail_ended(lk, jid))
			return jid;
	}
	return -1;
}

/*
 * A list of mounts tells of a change once, and may have told it to whoever
 * waited for this descriptor to be readable: when nothing else was the reason,
 * that was it.
 */
int
linux_next(struct jail_kernel *k)
{
	struct linux_kernel *lk = k->data;
	struct events *e = &lk->events;
	int jid = next_event(lk);

	if (jid < 0 && !e->found && e->mounts > 0)
		jid = 0;
	e->found = jid >= 0;
	return jid;
}
