/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_UNPACK_H
#define JA_UNPACK_H

#include <stddef.h>

/*
 * Unpacks the zlib stream (RFC 1950) that `in` begins with, at most `max` bytes
 * of it; *out is to be freed.  Returns 0, -1 when it is damaged, cut off or
 * larger, or memory is out.
 */
int unpack_zlib(const unsigned char *in, size_t len, size_t max,
    unsigned char **out, size_t *out_len);

#endif
