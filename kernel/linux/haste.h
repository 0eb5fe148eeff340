/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going ahead of ordinary processes while a jail is ended.  It may have a
 * thousand of them that never sleep, each of which gets as much of a processor
 * as we do: a millisecond of ours would take a second.
 *
 * It is real time with the least priority of all, since a nice value counts
 * only within a session where each is a group of its own (autogroup, see
 * sched(7)).  What is started meanwhile has the ordinary priority.  A host that
 * does not allow it is no worse than without.
 */
#ifndef JA_LINUX_HASTE_H
#define JA_LINUX_HASTE_H

#include <sys/types.h>

#include <stdbool.h>

/* Whether the caller has the ordinary priority: another one has a reason. */
bool haste_wanted(void);

/* For a process of ours, or 0: the caller. */
void haste_begin(pid_t pid);
void haste_end(pid_t pid);

/* For a process of ours that was just started: as the caller. */
void haste_pass(pid_t pid);

/*
 * If the caller is in haste, then what it clones is from now on, too, until it
 * begins anew.  For children that start no program: one that were to begin by
 * itself would wait for its first moment as long as anybody.  Whether it is so.
 */
bool haste_share(void);

/* Another's process, with its pidfd, that is about to be killed. */
void haste_lend(pid_t pid, int pidfd);

#endif
