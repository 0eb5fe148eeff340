/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses on the host's network interfaces: the aliases that jail(8) makes
 * for `interface` and for addresses of the form
 * `interface|address[/prefix][ words]`.
 *
 * Linux is asked by netlink.  The BSDs are asked by their ifconfig(8), which
 * is waited for; it ends at once, and is killed when it does not.
 */
#ifndef JA_IFACE_H
#define JA_IFACE_H

#include <stdbool.h>

#include "error.h"

#define IFACE_NAME_SIZE 64 /* as `interface` in params.def, NUL included */

struct iface_alias {
	char interface[IFACE_NAME_SIZE];
	int family; /* AF_INET, AF_INET6 */
	unsigned char address[16]; /* network order; IPv4: the first 4 */
	int prefix; /* bits */
	const char *words; /* ifconfig(8)'s further words, or "" */
};

/*
 * Takes apart a canonical value of ip4.addr or ip6.addr (address.h).
 * `interface` is the one of an address that names none; NULL or "": it gets no
 * alias.  A prefix that is not given is that of the one address, as in
 * jail(8).  a->words points into `text`.
 * Returns 1: *a is filled in; 0: no alias is wanted; -1 with err.
 */
int iface_parse(int family, const char *text, const char *interface,
    struct iface_alias *a, struct error *err);

/*
 * Whether the interface has the address, with whatever prefix: 1, 0; -1 with
 * err (ENXIO: there is no such interface).
 */
int iface_has(const struct iface_alias *a, struct error *err);

/*
 * Adds the address.  Returns 0; -1 with err, EEXIST when the interface has it
 * already.  IPv6: it can be used at once, as far as the system can leave out
 * the search for duplicates.
 */
int iface_add(const struct iface_alias *a, struct error *err);

/*
 * Takes the address away if it has that prefix, and no other one.  Returns 0,
 * also when the address or the interface is gone; -1 with err.
 */
int iface_remove(const struct iface_alias *a, struct error *err);

/*
 * Calls `each` for the addresses of both families of all interfaces, with
 * empty words, until it returns non-zero, which is then the result; else 0;
 * -1 with err when the system cannot tell.
 */
int iface_list(int (*each)(void *arg, const struct iface_alias *a), void *arg,
    struct error *err);

/*
 * A descriptor, close-on-exec, that is readable when addresses of the host's
 * interfaces may have changed; -1: the system tells nothing.  The caller closes
 * it.
 */
int iface_events(void);
/* Reads it empty; whether an address may be gone. */
bool iface_lost(int events);

#endif
