/* SPDX-License-Identifier: BSD-2-Clause */
/* What the spawner's process runs. */
#ifndef JA_LINUX_SERVE_H
#define JA_LINUX_SERVE_H

#include "spawner.h"

/*
 * Becomes the spawner that `start` describes: says by a reply that it is
 * ready, then serves requests until the socket is closed.  Never returns.
 */
_Noreturn void serve(int sock, const struct spawner *start);

#endif
