/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of jails: `[interface|]address[/prefix][ extra words]`, as jail(8)
 * takes them.  The kernel sees the address alone; interface, prefix and words
 * are for the alias that is made on the host.  Used by value.c.
 */
#ifndef JA_ADDRESS_H
#define JA_ADDRESS_H

#include <sys/socket.h>

#include "value.h"

#define ADDRESS_MAX 255 /* security.jail.jail_max_af_ips */

/*
 * Checks one address text of a family and writes it canonically: the address
 * as inet_ntop(3) does, a netmask as a prefix length, single blanks.
 */
int address_canonical(int family, const char *text, char *buf, size_t size,
    struct error *err);

/* Checks canonical texts together: their number, duplicates. */
int address_check_list(const struct text_list *texts, size_t *which,
    struct error *err);

/* As value_import and value_export. */
int address_import(int family, const struct text_list *texts, void **data,
    size_t *len, struct error *err);
int address_export(int family, const void *data, size_t len,
    struct text_list *texts, struct error *err);

/*
 * Whether two lists restrict a jail to the same addresses: the first one
 * (used for connections that leave) and the others in any order.
 */
bool address_same(const struct text_list *a, const struct text_list *b);

#endif
