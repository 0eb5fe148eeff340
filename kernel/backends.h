/* SPDX-License-Identifier: BSD-2-Clause */
/* The backends' tables, for kernel.c alone; everybody else uses kernel_open. */
#ifndef JA_BACKENDS_H
#define JA_BACKENDS_H

struct jail_backend;

extern const struct jail_backend jail_freebsd;
extern const struct jail_backend jail_dragonfly;
extern const struct jail_backend jail_linux;
extern const struct jail_backend jail_model;
extern const struct jail_backend jail_trace;

#endif
