/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of helper processes. */
#include "agent/base/channel.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "kernel/compat.h"

/* The lowest kept descriptor that is at least `from`; INT_MAX if none. */
static int
next_kept(int from, int fd, const int *keep)
{
	int best = INT_MAX;

	if (fd >= from)
		best = fd;
	for (; keep != NULL && *keep != -1; keep++)
		if (*keep >= from && *keep < best)
			best = *keep;
	return best;
}

static void
close_others(int fd, const int *keep)
{
	int from = 3, kept;

	while ((kept = next_kept(from, fd, keep)) != INT_MAX) {
		compat_close_range(from, kept - 1);
		from = kept + 1;
	}
	compat_close_range(from, INT_MAX);
}

/*
 * Handlers of the agent write to its event loop's descriptors, so none may run
 * here.  A terminal's signals go to the whole group: the agent decides, and
 * the helper learns of it by the end of its channel.
 */
static void
reset_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	size_t i;
	int sig;

	sigemptyset(&sa.sa_mask);
	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)sigaction(ignored[i], &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int
helper_start(const char *title, int (*body)(int fd, void *arg), void *arg,
    const int *keep, pid_t *pid, struct error *err)
{
	sigset_t all, old;
	int end[2], code;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end) == -1)
		return error_sys(err, errno,
		    "cannot make a socket pair for the %s", title);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	*pid = fork();
	if (*pid == 0) {
		reset_signals();
		close_others(end[1], keep);
		compat_process_title(title);
		_exit(body(end[1], arg));
	}
	code = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	close(end[1]);
	if (*pid == -1) {
		close(end[0]);
		return error_sys(err, code, "cannot start the %s process",
		    title);
	}
	return end[0];
}
