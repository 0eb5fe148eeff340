/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the caller of `exec' and the program: signals, what is typed, and
 * what is shown, until the program has ended.
 */
#ifndef JA_RELAY_H
#define JA_RELAY_H

#include "agent/command/terminal.h"
#include "kernel/error.h"

struct relay;

/*
 * To be made before the program is started: from here on no signal is lost.
 * The terminal stays the caller's.  NULL with err.
 */
struct relay *relay_new(struct terminal *t, struct error *err);

/*
 * Waits for the program, whose process group is its own.  Returns its exit
 * status, or 128 + N for signal N.
 */
int relay_run(struct relay *r, pid_t pid);
void relay_free(struct relay *r);

#endif
