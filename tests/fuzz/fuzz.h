/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each fuzz target defines (libFuzzer's names): a function that is given
 * any bytes and must neither crash, nor leak, nor loop, nor break a promise,
 * for which it calls fuzz_broken.  With libFuzzer (make fuzz) it gets new
 * inputs without end; with replay.c (make tests) those of its corpus.
 */
#ifndef JA_FUZZ_H
#define JA_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says which promise was broken, and aborts. */
_Noreturn void fuzz_broken(const char *promise, const char *detail);

#endif
