/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal with somebody at it, for tests: runs a command as a shell runs
 * its jobs, and shows all that it wrote.
 *
 *	typed [STEP...] -- COMMAND...
 *
 * Each STEP has 20 seconds:
 *
 *	see=TEXT	waits for TEXT in what was written since the last one
 *	type=TEXT	types it
 *	size=ROWS,COLS	changes the size of the terminal
 *	signal=N	to the command alone
 *	mode=raw|cooked	waits for the terminal to be so
 *	stopped		waits for the command to be stopped
 *
 * Then it waits until the command has ended and nobody has the terminal open.
 * Exit status: the command's, 128 + N for signal N, 99 when a step fails.
 */
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define STEP_S 20

struct desk {
	int master;
	int news;    /* wait statuses of the command; its pid first */
	int leave;   /* closed: its leader may end */
	pid_t command;
	char *text;  /* what the command wrote */
	size_t len, seen;
	int status;  /* its last one, -1: it runs */
	int closed;  /* nobody has the terminal open */
};

static void
give_up(const struct desk *d, const char *step)
{
	fwrite(d->text, 1, d->len, stdout);
	fprintf(stderr, "typed: waited in vain: %s\n", step);
	kill(d->command, SIGKILL);
	exit(99);
}

/* Who leads the terminal's processes is the command's parent, as a shell is. */
static void
lead(const char *name, int news, int leave, char **argv)
{
	int status, tty;
	pid_t pid, got;
	char end;

	setsid();
	signal(SIGHUP, SIG_IGN);
	tty = open(name, O_RDWR);
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) != 0)
		_exit(99);
	signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(tty, getpid());
		signal(SIGTTOU, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		for (int i = 0; i < 3; i++)
			dup2(tty, i);
		close(tty);
		execvp(argv[0], argv);
		_exit(127);
	}
	for (int i = 0; i < 3; i++)
		close(i);
	close(tty);
	if (write(news, &pid, sizeof pid) != sizeof pid)
		_exit(99);
	while ((got = waitpid(pid, &status, WUNTRACED)) == pid ||
	    errno == EINTR) {
		if (got == pid &&
		    write(news, &status, sizeof status) != sizeof status)
			_exit(99);
		if (got == pid && !WIFSTOPPED(status))
			break;
	}
	/* The end of a session hangs its terminal up, with what is in it. */
	while (read(leave, &end, 1) > 0)
		;
	_exit(0);
}

static int
begin(struct desk *d, char **argv)
{
	int news[2], leave[2];
	char *name;

	d->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (d->master < 0 || grantpt(d->master) != 0 ||
	    unlockpt(d->master) != 0 || (name = ptsname(d->master)) == NULL ||
	    pipe2(news, O_CLOEXEC) != 0 || pipe2(leave, O_CLOEXEC) != 0)
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		close(leave[1]);
		lead(name, news[1], leave[0], argv);
	}
	close(news[1]);
	close(leave[0]);
	d->news = news[0];
	d->leave = leave[1];
	d->status = -1;
	return read(d->news, &d->command, sizeof d->command) ==
	    sizeof d->command ? 0 : -1;
}

static void
take_text(struct desk *d)
{
	char buf[65536];
	ssize_t n = read(d->master, buf, sizeof buf);

	if (n <= 0) {
		d->closed = n == 0 || errno == EIO;
		return;
	}
	d->text = realloc(d->text, d->len + (size_t)n + 1);
	if (d->text == NULL)
		abort();
	memcpy(d->text + d->len, buf, (size_t)n);
	d->len += (size_t)n;
	d->text[d->len] = '\0';
}

static void
look(struct desk *d)
{
	struct pollfd p[2] = {
		{ .fd = d->closed ? -1 : d->master, .events = POLLIN },
		{ .fd = d->news, .events = POLLIN },
	};
	int status;

	if (poll(p, 2, 10) <= 0)
		return;
	if ((p[1].revents & POLLIN) != 0 &&
	    read(d->news, &status, sizeof status) == sizeof status)
		d->status = status;
	if (p[0].revents != 0)
		take_text(d);
	if (d->status == -1 || WIFSTOPPED(d->status))
		d->closed = 0; /* it was not open yet */
}

static int
is_raw(const struct desk *d)
{
	struct termios now;

	return tcgetattr(d->master, &now) == 0 && (now.c_lflag & ICANON) == 0;
}

static int
fulfilled(struct desk *d, const char *step)
{
	const char *found;

	if (strcmp(step, "stopped") == 0)
		return d->status != -1 && WIFSTOPPED(d->status);
	if (strcmp(step, "mode=raw") == 0)
		return is_raw(d);
	if (strcmp(step, "mode=cooked") == 0)
		return !is_raw(d);
	if (strcmp(step, "ended") == 0)
		return d->closed && d->status != -1 &&
		    !WIFSTOPPED(d->status);
	found = d->text == NULL ? NULL : strstr(d->text + d->seen, step + 4);
	if (found == NULL)
		return 0;
	d->seen = (size_t)(found - d->text) + strlen(step + 4);
	return 1;
}

static void
wait_for(struct desk *d, const char *step)
{
	time_t end = time(NULL) + STEP_S;

	while (!fulfilled(d, step)) {
		if (time(NULL) > end)
			give_up(d, step);
		look(d);
	}
}

static void
take_step(struct desk *d, const char *step)
{
	struct winsize size = { 0 };
	const char *value = strchr(step, '=');
	size_t len = value == NULL ? 0 : strlen(value + 1);

	if (strncmp(step, "type=", 5) == 0) {
		if (write(d->master, value + 1, len) != (ssize_t)len)
			give_up(d, step);
	} else if (sscanf(step, "size=%hu,%hu", &size.ws_row,
	    &size.ws_col) == 2) {
		if (ioctl(d->master, TIOCSWINSZ, &size) != 0)
			give_up(d, step);
	} else if (strncmp(step, "signal=", 7) == 0) {
		d->status = -1;
		kill(-d->command, atoi(value + 1));
	} else
		wait_for(d, step);
}

int
main(int argc, char **argv)
{
	struct desk d = { 0 };
	int at = 1;

	while (at < argc && strcmp(argv[at], "--") != 0)
		at++;
	if (at + 1 >= argc) {
		fprintf(stderr, "usage: typed [STEP...] -- COMMAND...\n");
		return 64;
	}
	if (begin(&d, argv + at + 1) != 0) {
		perror("typed: a terminal");
		return 77;
	}
	for (int i = 1; i < at; i++)
		take_step(&d, argv[i]);
	wait_for(&d, "ended");
	if (d.len > 0)
		fwrite(d.text, 1, d.len, stdout);
	free(d.text);
	return WIFEXITED(d.status) ? WEXITSTATUS(d.status) :
	    128 + WTERMSIG(d.status);
}
