/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a node of security.jail.param says about a parameter.  No system calls:
 * this is built, and tested, on every system.
 */
#ifndef JA_FREEBSD_FORMAT_H
#define JA_FREEBSD_FORMAT_H

#include "kernel/params.h"

/* Bits of a node's kind: sysctl(9). */
#define KIND_TYPE 0xfu
#define KIND_INT 2u
#define KIND_STRING 3u
#define KIND_STRUCT 5u
#define KIND_ULONG 8u
#define KIND_READ 0x80000000u
#define KIND_WRITE 0x40000000u
#define KIND_TUNABLE 0x00080000u

#define PARAM_NODE "security.jail.param"

/*
 * Fills in type, access and size for a node's kind, format and value.  The
 * value of a string's node is its greatest length as text, that of a structure
 * its size as size_t; others have none.  Returns 0, -1 when the parameter is of
 * a type that cannot be expressed (a MAC label): it is not offered then.
 */
int format_param(unsigned kind, const char *format, const void *value,
    size_t len, struct jail_param_info *info);

/*
 * The parameter's name in a node's name: without "security.jail.param." and
 * without the dot at the end of a leaf that has an empty name.  Returns 0, -1
 * when it is no parameter or does not fit.
 */
int format_name(const char *node, char *buf, size_t size);

#endif
