/* SPDX-License-Identifier: BSD-2-Clause */
/* A world in front of a host of fault_host.h, and lives that are cut short. */
#ifndef JA_TEST_FAULT_STAGE_H
#define JA_TEST_FAULT_STAGE_H

#include "fault_host.h"

static inline void
stage_make(struct world *w)
{
	host.journal = NULL; /* that of a world before */
	world_make(w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(w);
	assert_int_equal(mkdir(world_path(w, "root/mnt"), 0700), 0);
	/* Something of the host's own beside it. */
	host_put("alias", "em0|198.51.100.7", true);
	host_put("mount", "/elsewhere nullfs", true);
}

/* A program that starts anew on what is there. */
static inline void
stage_again(struct world *w)
{
	world_restart(w);
	host_reset(-1, -1);
	host_behind(w);
}

static inline void
same_host(const char *want, const char *when)
{
	char *got = host_listing();

	if (strcmp(got, want) != 0)
		fail_msg("%s (%s failed): wanted\n%sgot\n%s", when,
		    host.failed != NULL ? host.failed : "nothing", want, got);
	free(got);
}

static inline void
gone(struct world *w, const char *before)
{
	assert_int_equal(kernel_jid(w, "web"), 0);
	assert_int_equal(w->inventory.count, 0);
	same_host(before, "in the end");
}

/*
 * One apply, then another, in a process of its own, killed at a point.  Whether
 * it was.  Each has the time of a test: there are hundreds, and machines that
 * are busy.
 */
static inline bool
killed_at(struct world *w, int n, const char *first, const char *second)
{
	int status;
	pid_t pid;

	cpu_limit();
	world_close(w);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		cpu_limit();
		world_open(w);
		host_reset(-1, n);
		host_behind(w);
		world_apply(w, first);
		world_apply(w, second);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	world_open(w);
	host_reset(-1, -1);
	host_behind(w);
	return WIFSIGNALED(status);
}

#endif
