/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/terminal.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
open_pair(struct terminal *t)
{
	const char *name;

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0)
		return -1;
	if (grantpt(t->master) == 0 && unlockpt(t->master) == 0 &&
	    (name = ptsname(t->master)) != NULL)
		t->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return t->slave < 0 ? -1 : 0;
}

/* What is typed is handled by the program's terminal, not by the caller's. */
static int
take_over(struct terminal *t)
{
	struct termios raw;

	if (t->typed) {
		if (tcgetattr(0, &t->saved) != 0 ||
		    tcsetattr(t->slave, TCSANOW, &t->saved) != 0)
			return -1;
		raw = t->saved;
		cfmakeraw(&raw);
		return tcsetattr(0, TCSADRAIN, &raw);
	}
	if (tcgetattr(t->slave, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(t->slave, TCSANOW, &raw);
}

int
terminal_open(struct terminal *t, int fd[3])
{
	bool is[3] = { isatty(0) != 0, isatty(1) != 0, isatty(2) != 0 };

	*t = (struct terminal){ .master = -1, .slave = -1 };
	if (!is[0] && !is[1] && !is[2])
		return 0;
	if (open_pair(t) == 0) {
		terminal_resize(t);
		t->typed = is[0];
		if (take_over(t) == 0) {
			for (int i = 0; i < 3; i++)
				if (is[i])
					fd[i] = t->slave;
			return 0;
		}
		t->typed = false;
	}
	terminal_close(t);
	return -1;
}

/* Returns false at the end of what comes from there. */
static bool
pass(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof buf);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t at = 0; at < n;) {
		ssize_t done = write(to, buf + at, (size_t)(n - at));

		if (done < 0 && errno != EINTR)
			return false;
		at += done > 0 ? done : 0;
	}
	return n > 0;
}

/* Where the program's output goes: one of the caller's terminals. */
static int
output(void)
{
	return isatty(1) ? 1 : isatty(2) ? 2 : 0;
}

void
terminal_relay(struct terminal *t, int ms)
{
	struct pollfd p[2] = {
		{ .fd = t->master, .events = POLLIN },
		{ .fd = t->typed ? 0 : -1, .events = POLLIN },
	};

	if (poll(p, 2, ms) <= 0)
		return;
	/* Without a program that has it open it is always ready. */
	if (p[0].revents != 0 && !pass(t->master, output()))
		(void)poll(NULL, 0, ms);
	if (p[1].revents != 0)
		(void)pass(0, t->master);
}

void
terminal_resize(const struct terminal *t)
{
	struct winsize size;

	if (t->master >= 0 && ioctl(output(), TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->master, TIOCSWINSZ, &size);
}

void
terminal_close(struct terminal *t)
{
	struct pollfd p = { .fd = t->master, .events = POLLIN };

	if (t->slave >= 0)
		close(t->slave);
	/*
	 * What was written arrives a moment later.  Bounded: a program that was
	 * left behind may write on.
	 */
	for (int i = 0; i < 256 && t->master >= 0 && poll(&p, 1, 50) > 0 &&
	    pass(t->master, output()); i++)
		;
	if (t->typed)
		(void)tcsetattr(0, TCSADRAIN, &t->saved);
	if (t->master >= 0)
		close(t->master);
	*t = (struct terminal){ .master = -1, .slave = -1 };
}
