/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What running jails have and keep: what a kernel would not give to another jail
 * is known before that one is touched.
 */
#ifndef JA_TAKEN_H
#define JA_TAKEN_H

#include <stdbool.h>
#include <stddef.h>

struct reconciler;
struct managed;

/*
 * Whether the jid that the jail is to have belongs to one of which nobody says
 * here what becomes of it; of others see claims.h.  Writes that one's name.
 */
bool taken_jid(struct reconciler *r, const struct managed *m, char *by,
    size_t size);

#endif
