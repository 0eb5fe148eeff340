/* SPDX-License-Identifier: BSD-2-Clause */
/* Actions for people: what plan shows, and snapshot diff. */
#ifndef JA_ACTION_PRINT_H
#define JA_ACTION_PRINT_H

#include "agent/command/command.h"
#include "agent/plan/plan.h"

/* A line, and one for each parameter. */
void action_print(const struct context *ctx, const struct action *a);
/* "NAME: FROM -> TO", without the end of the line. */
void change_print(const struct change *c);

#endif
