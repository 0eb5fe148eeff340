/* SPDX-License-Identifier: BSD-2-Clause */
/* What was done, in the words of jail(8). */
#ifndef JA_MESSAGE_H
#define JA_MESSAGE_H

#include "agent/reconcile/operation.h"

/*
 * "web: created", "web: exec.start: ...: exit status 1".  `full` adds jid,
 * reason and the time that it took.  Returns buf.
 */
const char *message_of(const struct action *a, const struct outcome *o,
    bool full, char *buf, size_t size);

#endif
