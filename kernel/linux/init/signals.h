/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals by which the host tells a jail's init when to end. */
#ifndef JA_INIT_SIGNALS_H
#define JA_INIT_SIGNALS_H

#define JAIL_INIT_STAYS 40
#define JAIL_INIT_ENDS 41

#endif
