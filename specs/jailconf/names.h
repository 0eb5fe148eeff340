/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of parameters and of jails as jail(8) compares them.  Private to
   specs/jailconf/. */
#ifndef JA_CONF_NAMES_H
#define JA_CONF_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether two names mean one parameter: equal, or one of them has a "no" in
 * front of the whole or of one component.
 */
bool conf_same_param(const char *a, const char *b);

/* Equal for names that mean one parameter. */
size_t conf_param_hash(const char *name);

/* Whether the name is one of those that jail(8) itself knows: a variable
   cannot have it. */
bool conf_is_special(const char *name);

#endif
