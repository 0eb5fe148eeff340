/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving the processes of a jail into its cgroups, when it gets limits.  What a
 * process that was moved makes is there, too; so after a round that finds
 * nobody outside and nobody new nobody is.
 */
#include <stdbool.h>
#include <stdio.h>

#include "child.h"
#include "sys.h"

struct round {
	const struct move_job *job;
	bool moved; /* somebody, who may have made others meanwhile */
	int error;
};

static bool
move_one(void *arg, int proc, const char *name)
{
	struct round *r = arg;
	const struct move_job *j = r->job;
	char text[PIDS_TEXT], status[PIDS_TEXT];
	bool lives = pids_lives(proc, name, status, sizeof status);

	if (pids_read(proc, name, "cgroup", text, sizeof text) < 0)
		return true; /* it has ended */
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
		r->moved |= lives;
	}
	return true;
}

void
move_child(void *arg, struct error *err)
{
	struct round r = { .job = arg };
	uint64_t list = 0, before = 1;
	int proc = pids_open(err), rc = 0;

	if (proc < 0)
		return;
	for (int i = 0; i < PIDS_ROUNDS && (r.moved || list != before) &&
	    rc == 0; i++) {
		r.moved = false;
		before = list;
		rc = pids_each(proc, true, move_one, &r, &list);
	}
	if (rc != 0 || r.error != 0)
		error_sys(err, rc != 0 ? errno : r.error,
		    "moving the jail's processes into its cgroup");
	else if (r.moved)
		error_set(err, EAGAIN, "the jail's processes multiply faster "
		    "than they can be moved into its cgroup; restart the jail");
}
