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

struct thread {
	const char *leader;
	char *text;
	size_t size;
};

/* The first of a process that is not the leader; ends the search. */
static bool
is_leader(void *arg, int task, const char *name)
{
	struct thread *t = arg;

	return strcmp(name, t->leader) == 0 ||
	    pids_read(task, name, "cgroup", t->text, t->size) < 0;
}

/* The groups of a process; -1: it has ended. */
static int
read_groups(int proc, const char *name, const char *status, char *text,
    size_t size)
{
	struct thread t = { name, text, size };
	char path[64];
	uint64_t list;
	int task;

	if (pids_read(proc, name, "cgroup", text, size) < 0)
		return -1;
	/* A thread that has ended is said to be at the top wherever it is. */
	if (strstr(status, "\nState:\tZ") == NULL)
		return 0;
	snprintf(path, sizeof path, "%s/task", name);
	task = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task >= 0)
		(void)pids_each(task, true, is_leader, &t, &list);
	close_fd(&task);
	return 0;
}

static bool
move_one(void *arg, int proc, const char *name)
{
	struct round *r = arg;
	const struct move_job *j = r->job;
	char text[PIDS_TEXT], status[PIDS_TEXT];
	bool lives = pids_lives(proc, name, status, sizeof status);

	if (read_groups(proc, name, status, text, sizeof text) != 0)
		return true;
	for (int i = 0; i < CONTROLS; i++) {
		if (j->procs[i] < 0 ||
		    controls_inside(j->controls, i, text, j->path))
			continue;
		if (write(j->procs[i], name, strlen(name)) < 0) {
			if (errno != ESRCH && lives)
				r->error = errno;
			continue;
		}
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
