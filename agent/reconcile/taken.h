/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and jids that running jails have and keep: what a kernel would not
 * give to another jail is known before that one is touched.
 *
 * Addresses are compared of jails of the host itself only: for those in other
 * jails more rules count, which are left to the kernel.
 */
#ifndef JA_TAKEN_H
#define JA_TAKEN_H

#include <stdbool.h>
#include <stddef.h>

struct reconciler;
struct managed;

/*
 * Who may have which address and keep it; made when it is asked for, sorted by
 * text.  Whether a jail has it really is asked each time.
 */
struct taken {
	struct taken_address {
		char *text; /* as the kernel prints it */
		char *by;   /* name of the jail */
		bool alone; /* it has, or shall have, no other of the family */
	} *address;
	size_t count;
	bool known;
};

/* To be called when specs, or jails of others, may have changed. */
void taken_forget(struct taken *t);

/*
 * An address that the jail is to have and that another one has and keeps; two
 * jails may share one that is the only one of both.  One that nobody has is for
 * the first, by name, of those that `gets` says will be made with it.  Writes
 * the address, and why the jail is not to be made with it, to buf.  False: there
 * is none, or it cannot be told.
 */
typedef bool taken_gets_fn(void *arg, struct managed *m);
bool taken_address(struct reconciler *r, const struct managed *m,
    taken_gets_fn *gets, void *arg, char *buf, size_t size);

/* Whether another jail of the host has the address at this moment. */
bool taken_now(struct reconciler *r, const struct managed *m,
    const char *family, const char *text);

/*
 * Whether the jid that the jail is to have belongs to one of which nobody says
 * here what becomes of it, or that has it by chance; of others see claims.h.
 * Writes that one's name.
 */
bool taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size);

#endif
