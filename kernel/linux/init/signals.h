/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals by which the host tells a jail's init whether it persists. */
#ifndef JA_INIT_SIGNALS_H
#define JA_INIT_SIGNALS_H

#define JAIL_INIT_PERSIST 40
#define JAIL_INIT_NOPERSIST 41

#endif
