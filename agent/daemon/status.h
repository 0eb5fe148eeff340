/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Status as JSON (design: "Command line"; the names are stable), read from the
 * kernel at the moment it is asked for.
 */
#ifndef JA_STATUS_H
#define JA_STATUS_H

#include <jansson.h>

#include "agent/read/reader.h"
#include "agent/reconcile/reconcile.h"

/* What the reconciler does not know itself. */
struct status_source {
	struct reconciler *reconciler;
	const struct scan *scan; /* the newest; NULL: none yet, or no agent */
	const char *revision;
	const char *watch;    /* why there are no events, NULL: there are */
	const char *snapshot; /* why the newest one was not written, or NULL */
	const char *problem;  /* what keeps the agent from its work, or NULL */
	const json_t *output; /* names and patterns of jails that tell it */
	bool running;	      /* an agent answers */
	bool below;	      /* it follows directories below its own */
	long pid;
};

/*
 * A new reference, NULL when memory is out.  Jails that differ from what is
 * wanted are looked at by the reconciler, too.
 */
json_t *status_build(const struct status_source *src);

/* One action as plan --json shows it; name, from and to of a change. */
json_t *status_action(const struct action *a);
json_t *status_change(const struct change *c);

/*
 * Names in the kernel, paths and what programs print may be any bytes, of which
 * a JSON library takes only those that are UTF-8: the others are replaced.
 */
json_t *status_text(const char *text);

/* "2026-11-22T10:00:00Z"; buf holds 32 bytes. */
const char *status_time(int64_t seconds, char *buf);

#endif
