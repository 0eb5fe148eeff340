/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/terminal.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What was written before a program ended arrives a moment later.  A program
 * that was left behind with the terminal may be quiet, or write on for ever.
 */
#define QUIET_MS 200
#define PIECES_MAX 4096

static int
open_pair(struct terminal *t)
{
	const char *name;

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0)
		return -1;
	if (grantpt(t->master) == 0 && unlockpt(t->master) == 0 &&
	    fcntl(t->master, F_SETFL, O_RDWR | O_NONBLOCK) == 0 &&
	    (name = ptsname(t->master)) != NULL)
		t->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return t->slave < 0 ? -1 : 0;
}

/* Waits for what is written, and again after a stop of this process. */
static int
set_attributes(int fd, const struct termios *to)
{
	int rc;

	do
		rc = tcsetattr(fd, TCSADRAIN, to);
	while (rc != 0 && errno == EINTR);
	return rc;
}

/* What is typed is handled by the program's terminal, not by the caller's. */
static int
make_raw(const struct terminal *t)
{
	struct termios raw = t->saved;

	cfmakeraw(&raw);
	return set_attributes(0, &raw);
}

static int
take_over(struct terminal *t)
{
	struct termios raw;

	if (t->typed)
		return tcgetattr(0, &t->saved) != 0 ||
		    set_attributes(t->slave, &t->saved) != 0 ? -1 :
		    make_raw(t);
	if (tcgetattr(t->slave, &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	return set_attributes(t->slave, &raw);
}

int
terminal_open(struct terminal *t, int fd[3])
{
	bool is[3] = { isatty(0) != 0, isatty(1) != 0, isatty(2) != 0 };

	*t = (struct terminal){ .master = -1, .slave = -1 };
	if (!is[0] && !is[1] && !is[2])
		return 0;
	t->output = is[1] ? 1 : is[2] ? 2 : 0;
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

/* The caller's descriptor may be a non-blocking one. */
static void
write_all(int fd, const char *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN)
			(void)poll(&p, 1, -1);
		else if (n < 0 && errno != EINTR)
			return; /* nobody looks any more; the program goes on */
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

int
terminal_pass(const struct terminal *t)
{
	char buf[4096];
	ssize_t n = read(t->master, buf, sizeof buf);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -1;
	write_all(t->output, buf, (size_t)n);
	return 1;
}

void
terminal_resize(const struct terminal *t)
{
	struct winsize size;

	if (t->master >= 0 && ioctl(t->output, TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->master, TIOCSWINSZ, &size);
}

void
terminal_release(const struct terminal *t)
{
	if (t->typed)
		(void)set_attributes(0, &t->saved);
}

void
terminal_resume(const struct terminal *t)
{
	if (t->typed)
		(void)make_raw(t);
	terminal_resize(t);
}

/* Where the system does not tell, nobody minds. */
static bool
minds_stop(pid_t pid)
{
	char path[64], line[256];
	const uint64_t bit = (uint64_t)1 << (SIGTSTP - 1);
	uint64_t set, all = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "SigIgn: %" SCNx64, &set) == 1 ||
		    sscanf(line, "SigCgt: %" SCNx64, &set) == 1)
			all |= set;
	if (f != NULL)
		fclose(f);
	return (all & bit) != 0;
}

bool
terminal_suspends(const struct terminal *t, char c, pid_t pid)
{
	struct termios now;

	return t->master >= 0 && tcgetattr(t->master, &now) == 0 &&
	    (now.c_lflag & ISIG) != 0 && (cc_t)c == now.c_cc[VSUSP] &&
	    now.c_cc[VSUSP] != _POSIX_VDISABLE &&
	    tcgetpgrp(t->master) == pid && !minds_stop(pid);
}

char
terminal_eof(const struct terminal *t)
{
	struct termios now;

	return tcgetattr(t->master, &now) == 0 &&
	    now.c_cc[VEOF] != _POSIX_VDISABLE ? (char)now.c_cc[VEOF] : 4;
}

void
terminal_close(struct terminal *t)
{
	struct pollfd p = { .fd = t->master, .events = POLLIN };

	if (t->slave >= 0)
		close(t->slave);
	for (int i = 0; i < PIECES_MAX && t->master >= 0 &&
	    poll(&p, 1, QUIET_MS) > 0 && terminal_pass(t) >= 0; i++)
		;
	terminal_release(t);
	if (t->master >= 0)
		close(t->master);
	*t = (struct terminal){ .master = -1, .slave = -1 };
}
