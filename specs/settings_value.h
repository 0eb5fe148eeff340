/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of settings as texts: numbers with units, and what texts must be.
 * Private to specs/.
 */
#ifndef JA_SETTINGS_VALUE_H
#define JA_SETTINGS_VALUE_H

#include "settings.h"

/* Times in milliseconds, sizes in bytes, shares in percent; within the range
   of the setting. */
int setting_parse_number(const struct setting *s, const char *text,
    long *value, struct error *err);
/* The shortest text of such a number. */
const char *setting_number_text(enum setting_type type, long value, char *buf,
    size_t size);

/* What a text must be; 0, or -1 with what was expected. */
int setting_reason(const char *text, struct error *err);
int setting_command(const char *text, struct error *err);
int setting_interface(const char *text, struct error *err);
int setting_addresses(const char *text, struct error *err);
int setting_gateways(const char *text, struct error *err);

#endif
