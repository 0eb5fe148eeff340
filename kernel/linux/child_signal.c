/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sending a signal to all processes of a jail: a child inside of the jail's
 * PID namespace reaches them, and nobody else.
 */
#include <signal.h>
#include <stdbool.h>

#include "child.h"
#include "sys.h"

/* Whether this is a live process that is to get signals; ends the search. */
static bool
is_none(void *arg, int proc, const char *name)
{
	struct signal_job *j = arg;
	char text[PIDS_TEXT], *line;

	if (!pids_lives(proc, name, text, sizeof text))
		return true;
	/* The init of a jail below: it is its jail's, not a process of ours. */
	line = strstr(text, "\nNSpid:\t");
	if (line != NULL)
		line += strcspn(line + 1, "\n") + 1;
	j->any = line == NULL || line[-1] != '1' || line[-2] != '\t';
	return !j->any;
}

/*
 * They are asked for one by one until one lives, again and again where each had
 * ended by then and others are there, but get the signal at once:
 * the kernel lets nobody fork meanwhile, so it misses none of those who
 * multiply, and however many there are it takes no time worth mentioning.
 * Inits ignore it (linux_signal).
 */
void
signal_child(void *arg, struct error *err)
{
	struct signal_job *j = arg;
	uint64_t list = 0, before = 1;
	int proc, rc = 0;

	/* The caller itself and number 1 are not meant. */
	if (kill(-1, 0) != 0 && errno == ESRCH)
		return;
	proc = pids_open(err);
	if (proc < 0)
		return;
	for (int i = 0; i < PIDS_ROUNDS && !j->any && list != before &&
	    rc == 0; i++) {
		before = list;
		rc = pids_each(proc, false, is_none, j, &list);
	}
	if (rc != 0)
		error_sys(err, errno, "reading the jail's processes");
	else if (j->any && j->sig != 0 && kill(-1, j->sig) != 0 &&
	    errno != ESRCH)
		error_sys(err, errno, "sending signal %d", j->sig);
}
