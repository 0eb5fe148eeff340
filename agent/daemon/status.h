/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Status as JSON (design: "Command line"; the names are stable), read from the
 * kernel at the moment it is asked for.
 */
#ifndef JA_STATUS_H
#define JA_STATUS_H

#include <jansson.h>

#include "agent/base/buffer.h"
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

/* How far a status has been written.  Begins as all zeros. */
struct status_part {
	unsigned part;
	char jail[JAIL_NAME_MAX]; /* the last that is in it; "": none yet */
	int jid;		  /* the last of the kernel's, likewise */
	char *file;		  /* the last file */
	size_t jails, others, files;
	size_t summary[STATE_COUNT];
};

/*
 * Writes more of it behind `out`, until that time (clock_us) and something at
 * least.  What is written between the first call and the one that returns false,
 * which is the last, is one JSON object.  Each jail is told as it is then.  Jails
 * that differ from what is wanted are looked at by the reconciler, too.
 */
bool status_write(struct status_part *p, const struct status_source *src,
    int64_t until, struct buffer *out);

/* With the names in the order in which people read them; takes `o` over. */
json_t *status_ordered(json_t *o);

/* All of it at once: a new reference, NULL when memory is out. */
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
