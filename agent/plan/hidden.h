/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_HIDDEN_H
#define JA_HIDDEN_H

#include "specs/spec.h"

/*
 * Whether a live value of meta or env, of that parameter or key (`env.TOKEN`), may
 * be a secret that the agent gave the jail: the spec that was applied says so, or
 * is lost (NULL), so that nobody can tell.  It is shown to nobody then.
 */
bool hidden_live(const struct spec *applied, const char *name);

#endif
