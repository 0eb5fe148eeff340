/* SPDX-License-Identifier: BSD-2-Clause */
/* Last good texts beyond the life of the agent (kept.h), as the reader sees them. */
#ifndef JA_SCAN_KEPT_H
#define JA_SCAN_KEPT_H

#include "agent/read/scan.h"

/* Before each scan: what is marked as outdated by now.  -1: memory is out. */
int kept_look(struct reader *r);
/*
 * The text that was kept of a file becomes its last good one;
 * what is wrong with it is a warning.
 */
void kept_recall(const struct reader *r, struct file *f,
    struct spec_errors *errors);
/*
 * The same for defaults alone, which jails of other files have to do with, where
 * nothing is known to be good yet.
 */
void kept_recall_defaults(const struct reader *r, struct file *f,
    struct spec_errors *errors);
/*
 * Makes files of what is kept of those that are not among `names` any more:
 * defaults, which vanished while no agent ran, and what was in directories that
 * cannot be taken at their word.  Returns 0, -1 when memory is out.
 */
int kept_vanished(const struct reader *r, const struct text_list *names,
    const struct places *places, struct files *files);
/* Whether the set had a MANIFEST when another agent met it. */
void kept_list_recall(struct reader *r);
/*
 * Calls `send` for what has to be forgotten before this scan's answer is used,
 * texts that are not the last good ones any more, and for what takes their place.
 * If that is never written, nothing is recalled rather than what was before; an
 * agent that is killed while it uses the answer has told its signer by then.
 */
typedef int kept_send_fn(void *arg, unsigned type, const void *data,
    size_t len);
int kept_outdate(struct reader *r, kept_send_fn *send, void *arg);
/* The same for all else that is to be kept or forgotten since the last call. */
int kept_tell(struct reader *r, kept_send_fn *send, void *arg);
/*
 * What was told before may not be kept, since a signer ended or could not: looks
 * at some files, and tells of those again of which it is not, until none is left.
 * kept_doubt begins with all files; -1: memory is out.
 */
int kept_doubt(struct reader *r);
int kept_again(struct reader *r, kept_send_fn *send, void *arg, size_t *left);
/*
 * places_kept.c: what is kept of directories becomes r->places, and is kept,
 * under a path (to be freed) that is no spec file's.
 */
void kept_places_recall(struct reader *r);
int kept_places_tell(struct reader *r, kept_send_fn *send, void *arg);
char *kept_places_path(const struct reader *r);
/* Until when kept_tell has something to wait for; 0: it has not. */
unsigned kept_due_ms(const struct reader *r);

#endif
