/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between the opener of the kernel and its spawner: datagrams with
 * descriptors, over a SOCK_SEQPACKET pair.
 */
#ifndef JA_LINUX_MESSAGE_H
#define JA_LINUX_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MESSAGE_MAX (256 * 1024) /* bytes; bounds arguments + environment */
#define MESSAGE_FDS 8

/* Sends one message.  Returns 0, -1/errno. */
int message_send(int sock, const void *data, size_t len, const int *fds,
    size_t nfds);

/*
 * Receives one message of at most `size` bytes; the descriptors that came
 * with it are close-on-exec and the caller's.  fds has room for MESSAGE_FDS;
 * unused places are -1.  Returns its length, 0 when the other end is closed,
 * -1/errno (EMSGSIZE: it was longer, and nothing is kept).
 */
ssize_t message_receive(int sock, void *data, size_t size,
    int fds[MESSAGE_FDS]);

#endif
