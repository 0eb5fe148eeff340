/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2)'s parameters, read into what DragonFly can do. */
#ifndef JA_DRAGONFLY_REQUEST_H
#define JA_DRAGONFLY_REQUEST_H

#include "jail.h"

enum {
	GIVEN_JID = 0x1,
	GIVEN_NAME = 0x2,
	GIVEN_PATH = 0x4,
	GIVEN_HOSTNAME = 0x8,
	GIVEN_IP4 = 0x10,
	GIVEN_IP6 = 0x20,
	GIVEN_PERSIST = 0x40,
};

struct dragonfly_request {
	struct dragonfly_jail jail;
	unsigned given;	       /* GIVEN_* */
	unsigned capabilities; /* those that are told, as in struct jail */
};

/*
 * Reads the list for JAIL_CREATE or JAIL_UPDATE (one of them alone).  Returns
 * 0, or -1/errno with the text in the list's errmsg, as jail_set(2).
 */
int request_read(struct iovec *iov, unsigned niov, int flags,
    struct dragonfly_request *r);

/* Puts a text into the list's errmsg, sets errno; always returns -1. */
int request_fail(struct iovec *iov, unsigned niov, int code, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/*
 * What stands against updating `jail`: path, host name and addresses are fixed
 * when a jail of DragonFly is made.  The name of the parameter, or NULL.
 */
const char *request_fixed(const struct dragonfly_request *r,
    const struct dragonfly_jail *jail);

#endif
