/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/relay.h"

#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* How often to look whether somebody has opened the terminal again. */
#define LOOK_MS 100
/* How long the program may take to stop. */
#define STOP_MS 1000

/* What is done when a signal comes; those without are the program's. */
static const struct {
	int sig;
	enum { PASS, CHILD, SIZE, STOP, RESUME } what;
} signals[] = {
	{ SIGCHLD, CHILD }, { SIGWINCH, SIZE }, { SIGTSTP, STOP },
	{ SIGCONT, RESUME },
	{ SIGINT, PASS }, { SIGQUIT, PASS }, { SIGTERM, PASS },
	{ SIGHUP, PASS }, { SIGUSR1, PASS }, { SIGUSR2, PASS },
};
#define SIGNALS (sizeof signals / sizeof *signals)

struct relay {
	struct terminal *t;
	struct event_base *base;
	struct event *signal[SIGNALS];
	struct event *output, *input, *ready, *later;
	pid_t pid;
	int status; /* -1: it runs */
	char typed[1024]; /* what the program's terminal has no room for */
	size_t len;
};

/*
 * Waits until the program has stopped, or ended: a child that it is just forking
 * gets the SIGSTOP, but Linux does not give it a SIGCONT that comes before the
 * fork is done, so that it would never go on.
 */
static void
await_stop(pid_t pid)
{
	siginfo_t info;

	for (int ms = 0; ms < STOP_MS; ms++) {
		memset(&info, 0, sizeof info);
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED |
		    WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
			return;
		usleep(1000);
	}
}

/*
 * Stops the program, unless that `stopped` by itself, and this process, as a shell
 * expects of its jobs, and goes on when it is continued.  Where nobody could
 * continue it, the system does not stop it either.
 */
static void
suspend(struct relay *r, bool stopped)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;
	pid_t front = r->t->master >= 0 ? tcgetpgrp(r->t->master) : -1;
	sigset_t set;

	(void)kill(-r->pid, SIGSTOP);
	if (front > 0 && front != r->pid)
		(void)kill(-front, SIGSTOP);
	if (!stopped)
		await_stop(r->pid);
	terminal_release(r->t);
	sigemptyset(&dfl.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	(void)sigaction(SIGTSTP, &dfl, &old);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)kill(getpid(), SIGTSTP);
	(void)sigaction(SIGTSTP, &old, NULL);
	terminal_resume(r->t);
	if (front > 0 && front != r->pid)
		(void)kill(-front, SIGCONT);
	(void)kill(-r->pid, SIGCONT);
}

static void
look_at_child(struct relay *r)
{
	int status;
	pid_t got;

	while ((got = waitpid(r->pid, &status, WNOHANG | WUNTRACED)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == r->pid && WIFSTOPPED(status)) {
			suspend(r, true);
			continue;
		}
		r->status = got != r->pid ? 1 : WIFEXITED(status) ?
		    WEXITSTATUS(status) : 128 + WTERMSIG(status);
		event_base_loopbreak(r->base);
		return;
	}
}

static void
on_signal(int sig, short what, void *arg)
{
	struct relay *r = arg;

	(void)what;
	for (size_t i = 0; i < SIGNALS && r->pid > 0; i++) {
		if (signals[i].sig != sig)
			continue;
		if (signals[i].what == CHILD)
			look_at_child(r);
		else if (signals[i].what == SIZE)
			terminal_resize(r->t);
		else if (signals[i].what == STOP)
			suspend(r, false);
		else if (signals[i].what == RESUME)
			terminal_resume(r->t); /* SIGSTOP asked nobody */
		else
			(void)kill(-r->pid, sig);
	}
}

/* Without a program that has it open it is always ready. */
static void
on_output(int fd, short what, void *arg)
{
	const struct timeval soon = { .tv_usec = LOOK_MS * 1000 };
	struct relay *r = arg;

	(void)fd;
	(void)what;
	if (terminal_pass(r->t) >= 0)
		return;
	event_del(r->output);
	event_add(r->later, &soon);
}

static void
on_later(int fd, short what, void *arg)
{
	struct relay *r = arg;

	(void)fd;
	(void)what;
	event_add(r->output, NULL);
}

