/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The holder of a jail: a process in it that does nothing, since a jail of
 * DragonFly ends with its last process.
 *
 * Protocol: the holder enters the jail and reports over one pipe; it waits on
 * another one.  Its creator sets what the jail may do, records it, and releases
 * the holder.  A creator that fails, or dies, closes the pipe instead: then the
 * holder ends, and the jail with it.
 */
#ifndef JA_DRAGONFLY_HOLDER_H
#define JA_DRAGONFLY_HOLDER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct holder_report {
	uint32_t magic;
	int32_t pid;  /* of the holder */
	int32_t jid;  /* > 0, or */
	int32_t code; /* the errno value */
};

/*
 * The holder's side: calls `enter`, which returns a jid or -1/errno, reports,
 * and waits.  Returns true when it was released, false when it must end.
 */
bool holder_begin(int report, int release, int (*enter)(void *arg), void *arg);

/*
 * The creator's side: reads the report.  Returns 0, -1/errno: the error that
 * the holder met, or EPROTO when it died or said nonsense.
 */
int holder_receive(int report, struct holder_report *r);

/* Lets the holder go on.  Returns 0, -1/errno (EPIPE: it died). */
int holder_release(int release);

#endif
