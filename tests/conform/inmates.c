/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes in jails. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conform.h"
#include "kernel/compat.h"

#define KILLED_MS 2000
#define FIRST_FD 128 /* of our own descriptors in children */

static void
nap(void)
{
	struct timespec ms = { 0, 1000000 };

	nanosleep(&ms, NULL);
}

struct inmate *
inmate_find(struct conform *c, pid_t pid)
{
	for (size_t i = 0; i < c->ninmates; i++)
		if (c->inmates[i].pid == pid)
			return &c->inmates[i];
	return NULL;
}

/*
 * Opens the kernel with descriptors that are out of the way of those that a
 * case knows by their numbers.
 */
static struct jail_kernel *
open_again(struct conform *c, struct error *err)
{
	struct jail_kernel *k;
	int plugs[FIRST_FD], count = 0;

	while (count < FIRST_FD) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			break;
		plugs[count++] = fd;
		if (fd >= FIRST_FD)
			break;
	}
	k = kernel_open(c->kernel, &c->options, err);
	while (count > 0)
		close(plugs[--count]);
	return k;
}

/* In the child: an open kernel is its parent's, so it opens its own. */
static void
inmate_main(struct conform *c, int in, bool hold,
    void (*body)(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o), const json_t *step)
{
	struct jail_kernel *k;
	struct error err;

	k = open_again(c, &err);
	if (k == NULL) {
		fprintf(stderr, "conform: %s\n", err.text);
		_exit(1);
	}
	if (in != 0 && k->backend->attach(k, in) != 0)
		outcome_put(c->outcome, json_pack("{s:s}", "in_errno",
		    errno_name(errno)));
	else if (body != NULL)
		body(c, k, step, c->outcome);
	else
		outcome_put(c->outcome, errno_result(0));
	c->outcome->done = 1;
	if (!hold)
		_exit(0);
	/* The end of the pipe among them tells the parent. */
	compat_close_range(3, INT_MAX);
	for (;;)
		pause();
}

static int
move_up(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

	close(fd);
	return high;
}

pid_t
inmate_run(struct conform *c, int in, bool hold,
    void (*body)(struct conform *c, struct jail_kernel *k, const json_t *step,
    struct outcome *o), const json_t *step)
{
	int end[2], status;
	char byte;
	pid_t pid;

	if (pipe(end) != 0)
		return -1;
	end[0] = move_up(end[0]);
	end[1] = move_up(end[1]);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		close(end[0]);
		inmate_main(c, in, hold, body, step);
	}
	close(end[1]);
	/* The end of the file comes when the child is done, or dead. */
	while (read(end[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(end[0]);
	if (hold && c->ninmates < INMATES_MAX) {
		c->inmates[c->ninmates++] = (struct inmate){ pid, in };
		return pid;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!c->outcome->done && WIFSIGNALED(status)) {
		outcome_put(c->outcome, json_pack("{s:b}", "killed", 1));
		c->outcome->done = 1;
	}
	return 0;
}

bool
inmate_is_dead(pid_t pid, int ms)
{
	for (;; ms--) {
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_PID, (id_t)pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
			return true;
		if (ms <= 0)
			return false;
		nap();
	}
}

static void
forget(struct conform *c, struct inmate *inmate)
{
	*inmate = c->inmates[--c->ninmates];
}

int
inmate_kill(struct conform *c, pid_t pid)
{
	struct inmate *inmate = inmate_find(c, pid);

	if (inmate == NULL)
		return ESRCH;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(c, inmate);
	return 0;
}

int
inmate_reap(struct conform *c, pid_t pid)
{
	struct inmate *inmate = inmate_find(c, pid);

	if (inmate == NULL)
		return ESRCH;
	if (!inmate_is_dead(pid, 60))
		return EBUSY;
	waitpid(pid, NULL, 0);
	forget(c, inmate);
	return 0;
}

static bool
jail_lives(struct conform *c, int jid)
{
	struct iovec iov[] = {
		{ (char[]){ "jid" }, 4 }, { &jid, sizeof jid },
	};

	return c->k->backend->get(c->k, iov, 2, 0) >= 0;
}

void
inmate_await_killed(struct conform *c)
{
	for (size_t i = 0; i < c->ninmates; i++)
		if (c->inmates[i].jid != 0 &&
		    !jail_lives(c, c->inmates[i].jid))
			inmate_is_dead(c->inmates[i].pid, KILLED_MS);
}
