/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_RULES_META_H
#define JA_RULES_META_H

#include "agent/plan/plan.h"

/*
 * As rules_refuse, for meta and env: whether their texts fit into what this
 * kernel has for them.
 */
const char *refuse_meta(const struct spec *s, const struct jail_params *params,
    char *buf, size_t size);

#endif