/* Gives the program what was typed; what it has no room for waits. */
static void
feed(struct relay *r)
{
	ssize_t n = write(r->t->master, r->typed, r->len);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		n = (ssize_t)r->len; /* nobody reads it */
	if (n > 0) {
		r->len -= (size_t)n;
		memmove(r->typed, r->typed + n, r->len);
	}
	if (r->len > 0) {
		event_del(r->input);
		event_add(r->ready, NULL);
	}
}

static void
on_ready(int fd, short what, void *arg)
{
	struct relay *r = arg;

	(void)fd;
	(void)what;
	feed(r);
	if (r->len == 0)
		event_add(r->input, NULL);
}

/* Takes the characters out that suspend; returns whether there were any. */
static bool
take_suspending(struct relay *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->len; i++)
		if (!terminal_suspends(r->t, r->typed[i], r->pid))
			r->typed[kept++] = r->typed[i];
	if (kept == r->len)
		return false;
	r->len = kept;
	return true;
}

static void
on_input(int fd, short what, void *arg)
{
	struct relay *r = arg;
	ssize_t n = read(fd, r->typed, sizeof r->typed);
	bool stop;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* it was hung up: the program is told the end, once */
		r->typed[0] = terminal_eof(r->t);
		n = 1;
		event_del(r->input);
		(void)write(r->t->master, r->typed, 1);
		return;
	}
	r->len = (size_t)n;
	stop = take_suspending(r);
	if (r->len > 0)
		feed(r);
	if (stop)
		suspend(r, false);
}

static int
add_terminal(struct relay *r)
{
	int master = r->t->master;

	if (master < 0)
		return 0;
	r->output = event_new(r->base, master, EV_READ | EV_PERSIST,
	    on_output, r);
	r->ready = event_new(r->base, master, EV_WRITE, on_ready, r);
	r->input = event_new(r->base, 0, EV_READ | EV_PERSIST, on_input, r);
	r->later = evtimer_new(r->base, on_later, r);
	if (r->output == NULL || r->ready == NULL || r->input == NULL ||
	    r->later == NULL || event_add(r->output, NULL) != 0)
		return -1;
	return r->t->typed ? event_add(r->input, NULL) : 0;
}

/* A signal that the caller ignores (nohup) is not for the program either. */
static bool
is_ignored(int sig)
{
	struct sigaction now;

	return sig != SIGCHLD && sigaction(sig, NULL, &now) == 0 &&
	    now.sa_handler == SIG_IGN;
}

struct relay *
relay_new(struct terminal *t, struct error *err)
{
	struct event_config *config = event_config_new();
	struct relay *r = calloc(1, sizeof *r);
	bool good = config != NULL && r != NULL;

	/* poll(2) takes whatever a descriptor 0 may be. */
	good = good && event_config_avoid_method(config, "epoll") == 0 &&
	    event_config_avoid_method(config, "kqueue") == 0;
	if (good) {
		r->t = t;
		r->status = -1;
		r->base = event_base_new_with_config(config);
		good = r->base != NULL && add_terminal(r) == 0;
	}
	for (size_t i = 0; good && i < SIGNALS; i++) {
		if (is_ignored(signals[i].sig))
			continue;
		r->signal[i] = evsignal_new(r->base, signals[i].sig,
		    on_signal, r);
		good = r->signal[i] != NULL &&
		    event_add(r->signal[i], NULL) == 0;
	}
	if (config != NULL)
		event_config_free(config);
	if (good)
		return r;
	relay_free(r);
	error_set(err, ENOMEM, "an event loop cannot be made");
	return NULL;
}

int
relay_run(struct relay *r, pid_t pid)
{
	r->pid = pid;
	look_at_child(r); /* it may have ended before it was known here */
	while (r->status == -1 && event_base_loop(r->base, 0) == 0)
		;
	return r->status == -1 ? 1 : r->status;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < SIGNALS; i++)
		free_event(r->signal[i]);
	free_event(r->output);
	free_event(r->input);
	free_event(r->ready);
	free_event(r->later);
	if (r->base != NULL)
		event_base_free(r->base);
	free(r);
}
