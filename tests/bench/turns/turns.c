/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into an agent: notes how long each turn of its event loop takes, from
 * one wait for events to the next one, in TURNS.PID: the time of day, then
 * microseconds of CPU and on the clock, then where in the program the function
 * begins whose call took most of it, then how often the process waited for the
 * kernel and how often others were let run.  Turns below 50 us are left out.
 */
#include <sys/epoll.h>
#include <sys/resource.h>

#include <event2/event.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int wait_fn(int, struct epoll_event *, int, int);
typedef struct event *event_fn(struct event_base *, evutil_socket_t, short,
    event_callback_fn, void *);

/* What an event calls, and with what. */
struct call {
	event_callback_fn fn;
	void *arg;
};

static long long most; /* us of CPU of the longest call of this turn */
static event_callback_fn most_of;

static long long
now_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void
note(long long cpu, long long wall, long waited, long preempted)
{
	static FILE *to;
	static pid_t of;
	char name[4096];
	Dl_info at;

	if (of != getpid()) { /* a helper has its own */
		of = getpid();
		snprintf(name, sizeof name, "%s.%ld", getenv("TURNS"),
		    (long)of);
		to = fopen(name, "ae");
	}
	if (to == NULL || cpu < 50)
		return;
	if (most_of == NULL || dladdr(*(void **)&most_of, &at) == 0)
		at.dli_fbase = *(void **)&most_of;
	fprintf(to, "%lld %lld %lld %#lx %ld %ld\n", now_us(CLOCK_REALTIME),
	    cpu, wall, (unsigned long)((char *)*(void **)&most_of -
	    (char *)at.dli_fbase), waited, preempted);
	fflush(to);
}

static void
call(evutil_socket_t fd, short what, void *arg)
{
	const struct call *c = arg;
	event_callback_fn fn = c->fn;
	long long began = now_us(CLOCK_PROCESS_CPUTIME_ID), took;

	fn(fd, what, c->arg); /* may end its event; c stays */
	took = now_us(CLOCK_PROCESS_CPUTIME_ID) - began;
	if (took >= most) {
		most = took;
		most_of = fn;
	}
}

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn fn, void *arg)
{
	static event_fn *next;
	struct call *c = malloc(sizeof *c);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "event_new");
	if (c == NULL)
		return NULL;
	*c = (struct call){ fn, arg };
	return next(base, fd, what, call, c);
}

int
epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
	static long long cpu, wall;
	static struct rusage used;
	static wait_fn *next;
	struct rusage now;
	int n;

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "epoll_wait");
	getrusage(RUSAGE_SELF, &now);
	if (cpu != 0)
		note(now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu,
		    now_us(CLOCK_MONOTONIC) - wall,
		    now.ru_nvcsw - used.ru_nvcsw,
		    now.ru_nivcsw - used.ru_nivcsw);
	most = 0;
	most_of = NULL;
	n = next(epoll, events, count, timeout);
	getrusage(RUSAGE_SELF, &used);
	cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
	wall = now_us(CLOCK_MONOTONIC);
	return n;
}
