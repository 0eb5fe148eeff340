/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

_Noreturn void
fuzz_broken(const char *promise, const char *detail)
{
	fprintf(stderr, "broken: %s: %s\n", promise, detail);
	abort();
}
