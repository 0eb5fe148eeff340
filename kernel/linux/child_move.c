/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving the processes of a jail into its cgroups, when it gets limits.  What a
 * process that was moved makes is there, too; so after a round that finds
 * nobody outside nobody is.
 */
#include <stdbool.h>
#include <stdio.h>

#include "child.h"
#include "sys.h"

#define ROUNDS 64

struct round {
	const struct move_job *job;
	int error;
};

/* Returns 1 when it was somewhere else, and may have made others meanwhile. */
static int
move_one(void *arg, int proc, const char *name, pid_t pid)
{
	struct round *r = arg;
	const struct move_job *j = r->job;
	char text[16384], status[1024];
	bool lives = pids_lives(proc, name, status, sizeof status);
	int moved = 0;

	(void)pid;
	if (pids_read(proc, name, "cgroup", text, sizeof text) < 0)
		return 0; /* it has ended */
	for (int i = 0; i < CONTROLS; i++) {
		if (j->procs[i] < 0 ||
		    controls_inside(j->controls, i, text, j->path))
			continue;
		if (write(j->procs[i], name, strlen(name)) < 0) {
			if (errno != ESRCH && lives)
				r->error = errno;
			continue;
		}
		/* A zombie is said to be at the top wherever it is. */
		moved |= lives;
	}
	return moved;
}

void
move_child(void *arg, struct error *err)
{
	struct round r = { arg, 0 };
	int proc = pids_open(err), n = 1;

	if (proc < 0)
		return;
	for (int i = 0; i < ROUNDS && n > 0; i++)
		n = pids_each(proc, true, move_one, &r);
	if (n < 0 || r.error != 0)
		error_sys(err, n < 0 ? errno : r.error,
		    "moving the jail's processes into its cgroup");
	else if (n > 0)
		error_set(err, EAGAIN, "the jail's processes multiply faster "
		    "than they can be moved into its cgroup; restart the jail");
}
