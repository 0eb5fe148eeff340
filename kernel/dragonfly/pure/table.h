/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What DragonFly does not keep of a jail: a line for each in a file of the run
 * directory, `jid pid start state name path`, texts with %XX for what would
 * break a line.
 */
#ifndef JA_DRAGONFLY_TABLE_H
#define JA_DRAGONFLY_TABLE_H

#include "jail.h"

#define TABLE_LINE_MAX 4096

/*
 * Writes a line with its newline: jid, holder, holder_start, dying, name, path.
 * Returns its length, -1 when it does not fit.
 */
int table_format(const struct dragonfly_jail *j, char *buf, size_t size);

/* Reads a line without its newline into a zeroed *j.  Returns 0, -1. */
int table_parse(const char *line, struct dragonfly_jail *j);

/*
 * Whether a line of jail.list is the jail of a line of the table: the same jid
 * and path.  Whether it has a holder that lives in it is the caller's to ask.
 */
bool table_matches(const struct dragonfly_jail *known,
    const struct dragonfly_jail *listed);

#endif
