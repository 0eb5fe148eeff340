/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal of its own for a program in a jail.  With the caller's terminal
 * it could read what is typed there after it was left behind.
 */
#ifndef JA_TERMINAL_H
#define JA_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
	int master;	   /* non-blocking; -1: no descriptor is a terminal */
	int slave;	   /* the program's; to be closed when it has it */
	int output;	   /* which of 0, 1, 2 the program's output goes to */
	bool typed;	   /* descriptor 0 is a terminal, in raw mode now */
	struct termios saved;
};

/*
 * Makes one when a descriptor of the caller is a terminal, and puts it in the
 * places of those in fd[3].  Returns 0, -1/errno.
 */
int terminal_open(struct terminal *t, int fd[3]);

/*
 * Passes on what the program has written.  Returns 1 when there may be more, 0
 * when there is nothing now, -1 when no process has the terminal open.
 */
int terminal_pass(const struct terminal *t);

/* The size of the caller's terminal has changed. */
void terminal_resize(const struct terminal *t);

/*
 * Gives the caller's terminal back as it was, and takes it over again with the
 * size that it then has.
 */
void terminal_release(const struct terminal *t);
void terminal_resume(const struct terminal *t);

/*
 * Whether typing `c' would stop the program `pid' if it could be stopped so.
 * It cannot: nobody in its session would continue it, so the system drops that
 * signal.  False where the program ignores or handles the signal by itself,
 * or has given the terminal to another process group.
 */
bool terminal_suspends(const struct terminal *t, char c, pid_t pid);

/* What ends the input of a program that reads lines. */
char terminal_eof(const struct terminal *t);

/* Passes on what is left, and restores the caller's terminal. */
void terminal_close(struct terminal *t);

#endif
