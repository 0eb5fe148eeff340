/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal of its own for a program in a jail.  With the caller's terminal
 * it could read what is typed there after it was left behind.
 */
#ifndef JA_TERMINAL_H
#define JA_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

struct terminal {
	int master;	   /* -1: none of the descriptors is a terminal */
	int slave;	   /* the program's; to be closed when it has it */
	bool typed;	   /* descriptor 0 is a terminal, in raw mode now */
	struct termios saved;
};

/*
 * Makes one when a descriptor of the caller is a terminal, and puts it in the
 * places of those in fd[3].  Returns 0, -1/errno.
 */
int terminal_open(struct terminal *t, int fd[3]);
/* Waits at most `ms` for something to pass on, and passes it on. */
void terminal_relay(struct terminal *t, int ms);
/* The size of the caller's terminal has changed. */
void terminal_resize(const struct terminal *t);
/* Passes on what is left, and restores the caller's terminal. */
void terminal_close(struct terminal *t);

#endif
