/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending a signal to all processes of a jail: a child inside of the jail's
 * PID namespace sees them, and nobody else, in a procfs of its own.
 */
#include <signal.h>
#include <stdbool.h>

#include "child.h"
#include "sys.h"

/* SIGKILL is sent again while there are processes: some may just fork. */
#define KILL_ROUNDS 8

/* Whether this is a live process that is to get signals. */
static bool
counts(int proc, const char *name)
{
	char text[1024], *line;

	if (!pids_lives(proc, name, text, sizeof text))
		return false;
	/* The init of a jail below: it is its jail's, not a process of ours. */
	line = strstr(text, "\nNSpid:\t");
	if (line == NULL)
		return true;
	line += strcspn(line + 1, "\n") + 1;
	return line[-1] != '1' || line[-2] != '\t';
}

static int
signal_one(void *arg, int proc, const char *name, pid_t pid)
{
	const struct signal_job *j = arg;

	return counts(proc, name) && (j->sig == 0 || kill(pid, j->sig) == 0);
}

void
signal_child(void *arg, struct error *err)
{
	struct signal_job *j = arg;
	int proc = pids_open(err), n, rounds = j->sig == SIGKILL ?
	    KILL_ROUNDS : 1;

	if (proc < 0)
		return;
	do {
		n = pids_each(proc, false, signal_one, j);
		if (n < 0) {
			error_sys(err, errno, "reading the jail's processes");
			return;
		}
		if (n > j->count)
			j->count = n;
	} while (--rounds > 0 && n > 0);
}
