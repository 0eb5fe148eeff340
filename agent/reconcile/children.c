/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/children.h"

#include <event2/event.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/wait.h>

struct child {
	TAILQ_ENTRY(child) link;
	pid_t pid;
	child_exit_fn *on_exit;
	void *arg;
};

struct children {
	struct event *signal;
	TAILQ_HEAD(, child) list;
};

static struct child *
take(struct children *c, pid_t pid)
{
	struct child *one;

	TAILQ_FOREACH (one, &c->list, link)
		if (one->pid == pid) {
			TAILQ_REMOVE(&c->list, one, link);
			return one;
		}
	return NULL;
}

static void
reap(int sig, short what, void *arg)
{
	struct children *c = arg;
	int status;
	pid_t pid;

	(void)sig;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *one = take(c, pid);

		if (one != NULL) {
			one->on_exit(one->arg, pid, status);
			free(one);
		}
	}
}

struct children *
children_new(struct event_base *base)
{
	struct children *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	TAILQ_INIT(&c->list);
	c->signal = evsignal_new(base, SIGCHLD, reap, c);
	if (c->signal == NULL || event_add(c->signal, NULL) != 0) {
		children_free(c);
		return NULL;
	}
	return c;
}

void
children_free(struct children *c)
{
	struct child *one;

	if (c == NULL)
		return;
	while ((one = TAILQ_FIRST(&c->list)) != NULL) {
		TAILQ_REMOVE(&c->list, one, link);
		free(one);
	}
	if (c->signal != NULL)
		event_free(c->signal);
	free(c);
}

int
children_add(struct children *c, pid_t pid, child_exit_fn *on_exit, void *arg)
{
	struct child *one = calloc(1, sizeof *one);

	if (one == NULL)
		return -1;
	one->pid = pid;
	one->on_exit = on_exit;
	one->arg = arg;
	TAILQ_INSERT_TAIL(&c->list, one, link);
	return 0;
}

void
children_forget(struct children *c, pid_t pid)
{
	free(take(c, pid));
}
