/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "linux.h"
#include "sys.h"

enum fate { RUNS, WAITS, REAPED };

static enum fate
fate_of(pid_t pid)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT |
	    __WALL) != 0)
		return REAPED;
	return info.si_pid == pid ? WAITS : RUNS;
}

bool
spawned_wait(struct spawned *s)
{
	size_t kept = 0;
	bool wait = false;

	for (size_t i = 0; i < s->count; i++) {
		enum fate fate = fate_of(s->pid[i]);

		wait |= fate == WAITS;
		if (fate != REAPED)
			s->pid[kept++] = s->pid[i];
	}
	s->count = kept;
	return wait;
}

void
spawned_add(struct spawned *s, pid_t pid)
{
	if (s->count == s->room)
		spawned_wait(s); /* forgets those that were reaped */
	if (s->count * 2 >= s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 16;
		pid_t *more = realloc(s->pid, room * sizeof *more);

		if (more != NULL) {
			s->pid = more;
			s->room = room;
		}
	}
	if (s->count < s->room)
		s->pid[s->count++] = pid;
}

void
spawned_finish(struct spawned *s)
{
	free(s->pid);
	s->pid = NULL;
	s->count = s->room = 0;
}
