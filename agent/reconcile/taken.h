/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and jids that running jails have and keep: what a kernel would not
 * give to another jail is known before that one is touched.
 *
 * Addresses are compared of jails of the host itself, and of those in jails that
 * inherit all of the host's.  For others more rules count (agent/plan/parent.h),
 * and what they have beside each other is left to the kernel.
 */
#ifndef JA_TAKEN_H
#define JA_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/buffer.h"

struct reconciler;
struct managed;

/*
 * Who may have which address and keep it, found by the address's text; made when
 * it is asked for.  Whether a jail has it really is asked each time.
 */
struct taken {
	struct taken_address {
		size_t text; /* in `texts`: as the kernel prints it */
		size_t by;   /* in `texts`: name of the jail */
		bool alone;  /* it has, or shall have, no other of the family */
		bool found;  /* by ip_hostname: its own while it has it */
		size_t next; /* number of the next one at its place; 0 */
	} *address; /* numbers begin with 1 */
	size_t count, room;
	size_t *first; /* of each place: the number of an address, or 0 */
	size_t places;
	struct buffer texts;
	bool known;
	bool placed;	       /* the order of rivals.h is */
	bool met;	       /* it was asked who of several gets one */
	struct managed *keeper; /* who has it, or gets it; NULL: a stranger */
	struct managed *rival; /* who gets it, by the newest answer; or NULL */

	/* While it is made: */
	size_t wanted; /* jails of the reconciler that are in it */
	int jid;       /* the last of the kernel's that is */
	bool seen;     /* all of the kernel's are */
	bool failed;   /* memory is out, or the kernel does not answer */
	bool awaited;  /* by a jail: see taken_prepare */
	unsigned tries; /* how often it was begun since it was known last */
};

/* To be called when specs, or jails of others, may have changed. */
void taken_forget(struct taken *t);

/*
 * Reading all jails takes some microseconds for each.  taken_wait: whether
 * taken_address should not be asked for the jail before taken_prepare has made
 * the table.  That goes on with it until that time (clock_us), and returns whether
 * there is more to do.  What is asked before is made at once.
 */
bool taken_wait(struct reconciler *r, const struct managed *m);
bool taken_prepare(struct reconciler *r, int64_t until);

/*
 * An address that the jail is to have and that another one has and keeps; two
 * jails may share one that is the only one of both.  One that nobody has is for
 * the first, in the order of rivals.h, of those that `gets` says will be made
 * with it.  Writes the address, and why the jail is not to be made with it, to
 * buf.  False: there is none, or it cannot be told.
 */
typedef bool taken_gets_fn(void *arg, struct managed *m);
bool taken_address(struct reconciler *r, const struct managed *m,
    taken_gets_fn *gets, void *arg, char *buf, size_t size);

/* Whether another jail of the host has the address at this moment. */
bool taken_now(struct reconciler *r, const struct managed *m,
    const char *family, const char *text);

/*
 * Whether the jid that the jail is to have belongs to one of which nobody says
 * here what becomes of it, that has it by chance, or that is to have it, too, be it
 * that it comes back with it; of others see claims.h.  Writes that one's name.
 */
bool taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size);

#endif
