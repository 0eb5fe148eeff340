/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.list of DragonFly: lines `jid hostname path [address ...]`, the newest
 * jail first, without a NUL at the end.
 *
 * A host name may hold anything, blanks, slashes and newlines included, and may
 * be changed from inside of a jail.  So a line proves nothing: a jid that is
 * told twice, what follows a broken line, and the last line of a text that was
 * cut are marked doubtful.  Who a jail is, is told by its holder.
 */
#ifndef JA_DRAGONFLY_LIST_H
#define JA_DRAGONFLY_LIST_H

#include "jail.h"

/*
 * Fills in at most `room` jails, in the order of the text: jid, hostname, path,
 * addresses, doubtful.  `cut`: the text did not fit into its buffer.  Returns
 * how many there are, which may exceed `room`.
 */
size_t list_parse(const char *text, size_t len, bool cut,
    struct dragonfly_jail *jails, size_t room);

#endif
