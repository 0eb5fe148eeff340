/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between the agent and its helper processes, and between the agent
 * and a command: a header with length, type and number, then bytes.  A message
 * longer than CHANNEL_MAX, or one cut short, ends the channel.
 */
#ifndef JA_CHANNEL_H
#define JA_CHANNEL_H

#include <sys/types.h>

#include <stdint.h>

#include "kernel/error.h"

#define CHANNEL_MAX (256u * 1024 * 1024)

struct message {
	uint32_t type;
	uint64_t number; /* a reply carries its request's */
	unsigned char *data; /* never NULL; a NUL follows the bytes */
	size_t len;
};

/* Blocking side, for helpers and commands.  channel_write: -1/errno. */
int channel_write(int fd, uint32_t type, uint64_t number, const void *data,
    size_t len);
/* Returns 1 with *m filled in (free m->data), 0 at the end, -1 on error. */
int channel_read(int fd, struct message *m, struct error *err);

/* Event side, for the agent: never blocks, queues what does not fit. */
struct event_base;
struct channel;
typedef void channel_message_fn(void *arg, struct channel *c,
    const struct message *m);
typedef void channel_closed_fn(void *arg, struct channel *c);

/*
 * Takes over fd (made non-blocking).  Returns NULL when memory is out; fd is
 * closed then.  A message belongs to the channel, for the time of the call.
 * on_closed is called once, from the loop, when the other end is gone.
 */
struct channel *channel_new(struct event_base *base, int fd,
    channel_message_fn *on_message, channel_closed_fn *on_closed, void *arg);
/*
 * Sends or queues.  -1/errno: EMSGSIZE, ENOBUFS when the other end leaves more
 * than CHANNEL_MAX bytes unread, EPIPE and others when it is gone; of these
 * on_closed tells, too, unless it has.
 */
int channel_send(struct channel *c, uint32_t type, uint64_t number,
    const void *data, size_t len);
/*
 * The channel alone, without the loop: waits for up to `ms` milliseconds until
 * it can go on, and does, with its callbacks.  Not to be called from these.
 */
void channel_serve(struct channel *c, int64_t ms);
/* Closes.  May be called from the callbacks; NULL is nothing. */
void channel_free(struct channel *c);

/*
 * Starts a helper process that runs `body` with its end of a socket pair and
 * exits with what it returns.  The helper keeps no other descriptor than
 * 0, 1, 2 and those in keep[] (ended by -1; may be NULL), ends when the agent
 * does, ignores SIGINT and SIGTERM, and is called "jailagent: TITLE" in ps(1)
 * where the system allows it.  Returns the agent's end; *pid is the helper.
 */
int helper_start(const char *title, int (*body)(int fd, void *arg), void *arg,
    const int *keep, pid_t *pid, struct error *err);

#endif
