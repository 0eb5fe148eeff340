/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "linux.h"
#include "process.h"
#include "sys.h"

/* The place of a pid in the sorted array, or where it belongs. */
static size_t
place_of(const struct inits *s, pid_t pid)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->pid[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
inits_add(struct inits *s, pid_t pid)
{
	size_t at = place_of(s, pid);

	if (at < s->count && s->pid[at] == pid)
		return 0;
	if (s->count == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 16;
		pid_t *more = realloc(s->pid, room * sizeof *more);

		if (more == NULL)
			return -1;
		s->pid = more;
		s->room = room;
	}
	memmove(s->pid + at + 1, s->pid + at,
	    (s->count - at) * sizeof *s->pid);
	s->pid[at] = pid;
	s->count++;
	return 0;
}

bool
inits_reap(struct inits *s, pid_t pid, int pidfd)
{
	size_t at = place_of(s, pid);
	bool gone;

	if (at == s->count || s->pid[at] != pid)
		return false;
	gone = process_reap(pidfd) || errno == ECHILD;
	if (gone) {
		s->count--;
		memmove(s->pid + at, s->pid + at + 1,
		    (s->count - at) * sizeof *s->pid);
	}
	return gone;
}

void
inits_finish(struct inits *s)
{
	free(s->pid);
	s->pid = NULL;
	s->count = s->room = 0;
}
