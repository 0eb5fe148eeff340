/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that copies the output of hooks to files: see console.h. */
#ifndef JA_COPIER_H
#define JA_COPIER_H

#include <stddef.h>
#include <stdint.h>

#define COPIER_TAIL 512

enum copier_kind {
	/* Comes with descriptors: the pipe, the own file, maybe the log. */
	COPIER_ADD,
	COPIER_TAIL_OF, /* is answered; the stream is not asked for again */
	COPIER_FORGET, /* the same without an answer */
};

struct copier_request {
	enum copier_kind kind;
	uint64_t id;
};

struct copier_reply {
	uint64_t id;
	char tail[COPIER_TAIL]; /* the last bytes, NUL-terminated */
};

#define COPIER_FDS 3

/* Sends a request with its first `count` descriptors.  0, -1/errno. */
int copier_send(int sock, const struct copier_request *r,
    const int fd[COPIER_FDS], size_t count);

/* The copier: serves `sock` until it and all pipes are at their end. */
int copier_main(int sock, void *unused);

#endif
