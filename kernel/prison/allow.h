/* SPDX-License-Identifier: BSD-2-Clause */
/* The allow.* parameters as bits of a record. */
#ifndef JA_PRISON_ALLOW_H
#define JA_PRISON_ALLOW_H

#include <stdint.h>

/* The bit of a parameter by its name, 0 when it is none of allow.*. */
uint64_t allow_bit(const char *name);
/* All bits that the host has. */
uint64_t allow_of_host(int generation);
/* Bits that a new jail has when its parent has them. */
uint64_t allow_default(void);
/* Bits that may be given to a jail although its parent lacks them. */
uint64_t allow_free(void);

#endif
